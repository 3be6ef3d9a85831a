"""Daemon threads that call functions, and are used again by the next one."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import NamedTuple

#: Seconds that a thread waits for another call before it ends.
IDLE = 1.0


class Call(NamedTuple):
    """A function that a thread is to call, and the name of the thread meanwhile."""

    function: Callable[[], object]
    name: str


class WorkerThreads:
    """Calls each function in a thread at once: an idle one, or a new one if there is none.

    As many threads as calls at a time, and no limit: no call waits for another. All are daemons,
    so none holds the interpreter at exit. Thread-safe.

    `_idle` has a token for each thread that waits and that no call is meant for yet. A call takes
    one, or brings a thread of its own; whichever thread is free first makes it. Each step is one
    operation in C, so that no interrupt leaves a lock held.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Call] = SimpleQueue()
        self._idle: deque[None] = deque()

    def start(self, function: Callable[[], object], name: str) -> None:
        """Call the function in a thread. Raises RuntimeError where none can be started."""
        call = Call(function, name)
        try:
            self._idle.pop()
        except IndexError:
            threading.Thread(target=self._run, args=([call],), name=name, daemon=True).start()
        else:
            self._calls.put(call)

    def _run(self, first: list[Call]) -> None:
        thread = threading.current_thread()
        call: Call | None = first.pop()
        while call is not None:
            thread.name = call.name
            try:
                call.function()
            except BaseException:
                _report(thread)
            del call  # what it refers to ends with it, not with the next call
            if getattr(threading.Thread.run, "__module__", None) != threading.__name__:
                return  # replaced, by ipykernel 6: what a thread prints is its starter's cell's
            self._idle.append(None)
            call = self._next()

    def _next(self) -> Call | None:
        """The next call; None if there was none for long, and none is meant for this thread."""
        while True:
            try:
                return self._calls.get(timeout=IDLE)
            except Empty:
                with suppress(IndexError):
                    self._idle.pop()
                    return None


def _report(thread: threading.Thread) -> None:
    """What a function raises is shown as of any thread."""
    kind, value, traceback = sys.exc_info()
    if kind is not None:
        threading.excepthook(threading.ExceptHookArgs((kind, value, traceback, thread)))


def _after_fork() -> None:
    """The child has none of the threads."""
    worker_threads.__init__()  # type: ignore[misc]


worker_threads = WorkerThreads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
