"""One execution of a Django task: who may end it, and how it is stopped."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from immediate_tasks_ipy.tasks.backends.running import ThreadCall

from .family import Family

#: Seconds between two looks at whether a run that is being stopped has stopped.
_LOOK = 0.01


class Run:
    """A task on its way through the lifecycle, in its backend's registry until it has ended.

    The first outcome wins: `claim` is True once. `call_in_thread`, `acall` and
    `awaited` belong to whoever runs the task; the rest is for any thread.
    """

    __slots__ = (
        "_asyncio_task",
        "_cancel_sent",
        "_error",
        "_is_cancelled",
        "_registry",
        "_thread",
        "family",
        "in_background",
        "is_async",
        "loop",
        "result",
    )

    def __init__(
        self,
        registry: dict[str, Run],
        family: Family,
        result: Any,
        *,
        is_async: bool,
        in_background: bool,
    ) -> None:
        self.family = family
        self.result = result
        self.is_async = is_async
        #: Does nobody wait for it?
        self.in_background = in_background
        #: The loop on which it is awaited, its function or the thread of that.
        self.loop: asyncio.AbstractEventLoop | None = None
        self._registry = registry
        # Set while the asyncio task is in the function, or waits for its thread.
        self._asyncio_task: asyncio.Task[Any] | None = None
        self._thread = None if is_async else _SharedThreadCall(self._call)
        # Was the task cancelled, and what is it to fail with then?
        self._is_cancelled = False
        self._error: BaseException | None = None
        # Was the asyncio task cancelled for it?
        self._cancel_sent = False
        registry[result.id] = self

    @property
    def has_ended(self) -> bool:
        """Whether somebody has claimed the outcome."""
        return self._registry.get(self.result.id) is not self

    def claim(self) -> bool:
        """Take the right to write the outcome; False if another has taken it before."""
        return self._registry.pop(self.result.id, None) is self

    # -- running the function ----------------------------------------------

    def call_in_thread(self) -> Any:
        """Call the task's sync function here. Raises what is to fail the task."""
        if self._is_cancelled:
            raise self.reason(asyncio.CancelledError())
        try:
            return self._thread() if self._thread is not None else None
        except asyncio.CancelledError as error:
            raise self.reason(error) from None

    async def acall(self) -> Any:
        """Await the task's async function here. Raises what is to fail the task."""
        return await self.awaited(self._call)

    async def awaited(self, function: Any) -> Any:
        """Await what the function returns, so that `cancel` reaches it."""
        self.loop = asyncio.get_running_loop()
        if self._is_cancelled:
            raise self.reason(asyncio.CancelledError())
        self._asyncio_task = asyncio.current_task()
        try:
            return await function()
        except asyncio.CancelledError as error:
            if self._error is None:
                raise
            raise self._error from error
        finally:
            asyncio_task, self._asyncio_task = self._asyncio_task, None
            if self._cancel_sent and asyncio_task is not None:
                # Or the caller's own next await would be taken for cancelled.
                asyncio_task.uncancel()

    def _call(self) -> Any:
        result = self.result
        task = result.task
        function = task.acall if self.is_async else task.call
        if task.takes_context:
            context = self.family.base.TaskContext(task_result=result)
            return function(context, *result.args, **result.kwargs)
        return function(*result.args, **result.kwargs)

    # -- stopping it ---------------------------------------------------------

    def cancel(self, error: BaseException | None) -> None:
        """Stop the function, or keep it from beginning; it is then to fail with `error`, if given.

        A coroutine sees a CancelledError, at its next await.
        """
        if self.loop is None:
            self._is_cancelled, self._error = True, error
            return
        with suppress(RuntimeError):  # of a loop that is closed: the body has ended
            self.loop.call_soon_threadsafe(self._cancel_on_loop, error)

    def interrupt(self, error: BaseException | None = None) -> None:
        """Raise a CancelledError in the thread that runs the function, if one does.

        This is the best there is: code that waits in C sees it when it returns.
        """
        if self._thread is not None:
            self._is_cancelled, self._error = True, error
            self._thread.interrupt()

    def reason(self, error: asyncio.CancelledError) -> BaseException:
        """What a cancelled task is to fail with."""
        return error if self._error is None else self._error

    @property
    def may_run_on(self) -> bool:
        """Whether a thread is in the function."""
        return self._thread is not None and self._thread.running

    def wait_until_stopped(self, seconds: float) -> None:
        """Block until the coroutine has ended, at most that long."""
        deadline = time.monotonic() + seconds
        while self._asyncio_task is not None and time.monotonic() < deadline:
            time.sleep(_LOOK)

    def wait_until_ended(self, seconds: float) -> None:
        """Block until the result is finished, at most that long."""
        deadline = time.monotonic() + seconds
        while not self.result.is_finished and time.monotonic() < deadline:
            time.sleep(_LOOK)

    def _cancel_on_loop(self, error: BaseException | None) -> None:
        if self._is_cancelled or self.has_ended:
            return
        self._is_cancelled, self._error = True, error
        if self._asyncio_task is not None:
            self._cancel_sent = True
            self._asyncio_task.cancel()


class _SharedThreadCall(ThreadCall):
    """A call in a thread that goes on to other work afterwards."""

    #: Has it begun, and not ended?
    running = False
    _interrupted = False

    def __call__(self) -> Any:
        self.running = True
        try:
            return super().__call__()
        finally:
            self.running = False
            if self._interrupted:
                _let_interrupt_arrive()

    def interrupt(self) -> bool:
        """See ThreadCall."""
        self._interrupted = True
        return super().interrupt()


def _let_interrupt_arrive() -> None:
    """Take an interrupt that is still on its way: it would end whatever this thread does next.

    It arrives when a loop goes round. (Taking it back, with NULL, would leave the interpreter
    looking for it at every step, for good.)
    """
    with suppress(asyncio.CancelledError):
        for _ in range(100):
            pass
