"""One execution of a task: who may end it, and how it is stopped."""

from __future__ import annotations

import asyncio
import ctypes
import threading
import time
from contextlib import suppress
from typing import Any

from .family import Family

#: Seconds between two looks at whether a run that is being stopped has stopped.
_LOOK = 0.01


class Run:
    """A task on its way through the lifecycle, known to its backend until it has ended.

    The first outcome wins: `claim` is True once. Everything may be called from
    any thread but `attach` and `detach`, which belong to the coroutine.
    """

    __slots__ = (
        "_asyncio_task",
        "_cancel_requested",
        "_cancel_sent",
        "_claimed",
        "_interrupt_sent",
        "_interrupted",
        "_lock",
        "_loop",
        "_thread",
        "family",
        "in_background",
        "is_async",
        "result",
    )

    def __init__(self, family: Family, result: Any, *, is_async: bool, in_background: bool) -> None:
        self.family = family
        self.result = result
        self.is_async = is_async
        #: Does nobody wait for it, so that it can be given up?
        self.in_background = in_background
        self._lock = threading.Lock()
        self._claimed = False
        # Asked to stop before the coroutine began; while it ran; because of a KeyboardInterrupt.
        self._cancel_requested = False
        self._cancel_sent = False
        self._interrupted = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asyncio_task: asyncio.Task[Any] | None = None
        self._thread: int | None = None
        self._interrupt_sent = False

    @property
    def has_ended(self) -> bool:
        """Whether somebody has claimed the outcome."""
        return self._claimed

    def claim(self) -> bool:
        """Take the right to write the outcome; False if another has taken it before."""
        with self._lock:
            claimed, self._claimed = self._claimed, True
        return not claimed

    def call(self) -> Any:
        """Call the task's function, or make its coroutine."""
        result = self.result
        task = result.task
        function = task.acall if self.is_async else task.call
        if task.takes_context:
            context = self.family.base.TaskContext(task_result=result)
            return function(context, *result.args, **result.kwargs)
        return function(*result.args, **result.kwargs)

    # -- the coroutine ---------------------------------------------------

    async def acall(self) -> Any:
        """Await the task's function so that the run can be cancelled.

        Raises KeyboardInterrupt where that is why it was.
        """
        try:
            self._attach()
            return await self.call()
        except asyncio.CancelledError:
            if self._interrupted:
                raise KeyboardInterrupt from None
            raise
        finally:
            self._detach()

    def cancel(self, *, interrupt: bool = False) -> None:
        """Cancel the coroutine on its loop, now or as soon as it begins."""
        with self._lock:
            loop = self._loop
            if loop is None:
                self._cancel_requested = True
                self._interrupted = interrupt
                return
        with suppress(RuntimeError):  # of a loop that is closed: the body has ended
            loop.call_soon_threadsafe(self._cancel_on_loop, interrupt)

    def wait_until_stopped(self, seconds: float) -> bool:
        """Block until the coroutine has ended; False if it has not after that long."""
        deadline = time.monotonic() + seconds
        while self._asyncio_task is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK)
        return True

    def wait_until_ended(self, seconds: float) -> bool:
        """Block until somebody has claimed the outcome; False if nobody has after that long."""
        deadline = time.monotonic() + seconds
        while not self._claimed:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK)
        return True

    def _attach(self) -> None:
        with self._lock:
            if self._cancel_requested:
                raise asyncio.CancelledError
            self._asyncio_task = asyncio.current_task()
            self._loop = asyncio.get_running_loop()

    def _detach(self) -> None:
        """Take our own cancellation back, and leave anybody else's."""
        asyncio_task, self._asyncio_task = self._asyncio_task, None
        if self._cancel_sent and asyncio_task is not None:
            asyncio_task.uncancel()

    def _cancel_on_loop(self, interrupt: bool) -> None:
        if self._asyncio_task is not None and not self._cancel_sent:
            self._cancel_sent = True
            self._interrupted = interrupt
            self._asyncio_task.cancel()

    # -- the thread ------------------------------------------------------

    def call_in_thread(self) -> Any:
        """Call the task's function so that `interrupt_thread` reaches it."""
        self._thread = threading.get_ident()
        try:
            return self.call()
        finally:
            with self._lock:
                self._thread = None
            if self._interrupt_sent:
                # One that is still on its way would hit whatever the thread does next.
                _raise_in_thread(threading.get_ident(), None)

    def interrupt_thread(self) -> None:
        """Raise KeyboardInterrupt in the thread that runs the body, at its next bytecode.

        Best effort: code that blocks in C does not see it before it returns.
        """
        with self._lock:
            if self._thread is not None and not self._interrupt_sent:
                self._interrupt_sent = True
                _raise_in_thread(self._thread, KeyboardInterrupt)


def _raise_in_thread(thread: int, exception: type[BaseException] | None) -> None:
    # Absent where Python is not CPython: there, a thread can't be interrupted.
    raise_in_thread = getattr(ctypes.pythonapi, "PyThreadState_SetAsyncExc", None)
    if raise_in_thread is not None:
        argument = None if exception is None else ctypes.py_object(exception)
        raise_in_thread(ctypes.c_ulong(thread), argument)
