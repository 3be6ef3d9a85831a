"""What makes a framework's `BaseTaskBackend` an immediate one, the same for both frameworks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from asgiref.sync import async_to_sync, sync_to_async

from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.identifiers import random_id
from immediate_tasks_ipy.tasks.sync import has_running_loop

from . import lifecycle, threads
from .background import run_on
from .family import Family
from .run import Run

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Seconds that an interrupted task has for its clean-up before it is given up.
GRACE = 1.0
#: Said of a function that goes on after its result has ended.
NOT_STOPPED = "The function could not be stopped and may still be running."


class ImmediateExecution:
    """Runs tasks in this process, from any thread, with or without a running loop.

    `threads` says where a task runs; `Run` who may end it. The signals are the
    framework's own, and so are the results.
    """

    #: The framework whose base class is mixed in.
    family: ClassVar[Family]

    supports_async_task = True
    supports_priority = True

    # Can a task that runs be cancelled?
    supports_cancel = True

    # Does the backend bring its tasks to an end in this session, so that a
    # caller may wait for them?
    finishes_tasks = True

    # Of the framework's base class.
    alias: str
    validate_task: Callable[[Any], None]

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)  # type: ignore[call-arg]
        self.worker_id = random_id()
        self._runs: dict[str, Run] = {}

    # -- the ways in -----------------------------------------------------

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Run the task, and return its finished result."""
        run = self._new_run(task, args, kwargs)
        if not has_running_loop():
            self._execute(run)
            return run.result
        try:
            threads.run_beside_loop(partial(self._execute, run))
        except KeyboardInterrupt as error:
            self._interrupt(run, error)
            raise
        return run.result

    async def aenqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Run the task without blocking the loop, and return its finished result.

        An async task is awaited in the caller's asyncio task, a sync one runs
        in the thread-sensitive thread.
        """
        run = self._new_run(task, args, kwargs)
        if run.is_async:
            await self._aexecute(run)
            return run.result
        try:
            await threads.arun_beside_loop(partial(self._execute, run))
        except asyncio.CancelledError as error:
            self._give_up(run, error)
            raise
        return run.result

    def submit(
        self, task: Any, args: Any, kwargs: Any, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> Any:
        """Start the task in the background, and return its result at once.

        An async task runs on `loop`, or on a loop of a helper thread that all
        share; a sync one in a daemon thread with database connections of its
        own. `task_enqueued` has been sent when this returns.
        """
        run = self._new_run(task, args, kwargs, in_background=True)
        announce = partial(self._announce, run)
        if has_running_loop():
            threads.run_beside_loop(announce)
        else:
            announce()
        if run.is_async:
            run_on(loop, partial(self._aexecute_in_background, run))
        else:
            threads.run_in_own_thread(partial(self._execute_in_background, run))
        return run.result

    def cancel(self, result: Any) -> None:
        """End a task that waits or runs: FAILED. Callable from any thread.

        A coroutine is cancelled. A background thread can't be stopped: it is
        given up, and what it returns is ignored. Raises TaskNotCancellable
        otherwise.
        """
        run = self._runs.get(result.id)
        name = result.task.name
        if run is None or run.has_ended:
            msg = f"{name!r} has finished already: there is nothing to cancel."
            raise TaskNotCancellable(msg)
        if run.is_async:
            run.cancel()
        elif run.in_background:
            self._give_up(run, asyncio.CancelledError("The task was cancelled."))
        else:
            msg = f"{name!r} runs in the foreground: only an interrupt ends it, the stop button."
            raise TaskNotCancellable(msg)

    # -- the lifecycle in this thread --------------------------------------

    def _execute(self, run: Run) -> None:
        try:
            if run.result.enqueued_at is None:
                self._announce(run)
            if not run.has_ended:
                lifecycle.start(self.family, run.result, self.worker_id)
                self._send_or_fail(run, self.family.signals.task_started)
                self._perform(run)
        finally:
            self._runs.pop(run.result.id, None)

    def _announce(self, run: Run) -> None:
        lifecycle.enqueue(run.result)
        self._send_or_fail(run, self.family.signals.task_enqueued)

    def _perform(self, run: Run) -> None:
        try:
            raw = async_to_sync(run.acall)() if run.is_async else run.call_in_thread()
            value = lifecycle.normalized(raw)
        except KeyboardInterrupt as error:
            run.cancel(interrupt=True)
            run.wait_until_stopped(GRACE)
            self._fail(run, error)
            raise
        except BaseException as error:
            self._fail(run, error)
        else:
            if run.claim():
                lifecycle.succeed(self.family, run.result, value)
                self._send(run, self.family.signals.task_finished)

    def _fail(self, run: Run, error: BaseException) -> None:
        if run.claim():
            lifecycle.fail(self.family, run.result, error)
            self._send(run, self.family.signals.task_finished)

    def _send(self, run: Run, signal: Any) -> None:
        signal.send(sender=type(self), task_result=run.result)

    def _send_or_fail(self, run: Run, signal: Any) -> None:
        """Send; a receiver that raises fails the task, and the exception goes on."""
        try:
            self._send(run, signal)
        except BaseException as error:
            self._runs.pop(run.result.id, None)
            if run.claim():
                lifecycle.fail(self.family, run.result, error)
                self._send_finished_robustly(run)
            raise

    def _send_finished_robustly(self, run: Run) -> None:
        self.family.signals.task_finished.send_robust(sender=type(self), task_result=run.result)

    def _execute_in_background(self, run: Run) -> None:
        try:
            self._execute(run)
        except Exception:
            _log_receiver(run)

    # -- the lifecycle on the running loop -----------------------------------

    async def _aexecute(self, run: Run) -> None:
        try:
            with threads.thread_sensitive_work():
                if run.result.enqueued_at is None:
                    lifecycle.enqueue(run.result)
                    await self._asend_or_fail(run, self.family.signals.task_enqueued)
                if not run.has_ended:
                    lifecycle.start(self.family, run.result, self.worker_id)
                    await self._asend_or_fail(run, self.family.signals.task_started)
                    await self._aperform(run)
        except GeneratorExit as error:
            # The coroutine is being closed: nothing can be awaited any more.
            self._give_up(run, error)
            raise
        finally:
            self._runs.pop(run.result.id, None)

    async def _aperform(self, run: Run) -> None:
        asyncio_task = asyncio.current_task()
        cancellations = asyncio_task.cancelling() if asyncio_task is not None else 0
        try:
            value = lifecycle.normalized(await run.acall())
        except GeneratorExit:
            raise
        except BaseException as error:
            await self._afail(run, error)
            came_from_outside = (
                asyncio_task is not None and asyncio_task.cancelling() > cancellations
            )
            if isinstance(error, KeyboardInterrupt) or (
                isinstance(error, asyncio.CancelledError) and came_from_outside
            ):
                raise
        else:
            if run.claim():
                lifecycle.succeed(self.family, run.result, value)
                signal = self.family.signals.task_finished
                await signal.asend(sender=type(self), task_result=run.result)

    async def _afail(self, run: Run, error: BaseException) -> None:
        if run.claim():
            lifecycle.fail(self.family, run.result, error)
            # Not `asend`: its receivers would not find the exception in sys.exc_info().
            await sync_to_async(self._send)(run, self.family.signals.task_finished)

    async def _asend_or_fail(self, run: Run, signal: Any) -> None:
        try:
            await signal.asend(sender=type(self), task_result=run.result)
        except GeneratorExit:
            raise
        except BaseException as error:
            if run.claim():
                lifecycle.fail(self.family, run.result, error)
                await sync_to_async(self._send_finished_robustly)(run)
            raise

    async def _aexecute_in_background(self, run: Run) -> None:
        try:
            await self._aexecute(run)
        except KeyboardInterrupt:
            pass  # The result has it; raised from here, it would end the loop.
        except Exception:
            _log_receiver(run)

    # -- what was stopped ----------------------------------------------------

    def _new_run(self, task: Any, args: Any, kwargs: Any, *, in_background: bool = False) -> Run:
        self.validate_task(task)
        result = lifecycle.new_result(self.family, task, self.alias, args, kwargs)
        is_async = iscoroutinefunction(task.func)
        run = Run(self.family, result, is_async=is_async, in_background=in_background)
        self._runs[result.id] = run
        return run

    def _interrupt(self, run: Run, error: KeyboardInterrupt) -> None:
        """Stop a task whose caller was interrupted, and give it up if it does not stop."""
        if run.is_async:
            run.cancel(interrupt=True)
        else:
            run.interrupt_thread()
        if not run.wait_until_ended(GRACE):
            self._give_up(run, error)

    def _give_up(self, run: Run, error: BaseException) -> None:
        """Make a task FAILED though its function may run on; nothing if it has ended."""
        if not run.claim():
            return
        self._runs.pop(run.result.id, None)
        if not isinstance(error, GeneratorExit):
            error.add_note(NOT_STOPPED)
        lifecycle.fail(self.family, run.result, error)
        send = partial(_while_handling, error, partial(self._send_finished_robustly, run))
        if has_running_loop():
            threads.run_in_own_thread(send).result()
        else:
            send()


def _while_handling(error: BaseException, send: Callable[[], None]) -> None:
    """Send so that receivers find the exception in sys.exc_info()."""
    try:
        raise error  # noqa: TRY301 # to be the one in sys.exc_info()
    except BaseException:
        send()


def _log_receiver(run: Run) -> None:
    logger.exception("A receiver of task id=%s raised.", run.result.id)  # noqa: LOG004 # both callers handle one
