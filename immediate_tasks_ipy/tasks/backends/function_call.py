"""How the function of a task is called, and how its cancellation is delivered to a loop."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from immediate_tasks_ipy.tasks.base import TaskContext
from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code
from immediate_tasks_ipy.tasks.sync import async_to_sync, current_task
from immediate_tasks_ipy.tasks.threads.thread_call import ThreadCall

from .execution import Execution, running_result


@calls_user_code
def call_function(result: Any) -> Any:
    """Call the task's function with the arguments of its result, a TaskResult."""
    task = result.task
    if task.takes_context:
        return task.func(TaskContext(task_result=result), *result.args, **result.kwargs)
    return task.func(*result.args, **result.kwargs)


def call(execution: Execution) -> Any:
    """Call the task's function in this thread, an async one on a loop of its own."""
    result = execution.result
    if result.task.traits.is_async:
        return async_to_sync(_call_on_own_loop, execution)
    execution.thread = ThreadCall(partial(call_function, result))
    execution.enter_thread()
    token = running_result.set(result)
    try:
        return execution.thread()
    finally:
        running_result.reset(token)


async def _call_on_own_loop(execution: Execution) -> Any:
    execution.asyncio_task = current_task()
    execution.enter_loop()
    running_result.set(execution.result)
    try:
        return await call_function(execution.result)
    finally:
        clear_cancel(execution)


def pending_cancellations() -> int:
    """How many cancellations of the current asyncio task are on their way."""
    asyncio_task = current_task()
    return 0 if asyncio_task is None else asyncio_task.cancelling()


def clear_cancel(execution: Execution) -> None:
    """The asyncio task has left the function: take back its cancellation, if that is pending."""
    if execution.clear_cancel() and (asyncio_task := execution.asyncio_task) is not None:
        asyncio_task.uncancel()


def cancel_on_loop(execution: Execution) -> bool:
    """Have the asyncio task cancelled by its loop; False if that is closed, or there is none."""
    asyncio_task = execution.asyncio_task
    if asyncio_task is None:
        return False

    def cancel() -> None:
        is_pending = execution.cancel_pending
        if execution.deliver_cancel():
            if is_pending:
                asyncio_task.uncancel()  # the function has swallowed the last one
            asyncio_task.cancel()

    loop = asyncio_task.get_loop()
    if asyncio._get_running_loop() is loop and asyncio.current_task(loop) is None:
        # In a callback of the loop: before those that wait their turn. A `gather` that hears first
        # of the end of one of its coroutines can't be cancelled any more, and leaves the others.
        cancel()
    try:
        # It also wakes a loop that a signal handler cancels in while it waits.
        loop.call_soon_threadsafe(cancel)
    except RuntimeError:
        return False
    return True
