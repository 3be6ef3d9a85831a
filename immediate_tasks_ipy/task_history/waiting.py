"""Waiting for results, whichever backend, loop or thread brings them to an end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from immediate_tasks_ipy.tasks import finishing, sync
from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code
from immediate_tasks_ipy.tasks.faults.locks import new_lock

from .current import current_recorder
from .entry import Entry
from .recorder import Recorder

#: A TaskResult, of whichever framework.
R = TypeVar("R")

#: A blocked main thread sees KeyboardInterrupt between slices of this many seconds.
SLICE = 0.1


async def wait(*results: R, timeout: float | None = None) -> list[R]:  # noqa: ASYNC109 # the name that users of asyncio.wait know
    """Wait until all these results are finished, and return them.

    The results may come from any backend, loop or thread. Failed ones are
    returned like the others. Raises TimeoutError after `timeout` seconds; the
    tasks run on.
    """
    recorder = current_recorder()
    loop = asyncio.get_running_loop()
    finished = loop.create_future()

    def notify() -> None:
        # A closed loop: its waiters are gone.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, finished)

    waiter = _Waiter(_entries(recorder, results), notify)
    waiting = _waiting_on(recorder)
    waiting.add(recorder, waiter)
    try:
        if waiter.pending:
            await asyncio.wait([finished], timeout=timeout)
            if waiter.pending:
                raise _timeout_error(waiter, timeout)
    finally:
        waiting.discard(recorder, waiter)
    return [entry.result for entry in waiter.entries]


@calls_user_code
def wait_blocking(
    recorder: Recorder, results: Iterable[Any], timeout: float | None = None
) -> list[Any]:
    """Block this thread until all these results are finished, and return them.

    Never call it on the thread of the loop that runs one of them. Raises
    TimeoutError after `timeout` seconds; KeyboardInterrupt gets through.
    """
    if not sync.HAS_THREADS:
        return sync.async_to_sync(wait, *results, timeout=timeout)
    finished = threading.Event()
    waiter = _Waiter(_entries(recorder, results), finished.set)
    waiting = _waiting_on(recorder)
    waiting.add(recorder, waiter)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        while waiter.pending:
            left = SLICE if deadline is None else min(SLICE, deadline - time.monotonic())
            if left <= 0:
                raise _timeout_error(waiter, timeout)
            if not finished.wait(left):
                # A receiver that was interrupted may have notified nobody.
                waiting.look(waiter)
    finally:
        waiting.discard(recorder, waiter)
    return [entry.result for entry in waiter.entries]


class _Waiter:
    """One call that waits: the entries it is about, and how to notify it that all have finished."""

    __slots__ = ("entries", "notify", "pending")

    def __init__(self, entries: list[Entry], notify: Callable[[], None]) -> None:
        self.entries = entries
        self.notify = notify
        self.pending = {e.key for e in entries if not finishing.is_finishing_here(e.result)}


class _Waiting:
    """All calls that wait on one recorder; its observer while there are any.

    A single observer serves all, so that a thousand concurrent waits cost
    each transition no more than one. Nobody is woken ahead of the receivers
    of `task_finished`: see `tasks.finishing`.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = weakref.ref(recorder)
        # Never taken in a callback of the recorder, which may hold the recorder's own lock.
        self._subscription = new_lock()
        self._waiters = 0
        self._lock = new_lock()
        self._by_key: dict[int, list[_Waiter]] = {}

    def add(self, recorder: Recorder, waiter: _Waiter) -> None:
        with self._lock:
            for key in waiter.pending:
                self._by_key.setdefault(key, []).append(waiter)
        with self._subscription:
            self._waiters += 1
            if self._waiters == 1:
                recorder.subscribe(self)
                finishing.subscribe(self._finished)
        # A result may have finished before the observer was there.
        self.look(waiter)

    def look(self, waiter: _Waiter) -> None:
        """Release what has finished, without having been notified."""
        for entry in waiter.entries:
            self.changed(entry)

    def discard(self, recorder: Recorder, waiter: _Waiter) -> None:
        with self._subscription:
            self._waiters -= 1
            if not self._waiters:
                recorder.unsubscribe(self)
                finishing.unsubscribe(self._finished)
        with self._lock:
            for key in waiter.pending:
                others = [other for other in self._by_key.pop(key) if other is not waiter]
                if others:
                    self._by_key[key] = others

    def changed(self, entry: Entry) -> None:
        if entry.key in self._by_key and entry.result.is_finished:
            if finishing.is_finishing(entry.result):
                return  # its receivers are being called: `_finished` comes after them
            self._release([entry.key])

    def _finished(self, result: Any) -> None:
        recorder = self._recorder()
        entry = None if recorder is None else recorder.entry_of(result)
        if entry is not None:
            self.changed(entry)

    def removed(self, keys: list[int]) -> None:
        self._release(keys)

    def _release(self, keys: list[int]) -> None:
        with self._lock:
            for key in keys:
                for waiter in self._by_key.pop(key, ()):
                    waiter.pending.discard(key)
                    if not waiter.pending:
                        waiter.notify()


_lock = new_lock()
_by_recorder: WeakKeyDictionary[Recorder, _Waiting] = WeakKeyDictionary()


def _waiting_on(recorder: Recorder) -> _Waiting:
    with _lock:
        waiting = _by_recorder.get(recorder)
        if waiting is None:
            waiting = _by_recorder[recorder] = _Waiting(recorder)
        return waiting


def _entries(recorder: Recorder, results: Iterable[Any]) -> list[Entry]:
    entries = []
    for result in results:
        if not hasattr(result, "is_finished"):
            msg = f"wait takes task results, not {result!r}. Write wait(*results) for a list."
            raise TypeError(msg)
        entry = recorder.entry_of(result)
        if entry is None:
            entry = recorder.add(result)
            recorder.changed(entry)
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
