"""From one attempt of a task to the next: for the drivers of executions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from immediate_tasks_ipy.tasks.lifecycle import release
from immediate_tasks_ipy.tasks.signals import is_logged, logger, task_released

from .execution import Execution
from .execution_states import State

#: Seconds between two looks for an interrupt while a thread pauses.
_SLICE = 0.1


class Retry(NamedTuple):
    """An attempt has failed, and another one follows."""

    #: What ended the attempt.
    error: BaseException
    #: Seconds to wait before the next.
    pause: float


def next_attempt(execution: Execution, error: BaseException) -> Retry | None:
    """What follows an attempt that ended with that error; None if nothing does.

    Tried again is what failed with an Exception, as often as the policy says, unless it was
    cancelled meanwhile. A function that returned what can't be stored has not failed: it would
    return it again. If this is not None, nobody else writes the result until `wait_for_retry`.
    """
    retry = wanted_retry(execution, error)
    return retry if retry is not None and execution.retry() else None


def wanted_retry(execution: Execution, error: BaseException) -> Retry | None:
    """As `next_attempt`, for a caller that asks `Execution.retry` itself."""
    policy = execution.policy
    if policy is None or not isinstance(error, Exception) or hasattr(error, "unstored_value"):
        return None
    # An attempt that its worker did not survive, and that left no error, is none of them.
    pause = policy.pause(len(execution.result.errors) + 1)
    return None if pause is None else Retry(error, pause)


def release_result(execution: Execution, error: BaseException) -> None:
    """Make a result of this framework READY, after that error."""
    release(execution.result, error)


#: Makes the result of an execution READY, after an error.
Release = Callable[[Any, BaseException], None]


def wait_for_retry(
    execution: Execution, retry: Retry, sender: type, release: Release = release_result
) -> None:
    """Make the result READY, and block until the next attempt is due or the run has been ended.

    Raises CancelledError if the run is to be cancelled.
    """
    release(execution, retry.error)
    log_release(execution.result, retry.error)
    task_released.send_robust(sender, task_result=execution.result)
    over = threading.Event()
    if _is_due(execution, over.set):
        return
    try:
        due = time.monotonic() + retry.pause
        while (left := due - time.monotonic()) > 0 and not over.wait(min(left, _SLICE)):
            pass
    finally:
        execution.end_pause = None


async def await_retry(
    execution: Execution, retry: Retry, sender: type, release: Release = release_result
) -> None:
    """As `wait_for_retry`, on the running loop."""
    release(execution, retry.error)
    log_release(execution.result, retry.error)
    await task_released.asend_robust(sender, task_result=execution.result)
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def settle() -> None:
        if not over.done():
            over.set_result(None)

    def end() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle)

    if _is_due(execution, end):
        return
    try:
        await asyncio.wait([over], timeout=retry.pause)
    finally:
        execution.end_pause = None


def log_release(result: Any, error: BaseException) -> None:
    """Log that a result is READY again, after an attempt that failed with that error."""
    if is_logged(logging.INFO):
        path, status = result.task.module_path, result.status
        message = "Task id=%s path=%s state=%s"
        logger.info(message, result.id, path, status, exc_info=error)


def _is_due(execution: Execution, end: Callable[[], object]) -> bool:
    """Have `end` called when the run ends; True if it has ended already."""
    execution.end_pause = end
    execution.schedule()
    state = execution.state
    if state is State.CANCELLING:
        raise asyncio.CancelledError
    return state is State.ENDED
