"""Waiting for results, whichever backend, loop or thread brings them to an end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from .current import current_history
from .entry import Entry
from .history import TaskHistory

#: A blocked main thread sees KeyboardInterrupt between slices of this many seconds.
SLICE = 0.1


async def wait(*results: Any, timeout: float | None = None) -> list[Any]:  # noqa: ASYNC109 # the name that users of asyncio.wait know
    """Wait until all these results are finished, and return them.

    The results may come from any backend, loop or thread. Failed ones are
    returned like the others. Raises TimeoutError after `timeout` seconds; the
    tasks run on.
    """
    history = current_history()
    loop = asyncio.get_running_loop()
    finished = loop.create_future()

    def notify() -> None:
        # A closed loop: nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, finished)

    waiter = _Waiter(_entries(history, results), notify)
    waiting = _waiting_on(history)
    waiting.add(history, waiter)
    try:
        if waiter.pending:
            await asyncio.wait([finished], timeout=timeout)
            if waiter.pending:
                raise _timeout_error(waiter, timeout)
    finally:
        waiting.discard(history, waiter)
    return [entry.result for entry in waiter.entries]


def wait_blocking(
    history: TaskHistory, results: Iterable[Any], timeout: float | None = None
) -> list[Any]:
    """Block this thread until all these results are finished, and return them.

    Never call it on the thread of the loop that runs one of them. Raises
    TimeoutError after `timeout` seconds; KeyboardInterrupt gets through.
    """
    finished = threading.Event()
    waiter = _Waiter(_entries(history, results), finished.set)
    waiting = _waiting_on(history)
    waiting.add(history, waiter)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        while waiter.pending:
            left = SLICE if deadline is None else min(SLICE, deadline - time.monotonic())
            if left <= 0:
                raise _timeout_error(waiter, timeout)
            finished.wait(left)
    finally:
        waiting.discard(history, waiter)
    return [entry.result for entry in waiter.entries]


class _Waiter:
    """One call that waits: the entries it is about, and how to tell it that all have finished."""

    __slots__ = ("entries", "notify", "pending")

    def __init__(self, entries: list[Entry], notify: Callable[[], None]) -> None:
        self.entries = entries
        self.notify = notify
        self.pending = {entry.key for entry in entries}


class _Waiting:
    """Everyone who waits on one history; its observer while there is anyone.

    A single observer serves all, so that a thousand concurrent waits cost
    each transition no more than one.
    """

    def __init__(self) -> None:
        # Never taken in a callback of the history, which may hold the history's own lock.
        self._subscription = threading.Lock()
        self._waiters = 0
        self._lock = threading.Lock()
        self._by_key: dict[int, list[_Waiter]] = {}

    def add(self, history: TaskHistory, waiter: _Waiter) -> None:
        with self._lock:
            for key in waiter.pending:
                self._by_key.setdefault(key, []).append(waiter)
        with self._subscription:
            self._waiters += 1
            if self._waiters == 1:
                history.subscribe(self)
        # A result may have finished before the observer was there.
        for entry in waiter.entries:
            self.changed(entry)

    def discard(self, history: TaskHistory, waiter: _Waiter) -> None:
        with self._subscription:
            self._waiters -= 1
            if not self._waiters:
                history.unsubscribe(self)
        with self._lock:
            for key in waiter.pending:
                others = [other for other in self._by_key.pop(key) if other is not waiter]
                if others:
                    self._by_key[key] = others

    def changed(self, entry: Entry) -> None:
        if entry.key in self._by_key and entry.result.is_finished:
            self._release([entry.key])

    def removed(self, keys: list[int]) -> None:
        self._release(keys)

    def _release(self, keys: list[int]) -> None:
        with self._lock:
            for key in keys:
                for waiter in self._by_key.pop(key, ()):
                    waiter.pending.discard(key)
                    if not waiter.pending:
                        waiter.notify()


_lock = threading.Lock()
_by_history: WeakKeyDictionary[TaskHistory, _Waiting] = WeakKeyDictionary()


def _waiting_on(history: TaskHistory) -> _Waiting:
    with _lock:
        waiting = _by_history.get(history)
        if waiting is None:
            waiting = _by_history[history] = _Waiting()
        return waiting


def _entries(history: TaskHistory, results: Iterable[Any]) -> list[Entry]:
    entries = []
    for result in results:
        if not hasattr(result, "is_finished"):
            msg = f"wait takes task results, not {result!r}. Write wait(*results) for a list."
            raise TypeError(msg)
        entry = history.entry_of(result)
        if entry is None:
            entry = history.add(result)
            history.changed(entry)
        entries.append(entry)
    return entries


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _timeout_error(waiter: _Waiter, timeout: float | None) -> TimeoutError:
    pending, total = len(waiter.pending), len(waiter.entries)
    tasks = "The task has" if total == 1 else f"{pending} of {total} tasks have"
    msg = f"{tasks} not finished after {timeout!r} seconds. Wait longer, or cancel(result)."
    return TimeoutError(msg)
