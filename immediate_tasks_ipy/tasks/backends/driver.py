"""The driver of an Execution: it calls the function, sends the signals, writes the result."""

from __future__ import annotations

import asyncio
import logging
import sys
import weakref
from functools import partial
from typing import Any

from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code
from immediate_tasks_ipy.tasks.finishing import finishing
from immediate_tasks_ipy.tasks.lifecycle import fail, start, succeed
from immediate_tasks_ipy.tasks.signals import (
    is_logged,
    task_enqueued,
    task_finished,
    task_started,
)
from immediate_tasks_ipy.tasks.sync import current_task, run_in_thread
from immediate_tasks_ipy.tasks.threads.thread_call import ThreadCall
from immediate_tasks_ipy.tasks.values import keep_return_value

from .attempts import Retry, await_retry, next_attempt, wait_for_retry
from .execution import Execution, running_result
from .function_call import (
    call,
    call_function,
    clear_cancel,
    pending_cancellations,
)
from .scheduling import SchedulingDriver

_set_running, _reset_running = running_result.set, running_result.reset


class Driver(SchedulingDriver):
    """Takes executions of this framework's results from READY to their end.

    `sender` is the class that the signals are sent by. In the background,
    `task_enqueued` has been sent before.

    An interrupt may come at any moment, between two lines of this class too. So each way to run a
    task stands in a `try` whose `except` does what is left (`_repair`): outcome and receivers.
    """

    __slots__ = ()

    # -- in this thread --------------------------------------------------

    def run(self, execution: Execution, *, background: bool = False) -> None:
        """Run the task in this thread, to its end; again after a failure, as its policy says.

        Re-raises KeyboardInterrupt, and what a receiver raises; nothing in the background.
        """
        try:
            retry = self._run(execution, None, background=background)
            while retry is not None:
                retry = self._run(execution, retry, background=background)
        except BaseException as error:
            self._repair(execution, error, by=self)
            if not background:
                raise

    def _run(  # noqa: C901 (one lifecycle, in order)
        self, execution: Execution, retry: Retry | None, *, background: bool
    ) -> Retry | None:
        """One attempt; `retry` is what led to it, and what is returned if another one follows."""
        result = execution.result
        began = False
        try:
            if retry is not None:
                wait_for_retry(execution, retry, self.sender)
            elif task_enqueued and not background:
                task_enqueued.send_fast(self.sender, result)
            if not execution.begin():
                return None
            start(result, self.worker_id)
            if task_started:
                task_started.send_fast(self.sender, result)
            began = True
            value, changes = keep_return_value(result.task, call(execution))
        except BaseException as error:
            if began and (retry := next_attempt(execution, error)) is not None:
                return retry
            if execution.finish(by=self):
                self._fail(execution, error, robustly=background or not began)
            if not began or issubclass(type(error), KeyboardInterrupt):
                raise
        else:
            if execution.finish(by=self):
                with finishing(result):
                    succeed(result, value, changes)
                    self._send_finished(execution, robustly=background)
        return None

    def _fail(self, execution: Execution, error: BaseException, *, robustly: bool) -> None:
        """FAILED with the exception that is being handled, or with what replaces it."""
        if execution.final_error(error) is error:
            with finishing(execution.result):
                fail(execution.result, error)
                self._send_finished(execution, robustly=robustly)
            return
        try:
            raise _final_error(execution, error) from None  # noqa: TRY301
        except BaseException as final_error:
            execution.error = None
            self._fail(execution, final_error, robustly=robustly)

    # -- on a loop -------------------------------------------------------

    async def arun_with_retries(self, execution: Execution, *, background: bool = False) -> None:
        """As `arun`, and again after a failure, as the policy of the execution says."""
        try:
            retry = await self.arun(execution, background=background)
            while retry is not None:
                retry = await self.arun(execution, background=background, retry=retry)
        except BaseException as error:
            self._repair(execution, error, by=self)
            raise

    @calls_user_code
    async def arun(  # noqa: C901, PLR0912, PLR0915
        self, execution: Execution, *, background: bool = False, retry: Retry | None = None
    ) -> Retry | None:
        """Run the task in the running asyncio task, to its end; a sync function in a thread.

        Re-raises KeyboardInterrupt, what a receiver of a signal raises, and a
        cancellation that came from outside. This is one attempt, after what
        `retry` says if it is not the first; returns what follows, if the
        execution has a policy that asks for another one.
        """
        result = execution.result
        began = False
        should_emit = is_logged(logging.INFO)
        task = result.task
        asyncio_task = current_task()
        cancellations = 0
        if asyncio_task is not None:
            execution.task_reference = weakref.ref(asyncio_task)
            cancellations = asyncio_task.cancelling()
            del asyncio_task  # this coroutine would keep it alive behind its loop
        try:
            try:
                if background or retry is not None:
                    if retry is not None:
                        await await_retry(execution, retry, self.sender)
                    if not execution.begin():
                        return None
                    start(result, self.worker_id)
                elif should_emit or task_enqueued.receivers:
                    pending = task_enqueued.send_on_loop(self.sender, result)
                    if pending is not None:
                        await pending
                    start(result, self.worker_id)
                else:
                    start(result, self.worker_id, result.enqueued_at)
                if should_emit or task_started.receivers:
                    pending = task_started.send_on_loop(self.sender, result)
                    if pending is not None:
                        await pending
                began = True
                execution.enter_loop()
                token = _set_running(result)
                try:
                    if not task.traits.is_async:
                        execution.thread = ThreadCall(partial(call_function, result))
                        value = (await run_in_thread(execution.thread)).get()
                    elif task.takes_context:
                        value = await call_function(result)
                    else:
                        value = await task.func(*result.args, **result.kwargs)
                finally:
                    try:  # noqa: SIM105  (suppress would cost more than the rest)
                        _reset_running(token)
                    except ValueError:
                        pass  # A coroutine that is closed in another context: nothing to reset.
                    if execution.cancel_pending:
                        clear_cancel(execution)
                    # Else `finish` is next, on this loop: no cancellation can be delivered now.
                value, changes = keep_return_value(task, value)
            except BaseException as error:
                if began and (retry := next_attempt(execution, error)) is not None:
                    return retry
                if not execution.finish(by=self):
                    raise  # failed already
                await self._afail(execution, error, robustly=not began)
                passed_on: Any = KeyboardInterrupt
                if pending_cancellations() > cancellations:  # from outside
                    passed_on = (KeyboardInterrupt, asyncio.CancelledError)
                if not began or issubclass(type(error), passed_on):
                    raise
            else:
                if not execution.finish(by=self):
                    return None
                if background:
                    with finishing(result):
                        succeed(result, value, changes)
                        await self._asend_to_receivers(execution)
                    return None
                succeed(result, value, changes)
                if task_finished.receivers or is_logged(logging.INFO):
                    receivers = execution.receivers = task_finished.receivers_for(self.sender)
                    pending = task_finished.send_on_loop(self.sender, result, receivers)
                    if pending is not None:
                        await pending
        except BaseException as error:
            self._repair(execution, error, by=self)
            raise
        return None

    async def _asend_to_receivers(self, execution: Execution) -> None:
        execution.receivers = task_finished.receivers_for(self.sender)
        pending = task_finished.send_on_loop(self.sender, execution.result, execution.receivers)
        if pending is not None:
            await pending

    async def _afail(self, execution: Execution, error: BaseException, *, robustly: bool) -> None:
        """As `_fail`."""
        if execution.final_error(error) is not error:
            try:
                raise _final_error(execution, error) from None  # noqa: TRY301
            except BaseException as final_error:
                execution.error = None
                await self._afail(execution, final_error, robustly=robustly)
            return
        result = execution.result
        abandoned = execution.thread is not None and execution.thread.interrupt()
        with finishing(result):
            fail(result, error, abandoned=abandoned)
            if issubclass(type(error), GeneratorExit):
                # A coroutine that is being closed must not be suspended again.
                self._send_finished(execution, robustly=True)
            elif robustly:
                await task_finished.asend_robust(self.sender, task_result=result)
                execution.receivers = iter(())
            else:
                await self._asend_to_receivers(execution)


def _final_error(execution: Execution, error: BaseException) -> BaseException:
    """What replaces `error`, which is being handled, with its traceback."""
    return BaseException.with_traceback(execution.final_error(error), sys.exc_info()[2])
