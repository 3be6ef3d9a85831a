"""The backend that runs a task at once, in this process."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.base import Task, TaskResult
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.identifiers import random_id
from immediate_tasks_ipy.tasks.lifecycle import fail, new_result, normalize_return, start, succeed
from immediate_tasks_ipy.tasks.signals import (
    is_logged,
    logger,
    task_enqueued,
    task_finished,
    task_started,
)
from immediate_tasks_ipy.tasks.sync import (
    async_to_sync,
    current_task,
    outcome_in_thread,
    start_thread,
)

from .base import BaseTaskBackend
from .helper_loop import helper_loop
from .running import Run, ThreadCall, call

T = TypeVar("T")


class ImmediateBackend(BaseTaskBackend):
    """Runs a task when it is enqueued.

    `enqueue` runs it in the caller's thread, to its end. `aenqueue` awaits an
    async function in the caller's asyncio task, and sends a sync one to a
    worker thread. `submit` starts it in the background. However a task ends,
    by KeyboardInterrupt, SystemExit or a cancellation too, its result is
    finished then and `task_finished` is sent.
    """

    supports_async_task = True
    supports_priority = True
    supports_cancel = True
    finishes_tasks = True

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        self.worker_id = random_id()
        # The tasks that can be cancelled, by the id of their result.
        self._runs: dict[str, Run] = {}
        # Held while a thread begins a task, which another one may be cancelling.
        self._lock = threading.Lock()

    # -- in place --------------------------------------------------------

    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Run the task here; returns its finished result.

        Re-raises KeyboardInterrupt, and what a receiver of a signal raises.
        """
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        run = Run(self._runs, result) if task.traits.is_async else None
        sender = type(self)
        began = False
        heard = is_logged(logging.INFO)
        try:
            if heard or task_enqueued.receivers:
                task_enqueued.tell(sender, result)
                start(result, self.worker_id)
            else:
                start(result, self.worker_id, result.enqueued_at)
            if heard or task_started.receivers:
                task_started.tell(sender, result)
            began = True
            value, changes = normalize_return(call(result) if run is None else self._run_async(run))
            succeed(result, value, changes)
        except BaseException as error:
            if run is not None:
                run.claim()
            fail(result, error)
            if not began:
                task_finished.send_robust(sender, task_result=result)
                raise
            task_finished.tell(sender, result)
            if isinstance(error, KeyboardInterrupt) and (run is None or error is not run.error):
                raise
        else:
            if task_finished.receivers or is_logged(logging.INFO):
                task_finished.tell(sender, result)
        return result

    def _run_async(self, run: Run) -> Any:
        """The value of an async function, which gets a loop of its own."""

        async def body() -> Any:
            run.loop, run.asyncio_task = asyncio.get_running_loop(), asyncio.current_task()
            run.in_body = True
            if run.cancelled:
                raise asyncio.CancelledError
            return await call(run.result)

        try:
            value = async_to_sync(body)
        except asyncio.CancelledError as error:
            replacement = run.replacement(error)
            if replacement is None:
                raise
            raise replacement.with_traceback(error.__traceback__) from None
        run.claim()
        return value

    # -- on the running loop ---------------------------------------------

    async def aenqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Run the task on the running loop; returns its finished result.

        Re-raises KeyboardInterrupt, what a receiver of a signal raises, and a
        cancellation that came from outside.
        """
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        await self._arun(Run(self._runs, result))
        return result

    async def _arun(self, run: Run, *, announced: bool = False) -> None:  # noqa: C901, PLR0912
        """From READY to the end, in the running asyncio task."""
        result = run.result
        sender = type(self)
        began = False
        heard = is_logged(logging.INFO)
        asyncio_task = run.asyncio_task = current_task()
        cancelling = asyncio_task.cancelling() if asyncio_task is not None else 0
        try:
            if announced:
                if not self._begin(run):
                    return
            elif heard or task_enqueued.receivers:
                await task_enqueued.asend(sender, task_result=result)
                start(result, self.worker_id)
            else:
                start(result, self.worker_id, result.enqueued_at)
            if heard or task_started.receivers:
                await task_started.asend(sender, task_result=result)
            began = True
            if run.cancelled:
                raise asyncio.CancelledError  # noqa: TRY301
            run.in_body = True
            if result.task.traits.is_async:
                value = await call(result)
            else:
                run.thread = ThreadCall(partial(call, result))
                value = (await outcome_in_thread(run.thread)).get()
            if run.owed:
                run.relieve()
            value, changes = normalize_return(value)
            del self._runs[result.id]
            succeed(result, value, changes)
        except BaseException as error:
            run.relieve()
            if not run.claim() and result.is_finished:
                raise  # given up already
            outer = (
                isinstance(error, asyncio.CancelledError)
                and asyncio_task is not None
                and asyncio_task.cancelling() > cancelling
            )
            # A coroutine that is being closed must not be suspended again.
            closed = isinstance(error, GeneratorExit) and (
                asyncio_task is None or current_task() is not asyncio_task
            )
            await self._afail(run, error, robustly=not began, in_place=closed)
            if outer or not began or isinstance(error, KeyboardInterrupt):
                raise
        else:
            if task_finished.receivers or is_logged(logging.INFO):
                await task_finished.asend(sender, task_result=result)

    async def _afail(
        self, run: Run, error: BaseException, *, robustly: bool, in_place: bool
    ) -> None:
        """FAILED with the exception that is being handled, or with what replaces it."""
        replacement = run.replacement(error)
        if replacement is not None:
            run.error = None
            try:
                raise replacement.with_traceback(error.__traceback__) from None  # noqa: TRY301
            except BaseException as replaced:
                await self._afail(run, replaced, robustly=robustly, in_place=in_place)
            return
        given_up = run.thread is not None and run.thread.interrupt()
        fail(run.result, error, given_up=given_up)
        if in_place:
            task_finished.send_robust(type(self), task_result=run.result)
        elif robustly:
            await task_finished.asend_robust(type(self), task_result=run.result)
        else:
            await task_finished.asend(type(self), task_result=run.result)

    # -- in the background -----------------------------------------------

    def submit(
        self,
        task: Task[..., T],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> TaskResult[T]:
        """Start the task in the background; returns its result, READY or RUNNING.

        An async function runs on `loop`, which may be running in any thread,
        or on one helper loop; a sync one in a daemon thread of its own. The
        caller's context variables reach both. `task_enqueued` is sent here,
        the other signals where the task runs.
        """
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        run = Run(self._runs, result)
        try:
            if task_enqueued:
                task_enqueued.send(type(self), task_result=result)
            if task.traits.is_async:
                self._schedule(run, loop or helper_loop())
            else:
                run.thread = ThreadCall(partial(call, result))
                start_thread(partial(self._work, run, run.thread), f"task {task.name}")
        except BaseException as error:
            if run.claim():
                fail(result, error)
                task_finished.send_robust(type(self), task_result=result)
            raise
        return result

    def _schedule(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        context = contextvars.copy_context()
        run.loop = loop

        def create_task() -> None:
            coroutine = self._arun_in_background(run)
            run.asyncio_task = loop.create_task(coroutine, context=context)
            run.asyncio_task.add_done_callback(lambda _: self._ended(run))

        if asyncio._get_running_loop() is loop:
            create_task()
        else:
            loop.call_soon_threadsafe(create_task)

    async def _arun_in_background(self, run: Run) -> None:
        try:
            await self._arun(run, announced=True)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException:  # an interrupt, too, would end the loop with all its other tasks
            logger.exception("Error around background task %s", run.result.task.module_path)

    def _ended(self, run: Run) -> None:
        """Finish a result whose asyncio task was cancelled before its first step."""
        if run.claim():
            self._fail(run.result, asyncio.CancelledError())

    def _begin(self, run: Run) -> bool:
        """RUNNING; False if it was cancelled while it was READY."""
        with self._lock:
            if self._runs.get(run.result.id) is not run:
                return False
            start(run.result, self.worker_id)
            return True

    def _work(self, run: Run, function: ThreadCall) -> None:
        """From READY to the end, in this thread."""
        result = run.result
        try:
            if not self._begin(run):
                return
            if task_started:
                task_started.send(type(self), task_result=result)
            value, changes = normalize_return(function())
        except BaseException as error:
            if run.claim():
                fail(result, error)
                task_finished.send_robust(type(self), task_result=result)
        else:
            if run.claim():
                succeed(result, value, changes)
                task_finished.send_robust(type(self), task_result=result)

    # -- cancelling ------------------------------------------------------

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:
        """End a task that has not finished, from any thread.

        An async function gets a CancelledError at its next await. A thread
        can't be stopped for sure: its result fails at once, and what the
        function does later is not looked at. The result fails with `error`, if
        that is given, or with the CancelledError. Raises TaskNotCancellable.
        """
        run = self._runs.get(result.id)
        if run is not None:
            if self._cancel(run, error):
                return
        elif not result.is_finished:
            raise TaskNotCancellable(
                f"Task {result.id!r} runs synchronously, in place: use the stop button instead."
            )
        raise TaskNotCancellable(
            f"Task {result.id!r} has finished already: there is nothing to cancel."
        )

    def _cancel(self, run: Run, error: BaseException | None) -> bool:
        """Cancel a run where it is; False if it has ended meanwhile."""
        if run.cancelled:
            return True
        run.error, run.cancelled = error, True
        loop = run.loop
        if loop is None and run.asyncio_task is not None:
            loop = run.asyncio_task.get_loop()
        if loop is None and run.thread is None:
            return True  # it will see that when it comes to its loop
        with self._lock:
            # In a thread, or not come to by its loop yet: nothing but the result has to end.
            alone = loop is None or (run.loop is not None and run.result.status == "READY")
            claimed = alone and run.claim()
        if not claimed and loop is not None:
            try:
                loop.call_soon_threadsafe(run.cancel_on_loop)
            except RuntimeError:  # the loop is closed: the task will never go on
                claimed = run.claim()
            else:
                return True
        if claimed:
            given_up = run.thread is not None and run.thread.interrupt()
            self._fail(run.result, error or asyncio.CancelledError(), given_up=given_up)
        return claimed

    def _fail(
        self, result: TaskResult[Any], error: BaseException, *, given_up: bool = False
    ) -> None:
        """FAILED from outside, with an exception that nobody has raised."""
        try:
            raise error  # noqa: TRY301  (receivers see what is handled)
        except BaseException as raised:
            fail(result, raised, given_up=given_up)
            task_finished.send(type(self), task_result=result)
