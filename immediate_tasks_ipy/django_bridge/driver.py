"""The driver of a DjangoExecution: it sends Django's signals and writes Django's results."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, InterfaceError

from immediate_tasks_ipy.tasks.backends.attempts import (
    Retry,
    await_retry,
    wait_for_retry,
    wanted_retry,
)
from immediate_tasks_ipy.tasks.backends.execution_states import State
from immediate_tasks_ipy.tasks.backends.function_call import pending_cancellations
from immediate_tasks_ipy.tasks.finishing import finishing
from immediate_tasks_ipy.tasks.values import keep_return_value

from . import lifecycle, threads
from .execution import DjangoExecution
from .stopping import GRACE, StoppingDriver, while_handling
from .synchronous import revive

logger = logging.getLogger("immediate_tasks_ipy.tasks")


class DjangoDriver(StoppingDriver):
    """Takes executions of a framework's results from READY to their end, and sends the signals.

    A receiver that raises for one of the first two fails the task. `threads` decides where
    synchronous code runs; scheduling and cancelling are the base class's.
    """

    __slots__ = ()

    # -- in this thread ------------------------------------------------------

    def announce(self, execution: Any) -> None:
        """Send `task_enqueued`; for the background, where that comes before the rest."""
        lifecycle.enqueue(execution.result)
        self._send_or_fail(execution, self._signals(execution).task_enqueued)

    def run_in_place(self, execution: DjangoExecution) -> None:
        """As `run`, for a sync function in the caller's thread: nothing can cancel it."""
        revive()
        if self._begin(execution):
            self._perform(execution, execution.call_in_place)

    def run(self, execution: Any, *, background: bool = False) -> None:
        """Run the task in this thread, to its end; again after a failure, as its policy says.

        Re-raises KeyboardInterrupt, and what a receiver of a signal raises; in the background,
        the latter is logged.
        """
        try:
            retry = self._attempt(execution)
            while retry is not None:
                retry = self._attempt(execution) if self._pause(execution, retry) else None
        except Exception:
            if not background:
                raise
            path = execution.result.task.module_path
            logger.exception("Error around background task %s", path)

    def _attempt(self, execution: DjangoExecution) -> Retry | None:
        """Run the task once; returns what is to follow that."""
        revive()
        if not self._begin(execution):
            return None
        is_async = execution.is_async
        return self._perform(
            execution, async_to_sync(execution.acall) if is_async else execution.call
        )

    def _pause(self, execution: DjangoExecution, retry: Retry) -> bool:
        """Block until the next attempt is due; False if the task was cancelled."""
        if not execution.retry():
            self.abandon(execution, retry.error)
            return False
        try:
            wait_for_retry(execution, retry, self.sender, self._release)
        except BaseException as error:
            self.abandon(execution, execution.final_error(error))
            if not isinstance(error, asyncio.CancelledError):
                raise
            return False
        return True

    def _begin(self, execution: DjangoExecution) -> bool:
        """From the first signal to RUNNING; False if the outcome was decided before."""
        if execution.result.enqueued_at is None and execution.state is not State.ENDED:
            self.announce(execution)
        if not self._start(execution):
            return False
        self._send_or_fail(execution, self._signals(execution).task_started)
        return True

    def _start(self, execution: DjangoExecution) -> bool:
        with self._begin_lock:
            if not execution.begin():
                return False
            lifecycle.start(self.framework, execution.result, self.worker_id)
        return True

    def _perform(self, execution: DjangoExecution, call: Callable[[], Any]) -> Retry | None:
        try:
            value = keep_return_value(execution.result.task, call())[0]
        except KeyboardInterrupt as error:
            if execution.is_async:
                # It was raised in the thread that waits; the coroutine does not know of it.
                self._stop(execution, error)
                threads.wait_for(GRACE, lambda: not execution.is_awaited)
            self._finish_failed(execution, error)
            raise
        except BaseException as error:
            retry = wanted_retry(execution, error)
            if retry is None:
                self._finish_failed(execution, error)
            return retry
        if execution.finish():
            with finishing(execution.result):
                lifecycle.succeed(self.framework, execution.result, value)
                self._send(execution, self._signals(execution).task_finished)
        return None

    def _finish_failed(self, execution: DjangoExecution, error: BaseException) -> None:
        if execution.finish():
            with finishing(execution.result):
                self._write_failure(execution, error)
                self._send(execution, self._signals(execution).task_finished)

    def _send(self, execution: DjangoExecution, signal: Any) -> None:
        signal.send(sender=self.sender, task_result=execution.result)

    def _send_or_fail(self, execution: DjangoExecution, signal: Any) -> None:
        """Send; a receiver that raises fails the task, and the exception goes on."""
        try:
            self._send(execution, signal)
        except BaseException as error:
            if execution.finish():
                self._write_failure(execution, error)
                self._send_finished_robustly(execution)
            raise

    # -- awaited -------------------------------------------------------------

    async def arun_with_retries(self, execution: Any, *, background: bool = False) -> None:
        """See `arun`."""
        await self.arun(execution, background=background)

    async def arun(self, execution: Any, *, background: bool = False, retry: Any = None) -> None:  # noqa: ARG002
        """Run the task in the running asyncio task; a sync function in the thread-sensitive thread.

        After a failure again, as the policy of the execution says. Re-raises KeyboardInterrupt,
        what a receiver of a signal raises, and a cancellation that came from outside.
        """
        attempt = self._aattempt if execution.is_async else self._await_thread
        try:
            with threads.thread_sensitive_work() if execution.is_async else nullcontext():
                next_retry = await attempt(execution)
                while next_retry is not None:
                    is_due = await self._apause(execution, next_retry)
                    next_retry = await attempt(execution) if is_due else None
        except GeneratorExit as error:
            # The coroutine is being closed: nothing can be awaited any more.
            self.abandon(execution, error)
            raise

    async def _aattempt(self, execution: DjangoExecution) -> Retry | None:
        """As `_attempt`, for an async function."""
        return await self._aperform(execution) if await self._abegin(execution) else None

    async def _apause(self, execution: DjangoExecution, retry: Retry) -> bool:
        """As `_pause`; re-raises a cancellation that came from outside."""
        if not execution.retry():
            self.abandon(execution, retry.error)
            return False
        cancellations = pending_cancellations()
        try:
            await await_retry(execution, retry, self.sender, self._release)
        except BaseException as error:
            self.abandon(execution, execution.final_error(error))
            if pending_cancellations() > cancellations or not isinstance(
                error, asyncio.CancelledError
            ):
                raise
            return False
        return execution.begin()

    async def _abegin(self, execution: DjangoExecution) -> bool:
        """As `_begin`, without blocking the loop; receivers are called where they have to be."""
        signals = self._signals(execution)
        places = threads.receiver_places(self.sender, signals.task_enqueued, signals.task_started)
        result = execution.result
        try:
            if not places:
                return self._begin(execution)
            if places == {threads.THREAD}:
                return await threads.arun_thread_sensitive(partial(self._begin, execution))
            if result.enqueued_at is None:
                lifecycle.enqueue(result)
                await signals.task_enqueued.asend(sender=self.sender, task_result=result)
            if not self._start(execution):
                return False
            await signals.task_started.asend(sender=self.sender, task_result=result)
        except GeneratorExit:
            raise
        except BaseException as error:
            if self._finish(execution):
                self._write_failure(execution, error)
                await sync_to_async(self._send_finished_robustly)(execution)
            raise
        return True

    async def _aperform(self, execution: DjangoExecution) -> Retry | None:
        cancellations = pending_cancellations()
        try:
            value = keep_return_value(execution.result.task, await execution.acall())[0]
        except GeneratorExit:
            raise
        except BaseException as error:
            retry = wanted_retry(execution, error)
            if retry is None and execution.finish():
                with finishing(execution.result):
                    self._write_failure(execution, error)
                    await self._asend_finished(execution, error)
            if isinstance(error, DatabaseError | InterfaceError):
                # The server may have closed the connection: the next task gets another one.
                await threads.arun_thread_sensitive(revive)
            if isinstance(error, KeyboardInterrupt) or (
                isinstance(error, asyncio.CancelledError)
                and pending_cancellations() > cancellations
            ):
                raise
            return retry
        if execution.finish():
            with finishing(execution.result):
                lifecycle.succeed(self.framework, execution.result, value)
                await self._asend_finished(execution, None)
        return None

    async def _asend_finished(
        self, execution: DjangoExecution, error: BaseException | None
    ) -> None:
        """Send `task_finished`; called while the exception is handled, if there is one."""
        signal = self._signals(execution).task_finished
        places = threads.receiver_places(self.sender, signal)
        if not places:
            self._send(execution, signal)
        elif places == {threads.THREAD}:
            send = partial(self._send, execution, signal)
            if error is not None:
                send = partial(while_handling, error, send)
            # The outcome stands: a cancellation must not keep it from the receivers.
            await asyncio.shield(threads.arun_thread_sensitive(send))
        elif error is None:
            await signal.asend(sender=self.sender, task_result=execution.result)
        else:
            # Not `asend`, whose receivers would not find the exception in sys.exc_info().
            await sync_to_async(self._send)(execution, signal)

    async def _await_thread(self, execution: DjangoExecution) -> Retry | None:
        """As `_attempt`, for a sync function: it runs in the thread-sensitive thread."""
        cancellations = pending_cancellations()
        attempt = partial(threads.arun_thread_sensitive, partial(self._attempt, execution))
        try:
            retry: Retry | None = await execution.awaited(attempt)
        except BaseException as error:
            is_cancelled_outside = pending_cancellations() > cancellations
            if self.abandon(execution, error):
                if is_cancelled_outside:
                    raise
            elif is_cancelled_outside or not isinstance(error, asyncio.CancelledError):
                raise
            return None
        return retry
