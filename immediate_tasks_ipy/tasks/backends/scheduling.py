"""Executions handed to event loops, and ended from outside."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from immediate_tasks_ipy.tasks.finishing import finish_interrupted, finishing
from immediate_tasks_ipy.tasks.lifecycle import fail
from immediate_tasks_ipy.tasks.signals import logger, task_finished

from .closed_loops import ClosedLoopWatch
from .execution import Execution, forget_running
from .execution_states import CancelAction
from .function_call import cancel_on_loop


class SchedulingDriver:
    """The part of a driver that does not run the function: a subclass has `arun`."""

    __slots__ = ("_closed_loops", "sender", "worker_id")

    def __init__(self, sender: type, worker_id: str) -> None:
        self.sender = sender
        self.worker_id = worker_id
        self._closed_loops = ClosedLoopWatch(self._end_with_loop)

    async def arun(self, execution: Execution, *, background: bool = False) -> Any:
        """Run the task in the running asyncio task, to its end, or for one attempt."""
        raise NotImplementedError

    async def arun_with_retries(self, execution: Execution, *, background: bool = False) -> None:
        """The same to its end, as the policy of the execution says."""
        raise NotImplementedError

    def schedule(self, execution: Execution, loop: asyncio.AbstractEventLoop) -> None:
        """Have a loop, which may run in another thread, run the task in the background."""
        context = contextvars.copy_context()

        def create_task() -> None:
            coroutine = self._arun_in_background(execution)
            asyncio_task = loop.create_task(coroutine, context=context)
            execution.asyncio_task = asyncio_task
            self._closed_loops.add(loop, execution)
            asyncio_task.add_done_callback(end)

        def end(_: asyncio.Task[None]) -> None:
            self._closed_loops.discard(loop, execution)
            # It was cancelled before its first step.
            if execution.finish():
                self.fail_from_outside(execution, asyncio.CancelledError())

        if asyncio._get_running_loop() is loop:
            create_task()
        else:
            loop.call_soon_threadsafe(create_task)

    async def _arun_in_background(self, execution: Execution) -> None:
        try:
            if execution.policy is None:
                await self.arun(execution, background=True)
            else:
                await self.arun_with_retries(execution, background=True)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException:  # an interrupt, too, would end the loop with all its other tasks
            logger.exception("Error around background task %s", execution.result.task.module_path)

    def _end_with_loop(self, execution: Execution) -> None:
        """The loop that a background task ran on was closed."""
        if execution.finish():
            error = RuntimeError("The event loop was closed before the task had finished.")
            self.fail_from_outside(execution, error)

    # -- from outside ----------------------------------------------------

    def cancel(self, execution: Execution, error: BaseException | None) -> bool:
        """Cancel the run, from any thread; False if it has ended.

        The result fails with `error`, or with a CancelledError: at once, or
        when the asyncio task has been cancelled by its loop.
        """
        caller = object()
        try:
            action = execution.request_cancel(error, by=caller)
            if action is CancelAction.CANCEL_ON_LOOP and not cancel_on_loop(execution):
                # The function will never go on.
                action = CancelAction.FAIL if execution.finish(caller) else CancelAction.TOO_LATE
            if action is CancelAction.FAIL or action is CancelAction.INTERRUPT:
                self.fail_from_outside(
                    execution, asyncio.CancelledError() if error is None else error
                )
        except BaseException as interrupt:
            if execution.is_finished_by(caller):
                self._repair(execution, interrupt, by=caller)
            raise
        return action is not CancelAction.TOO_LATE

    def fail_from_outside(self, execution: Execution, error: BaseException) -> None:
        """FAILED with a new exception; for callers with the right to write the outcome."""
        abandoned = execution.thread is not None and execution.thread.interrupt()
        end_pause = execution.end_pause
        if end_pause is not None:
            end_pause()
        execution.error = None
        try:
            raise error  # noqa: TRY301  (receivers see what is handled)
        except BaseException as raised:
            with finishing(execution.result):
                fail(execution.result, raised, abandoned=abandoned)
                self._send_finished(execution, robustly=False)

    def _send_finished(self, execution: Execution, *, robustly: bool) -> None:
        result = execution.result
        if robustly:
            task_finished.send_robust(self.sender, task_result=result)
            execution.receivers = iter(())
        else:
            execution.receivers = task_finished.receivers_for(self.sender)
            task_finished.send_fast(self.sender, result, execution.receivers)

    def _repair(self, execution: Execution, error: BaseException, *, by: object) -> None:
        """Do what `error` has kept from being done, if that one has the right to the outcome."""
        forget_running(execution.result)
        if execution.finish(by=by):
            finish_interrupted(self.sender, execution.result, error, execution.receivers)
            execution.receivers = iter(())
