"""The lifecycle of a Django task, in a thread or awaited on a loop: signals, states, outcome."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from asgiref.sync import async_to_sync, sync_to_async

from immediate_tasks_ipy.tasks.sync import has_running_loop

from . import lifecycle, threads
from .family import Family
from .run import Run

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Seconds that an interrupted task has for its clean-up before it is given up.
GRACE = 1.0
#: Where receivers are called, other than at once.
_THREAD, _LOOP = "in a thread", "on the loop, awaited"
#: The modules whose receivers neither block nor use the ORM.
_LIGHT = {"django.tasks.signals", "django_tasks.signals", f"{__package__}.observation"}
#: Said of a function that goes on after its result has ended.
NOT_STOPPED = "The function could not be stopped and may still be running."


class Execution:
    """Takes runs from READY to their end; `ImmediateExecution` is how they get here.

    However a run ends, its result is finished and `task_finished` is sent. A
    receiver that raises for one of the first two signals fails the task.
    """

    #: The framework whose signals are sent.
    family: ClassVar[Family]

    # The tasks that have not ended, by the id of their result. A framework makes a backend for
    # each thread: whoever cancels may have another than the one that runs the task.
    _runs: ClassVar[dict[str, Run]] = {}
    # Held where a thread begins a task that another one may be giving up.
    _lock: ClassVar[threading.Lock] = threading.Lock()

    # Of the framework's class.
    worker_id: str

    # -- in this thread ------------------------------------------------------

    def _execute(self, run: Run) -> None:
        if self._begin(run):
            self._perform(run)

    def _begin(self, run: Run) -> bool:
        """From the first signal to RUNNING; False if the task was given up before it began."""
        if run.result.enqueued_at is None and not run.has_ended:
            self._announce(run)
        if not self._start(run):
            return False
        self._send_or_fail(run, self.family.signals.task_started)
        return True

    def _start(self, run: Run) -> bool:
        with self._lock:
            if run.has_ended:
                return False
            lifecycle.start(self.family, run.result, self.worker_id)
        return True

    def _announce(self, run: Run) -> None:
        lifecycle.enqueue(run.result)
        self._send_or_fail(run, self.family.signals.task_enqueued)

    def _perform(self, run: Run) -> None:
        try:
            raw = async_to_sync(run.acall)() if run.is_async else run.call_in_thread()
            value = lifecycle.normalized(raw)
        except KeyboardInterrupt as error:
            if run.is_async:
                # It came to the thread that waits; the coroutine has not been told.
                run.cancel(error)
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

    # -- awaited -------------------------------------------------------------

    async def _aexecute(self, run: Run) -> None:
        try:
            with threads.thread_sensitive_work():
                if await self._abegin(run):
                    await self._aperform(run)
        except GeneratorExit as error:
            # The coroutine is being closed: nothing can be awaited any more.
            self._give_up(run, error)
            raise

    async def _abegin(self, run: Run) -> bool:
        """As `_begin`, without blocking the loop; its receivers run where they belong."""
        signals = self.family.signals
        audience = self._audience(signals.task_enqueued, signals.task_started)
        try:
            if not audience:
                return self._begin(run)
            if audience == {_THREAD}:
                return await threads.arun_beside_loop(partial(self._begin, run))
            if run.result.enqueued_at is None:
                lifecycle.enqueue(run.result)
                await signals.task_enqueued.asend(sender=type(self), task_result=run.result)
            if not self._start(run):
                return False
            await signals.task_started.asend(sender=type(self), task_result=run.result)
        except GeneratorExit:
            raise
        except BaseException as error:
            if run.claim():
                lifecycle.fail(self.family, run.result, error)
                await sync_to_async(self._send_finished_robustly)(run)
            raise
        return True

    async def _aperform(self, run: Run) -> None:
        cancellations = _cancellations()
        try:
            value = lifecycle.normalized(await run.acall())
        except GeneratorExit:
            raise
        except BaseException as error:
            if run.claim():
                lifecycle.fail(self.family, run.result, error)
                await self._asend_finished(run, error)
            if isinstance(error, KeyboardInterrupt) or (
                isinstance(error, asyncio.CancelledError) and _cancellations() > cancellations
            ):
                raise
        else:
            if run.claim():
                lifecycle.succeed(self.family, run.result, value)
                await self._asend_finished(run, None)

    async def _asend_finished(self, run: Run, error: BaseException | None) -> None:
        """Send `task_finished`; called while the exception is handled, if there is one."""
        signal = self.family.signals.task_finished
        audience = self._audience(signal)
        if not audience:
            self._send(run, signal)
        elif audience == {_THREAD}:
            send = partial(self._send, run, signal)
            if error is not None:
                send = partial(_while_handling, error, send)
            # The outcome stands: a cancellation must not keep receivers from hearing of it.
            await asyncio.shield(threads.arun_beside_loop(send))
        elif error is None:
            await signal.asend(sender=type(self), task_result=run.result)
        else:
            # Not `asend`, whose receivers would not find the exception in sys.exc_info().
            await sync_to_async(self._send)(run, signal)

    def _audience(self, *signals: Any) -> set[str]:
        """Where receivers have to be called; empty if all may be on the running loop.

        Sync ones may use the ORM, and need a thread; those of the framework,
        which log, and of the bridge do not.
        """
        audience = set()
        for signal in signals:
            sync_receivers, async_receivers = signal._live_receivers(type(self))
            if async_receivers:
                audience.add(_LOOP)
            if any(_may_block(receiver) for receiver in sync_receivers):
                audience.add(_THREAD)
        return audience

    async def _await_thread(self, run: Run) -> None:
        """Await a sync task, which runs in the thread-sensitive thread."""
        cancellations = _cancellations()
        try:
            await run.awaited(partial(threads.arun_beside_loop, partial(self._execute, run)))
        except BaseException as error:
            if run.has_ended:
                raise
            run.interrupt()
            self._give_up(run, error)
            if _cancellations() > cancellations:
                raise

    async def _aexecute_in_background(self, run: Run) -> None:
        try:
            await self._aexecute(run)
        except KeyboardInterrupt:
            pass  # The result has it; raised from here, it would end the loop.
        except Exception:
            _log_receiver(run)

    # -- stopped -------------------------------------------------------------

    def _interrupt(self, run: Run, error: KeyboardInterrupt) -> None:
        """Stop a task whose caller was interrupted, and give it up if it does not stop."""
        run.cancel(error)
        run.interrupt(error)
        run.wait_until_ended(GRACE)
        self._give_up(run, error)

    def _give_up(self, run: Run, error: BaseException) -> None:
        """Make a task FAILED whatever its function does; nothing if it has ended."""
        with self._lock:
            if not run.claim():
                return
        if run.may_run_on:
            error.add_note(NOT_STOPPED)
        lifecycle.fail(self.family, run.result, error)
        send = partial(_while_handling, error, partial(self._send_finished_robustly, run))
        if has_running_loop():
            threads.run_in_own_thread(send).result()
        else:
            send()


def _may_block(receiver: Any) -> bool:
    module = getattr(receiver, "__module__", "")
    return module not in _LIGHT


def _cancellations() -> int:
    """How many cancellations of the current asyncio task are on their way."""
    asyncio_task = asyncio.current_task()
    return asyncio_task.cancelling() if asyncio_task is not None else 0


def _while_handling(error: BaseException, send: Callable[[], None]) -> None:
    """Send so that receivers find the exception in sys.exc_info()."""
    try:
        raise error  # noqa: TRY301 # to be the one in sys.exc_info()
    except BaseException:
        send()


def _log_receiver(run: Run) -> None:
    logger.exception("A receiver of task id=%s raised.", run.result.id)  # noqa: LOG004 # both callers handle one
