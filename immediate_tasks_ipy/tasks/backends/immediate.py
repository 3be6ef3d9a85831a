"""The backend that runs a task at once, in this process."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ..base import Task, TaskResult
from ..exceptions import TaskNotCancellable
from ..identifiers import random_id
from ..lifecycle import fail, new_result, normalize_return, start, succeed
from ..signals import task_enqueued, task_finished, task_started
from ..sync import async_to_sync, has_running_loop, start_thread, sync_to_async
from .base import BaseTaskBackend
from .helper_loop import helper_loop
from .running import Run, ThreadCall, call

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy.tasks")


class ImmediateBackend(BaseTaskBackend):
    """Runs every task to its end when it is enqueued.

    `enqueue` runs in the caller's thread. `aenqueue` awaits an async function
    in the caller's own asyncio task and sends a sync one to a worker thread.
    `submit` starts a task in the background. However a task ends, by
    KeyboardInterrupt, SystemExit or a cancellation too, its result is finished
    and `task_finished` is sent.
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
        # Held where a thread begins a task that another one may be cancelling.
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
        in_body = False
        try:
            if task_enqueued:
                task_enqueued.send(type(self), task_result=result)
            start(result, self.worker_id)
            if task_started:
                task_started.send(type(self), task_result=result)
            in_body = True
            value = self._run_async(result) if task.traits.is_async else call(result)
            value, changes = normalize_return(value)
            succeed(result, value, changes)
        except BaseException as error:
            fail(result, error)
            if not in_body:
                task_finished.send_robust(type(self), task_result=result)
                raise
            task_finished.send(type(self), task_result=result)
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            if task_finished:
                task_finished.send(type(self), task_result=result)
        return result

    def _run_async(self, result: TaskResult[Any]) -> Any:
        """The value of an async function, which gets a loop of its own."""
        run = Run(self._runs, result)

        async def body() -> Any:
            run.enter_body()
            return await call(result)

        try:
            return async_to_sync(body)
        except asyncio.CancelledError as error:
            if run.cancel_error is None or run.cancel_error is error:
                raise
            raise run.cancel_error from error
        finally:
            run.claim()

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
        run = Run(self._runs, result)
        try:
            if task_enqueued:
                await task_enqueued.asend(type(self), task_result=result)
        except BaseException as error:
            run.claim()
            fail(result, error)
            await task_finished.asend_robust(type(self), task_result=result)
            raise
        await self._arun(run)
        return result

    async def _arun(self, run: Run) -> None:
        """From READY to the end, on the running loop."""
        result = run.result
        asyncio_task = asyncio.current_task()
        cancelling = asyncio_task.cancelling() if asyncio_task else 0
        began = False
        try:
            start(result, self.worker_id)
            if task_started:
                await task_started.asend(type(self), task_result=result)
            began = True
            run.enter_body()
            if result.task.traits.is_async:
                value = await call(result)
            else:
                run.thread = ThreadCall(partial(call, result))
                value = await sync_to_async(run.thread)
            value, changes = normalize_return(value)
            run.claim()
            run.leave_body()
            succeed(result, value, changes)
        except BaseException as error:
            run.claim()
            run.leave_body()
            if not began:
                fail(result, error)
                await task_finished.asend_robust(type(self), task_result=result)
                raise
            if isinstance(error, GeneratorExit) and _current_task() is not asyncio_task:
                # The coroutine is being closed: it must neither await nor go on.
                fail(result, error)
                task_finished.send(type(self), task_result=result)
                raise
            await self._afail(run, error)
            if isinstance(error, KeyboardInterrupt) or (
                isinstance(error, asyncio.CancelledError)
                and asyncio_task is not None
                and asyncio_task.cancelling() > cancelling
            ):
                raise
        else:
            if task_finished:
                await task_finished.asend(type(self), task_result=result)

    async def _afail(self, run: Run, error: BaseException) -> None:
        given_up = isinstance(error, asyncio.CancelledError) and _interrupt(run.thread)
        cancel_error = run.cancel_error
        if (
            isinstance(error, asyncio.CancelledError)
            and cancel_error is not None
            and not isinstance(cancel_error, asyncio.CancelledError)
        ):
            try:
                raise cancel_error from error
            except BaseException as replaced:  # noqa: BLE001  (what the result fails with)
                fail(run.result, replaced, given_up=given_up)
                await task_finished.asend(type(self), task_result=run.result)
            return
        fail(run.result, error, given_up=given_up)
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
                start_thread(partial(self._work, run), f"task {task.name}")
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
            run.asyncio_task.add_done_callback(partial(self._ended, run))

        if asyncio._get_running_loop() is loop:  # noqa: SLF001  (documented)
            create_task()
        else:
            loop.call_soon_threadsafe(create_task)

    async def _arun_in_background(self, run: Run) -> None:
        try:
            await self._arun(run)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException:  # an interrupt would end the loop with all its tasks
            logger.exception("Error around background task %s", run.result.task.module_path)

    def _ended(self, run: Run, asyncio_task: asyncio.Task[None]) -> None:
        """Finish a result whose asyncio task was cancelled before its first step."""
        if run.claim():
            self._give_up(run.result, asyncio.CancelledError(), given_up=False)

    def _work(self, run: Run) -> None:
        """From READY to the end, in this thread."""
        result = run.result
        try:
            with self._lock:
                if self._runs.get(result.id) is not run:
                    return  # cancelled before it began
                start(result, self.worker_id)
            if task_started:
                task_started.send(type(self), task_result=result)
            assert run.thread is not None  # noqa: S101
            value, changes = normalize_return(run.thread())
        except BaseException as error:  # noqa: BLE001  (nobody to raise it to)
            if run.claim():
                fail(result, error)
                task_finished.send_robust(type(self), task_result=result)
        else:
            if run.claim():
                succeed(result, value, changes)
                task_finished.send_robust(type(self), task_result=result)

    # -- cancelling ------------------------------------------------------

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:
        """End a task that has not finished; callable from any thread.

        An async function gets a CancelledError at its next await. A thread can't be
        stopped for sure: the result fails at once, and what the function
        returns later is dropped. The result fails with `error`, if given, in
        place of the CancelledError. Raises TaskNotCancellable.
        """
        run = self._runs.get(result.id)
        if error is None:
            error = asyncio.CancelledError("The task was cancelled.")
        if run is not None and self._cancel(run, error):
            return
        if result.is_finished or run is not None:
            msg = f"Task {result.id!r} has finished already: there is nothing to cancel."
            raise TaskNotCancellable(msg)
        msg = f"Task {result.id!r} runs synchronously, in place: use the stop button instead."
        raise TaskNotCancellable(msg)

    def _cancel(self, run: Run, error: BaseException) -> bool:
        if run.loop is not None:
            try:
                run.loop.call_soon_threadsafe(run.cancel_on_loop, error)
            except RuntimeError:  # the loop is closed
                given_up = True
            else:
                return True
        elif run.thread is None:
            run.cancel_error = error  # it is about to enter its loop
            return True
        else:
            given_up = False
        with self._lock:
            if not run.claim():
                return False
            given_up = _interrupt(run.thread) or given_up
        self._give_up(run.result, error, given_up=given_up)
        return True

    def _give_up(self, result: TaskResult[Any], error: BaseException, *, given_up: bool) -> None:
        try:
            raise error
        except BaseException as raised:  # noqa: BLE001  (so that receivers see it handled)
            fail(result, raised, given_up=given_up)
            task_finished.send(type(self), task_result=result)


def _interrupt(thread: ThreadCall | None) -> bool:
    """Try to stop a function in a thread; was it running?"""
    if thread is None or not thread.running:
        return False
    thread.interrupt()
    return True


def _current_task() -> asyncio.Task[Any] | None:
    return asyncio.current_task() if has_running_loop() else None
