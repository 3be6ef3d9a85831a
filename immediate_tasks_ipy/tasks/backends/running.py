"""A task while it runs where it can be cancelled: on an event loop, or in a thread."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from typing import Any

from ..base import TaskContext, TaskResult


def call(result: TaskResult[Any]) -> Any:
    """Call the task's function with the arguments of the result."""
    task = result.task
    if task.takes_context:
        return task.func(TaskContext(task_result=result), *result.args, **result.kwargs)
    return task.func(*result.args, **result.kwargs)


class ThreadCall:
    """A call that another thread may try to interrupt."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._ident: int | None = None

    @property
    def running(self) -> bool:
        """Has it begun, and not ended?"""
        return self._ident is not None

    def __call__(self) -> Any:
        with self._lock:
            self._ident = threading.get_ident()
        try:
            return self._function()
        finally:
            with self._lock:
                self._ident = None

    def interrupt(self) -> None:
        """Raise CancelledError in the thread, at best: code that waits in C goes on."""
        with self._lock:
            if self._ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._ident), ctypes.py_object(asyncio.CancelledError)
                )


class Run:
    """A result that is on its way to an end, and can be brought to one from outside.

    Whoever takes it out of its registry decides the outcome: the first one wins.
    """

    __slots__ = (
        "_registry",
        "asyncio_task",
        "cancel_error",
        "cancelled",
        "in_body",
        "loop",
        "result",
        "thread",
    )

    def __init__(self, registry: dict[str, Run], result: TaskResult[Any]) -> None:
        self._registry = registry
        self.result = result
        #: The loop and the asyncio task that the function runs in, if it is async.
        self.loop: asyncio.AbstractEventLoop | None = None
        self.asyncio_task: asyncio.Task[Any] | None = None
        #: The thread that the function runs in, if it is not.
        self.thread: ThreadCall | None = None
        #: Is the asyncio task inside of the task's function?
        self.in_body = False
        #: The exception that the result is to fail with, once it was cancelled.
        self.cancel_error: BaseException | None = None
        #: Was the asyncio task cancelled on behalf of the result?
        self.cancelled = False
        registry[result.id] = self

    def claim(self) -> bool:
        """Take the right to decide the outcome; False if somebody else has it."""
        return self._registry.pop(self.result.id, None) is self

    def enter_body(self) -> None:
        """The running asyncio task goes into the function. Raises if it was cancelled before."""
        self.asyncio_task = asyncio.current_task()
        self.in_body = True
        self.loop = asyncio.get_running_loop()
        if self.cancel_error is not None:
            raise self.cancel_error

    def leave_body(self) -> None:
        """The asyncio task has left the function, however it did."""
        self.in_body = False
        if self.cancelled and self.asyncio_task is not None:
            # Or the caller's own next await would be taken for cancelled.
            self.asyncio_task.uncancel()
            self.cancelled = False

    def cancel_on_loop(self, error: BaseException) -> None:
        """Cancel the asyncio task if it still runs the function; call it on its loop."""
        if self._registry.get(self.result.id) is not self or self.cancel_error is not None:
            return
        self.cancel_error = error
        if self.in_body and self.asyncio_task is not None:
            self.cancelled = True
            self.asyncio_task.cancel()
