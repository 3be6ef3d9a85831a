"""A task that can be cancelled: waiting for its turn, on an event loop, or in a thread."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from typing import Any

from immediate_tasks_ipy.tasks.base import TaskContext, TaskResult


def call(result: TaskResult[Any]) -> Any:
    """Call the task's function with the arguments of the result."""
    task = result.task
    if task.takes_context:
        return task.func(TaskContext(task_result=result), *result.args, **result.kwargs)
    return task.func(*result.args, **result.kwargs)


class Run:
    """A result on its way to an end, while it can also be brought to one from outside.

    Whoever takes it out of its registry decides the outcome: the first one wins.
    """

    #: The loop that the function will run on, or runs on, if it is async.
    loop: asyncio.AbstractEventLoop | None = None
    #: The asyncio task that awaits the function.
    asyncio_task: asyncio.Task[Any] | None = None
    #: The call of the function, if that runs in a thread.
    thread: ThreadCall | None = None
    #: Is the asyncio task inside of the function?
    in_body = False
    #: Was the result cancelled?
    cancelled = False
    #: What it is to fail with, if not with the CancelledError itself.
    error: BaseException | None = None
    #: Was the asyncio task cancelled, and not relieved of that yet?
    owed = False

    def __init__(self, registry: dict[str, Run], result: TaskResult[Any]) -> None:
        self.registry = registry
        self.result = result
        registry[result.id] = self

    def claim(self) -> bool:
        """Take the right to decide the outcome; False if somebody else has it."""
        return self.registry.pop(self.result.id, None) is self

    def relieve(self) -> None:
        """Take back the cancellation of the asyncio task, once that has left the function.

        The caller's own next await would be taken for cancelled otherwise.
        """
        if self.owed and self.asyncio_task is not None:
            self.asyncio_task.uncancel()
            self.owed = False

    def cancel_on_loop(self) -> None:
        """Cancel the asyncio task, if it is inside of the function; called by its loop.

        Before that, it will find `cancelled` set; behind it, there is nothing
        to cancel, and the asyncio task may be the caller's own.
        """
        running = self.in_body and self.registry.get(self.result.id) is self
        if running and not self.owed and self.asyncio_task is not None:
            self.owed = True
            self.asyncio_task.cancel()

    def replacement(self, error: BaseException) -> BaseException | None:
        """What the result fails with in place of `error`, if `error` comes of cancelling it."""
        return self.error if isinstance(error, asyncio.CancelledError) else None


class ThreadCall:
    """The call of a function in a thread, which another one may try to stop."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._ident: int | None = None
        self._interrupted = False

    def __call__(self) -> Any:
        with self._lock:
            if self._interrupted:
                raise asyncio.CancelledError
            self._ident = threading.get_ident()
        try:
            return self._function()
        finally:
            with self._lock:
                self._ident = None

    def interrupt(self) -> bool:
        """Raise CancelledError in the function. Returns whether it was running.

        If it has not begun, it never will. Else this is the best there is, and
        no more: a function that waits in C code (a socket, `time.sleep`) sees
        the exception when it comes back from there.
        """
        with self._lock:
            self._interrupted = True
            if self._ident is None:
                return False
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._ident), ctypes.py_object(asyncio.CancelledError)
            )
            return True
