"""One execution of a Django task: the calls of its function, and how they are stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from immediate_tasks_ipy.tasks.backends.execution import Execution, running_result
from immediate_tasks_ipy.tasks.backends.execution_states import State
from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code
from immediate_tasks_ipy.tasks.threads.thread_call import ThreadCall

from .frameworks import TaskFramework
from .inspection import DEFAULT, Inspection, ainspected, inspected


class DjangoExecution(Execution):
    """An Execution of a result of Django's: states and transitions are those of its base class.

    `call` and `awaited` are for its driver. They raise what the result is to fail with: in place
    of a CancelledError that came of `request_cancel`, the error that was given there.
    """

    def __init__(
        self,
        framework: TaskFramework,
        result: Any,
        registry: dict[str, Any],
        *,
        is_async: bool,
        inspection: Inspection = DEFAULT,
    ) -> None:
        super().__init__(result, registry)
        self.framework = framework
        self.is_async = is_async
        self.inspection = inspection

    def call(self) -> Any:
        """Call the task's sync function in this thread, so that another one can interrupt it."""
        self.thread = ThreadCall(self.call_in_place)
        try:
            self.enter_thread()
            return self.thread()
        except asyncio.CancelledError as error:
            raise self.final_error(error) from None

    def call_in_place(self) -> Any:
        """As `call`, where no other thread knows of the execution: nothing can cancel it."""
        token = running_result.set(self.result)
        try:
            with inspected(self.result, self.inspection):
                return self._call(self.result.task.call)
        finally:
            running_result.reset(token)

    async def acall(self) -> Any:
        """Await the task's async function on the running loop."""
        token = running_result.set(self.result)
        try:
            return await self.awaited(self._acall)
        finally:
            # A coroutine may be closed in another context, where there is nothing to reset.
            with suppress(ValueError):
                running_result.reset(token)

    async def _acall(self) -> Any:
        async with ainspected(self.result, self.inspection):
            return await self._call(self.result.task.acall)

    async def awaited(self, function: Callable[[], Awaitable[Any]]) -> Any:
        """Await what the function returns, so that cancelling the execution cancels that."""
        self.asyncio_task = asyncio.current_task()
        try:
            self.enter_loop()
            return await function()
        except asyncio.CancelledError as error:
            final_error = self.final_error(error)
            if final_error is error or self.state is State.ENDED:
                raise
            raise final_error from error
        finally:
            if self.clear_cancel() and self.asyncio_task is not None:
                self.asyncio_task.uncancel()

    @calls_user_code
    def _call(self, function: Callable[..., Any]) -> Any:
        result = self.result
        if result.task.takes_context:
            context = self.framework.base.TaskContext(task_result=result)
            return function(context, *result.args, **result.kwargs)
        return function(*result.args, **result.kwargs)
