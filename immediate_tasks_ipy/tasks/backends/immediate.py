"""The backend that runs a task at once, in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.base import Task, TaskResult
from immediate_tasks_ipy.tasks.dispatcher import Receiver
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code
from immediate_tasks_ipy.tasks.finishing import finish_interrupted
from immediate_tasks_ipy.tasks.lifecycle import (
    fail,
    new_result,
    random_id,
    start,
    succeed,
)
from immediate_tasks_ipy.tasks.signals import (
    is_logged,
    task_enqueued,
    task_finished,
    task_started,
)
from immediate_tasks_ipy.tasks.sync import start_thread
from immediate_tasks_ipy.tasks.values import keep_return_value

from .base import BaseTaskBackend
from .driver import Driver
from .event_loop import background_loop
from .execution import Execution, forget_running, running_result
from .function_call import call_function
from .retries import policy_on_offer, take_policy

T = TypeVar("T")

_set_running, _reset_running = running_result.set, running_result.reset


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
    supports_retries = True
    finishes_tasks = True

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        self.worker_id = random_id()
        self._driver = Driver(type(self), self.worker_id)
        # The tasks that can be cancelled, by the id of their result.
        self._executions: dict[str, Execution] = {}

    @calls_user_code
    def enqueue(  # noqa: C901, PLR0912, PLR0915
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Run the task here; returns its finished result.

        Re-raises KeyboardInterrupt, and what a receiver of a signal raises.
        """
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        policy = take_policy() if policy_on_offer.get() else None
        if task.traits.is_async or policy is not None:
            try:
                # A sync function can't be cancelled here: nobody else knows its execution.
                registry = self._executions if task.traits.is_async else {}
                execution = Execution(result, registry)
                execution.policy = policy
                self._driver.run(execution)
            except BaseException:
                self._executions.pop(result.id, None)  # where `run` was not reached
                raise
            return result
        # The fast path: `Driver.run` inlined, for a sync function that is tried once. It can't be
        # cancelled, so it needs no Execution. tests/tasks/test_fast_path.py holds both equal.
        sender = type(self)
        began = False
        receivers: Iterator[Receiver] | None = None
        should_emit = is_logged(logging.INFO)
        try:
            try:
                if should_emit or task_enqueued.receivers:
                    task_enqueued.send_fast(sender, result)
                    start(result, self.worker_id)
                else:
                    start(result, self.worker_id, result.enqueued_at)
                if should_emit or task_started.receivers:
                    task_started.send_fast(sender, result)
                began = True
                token = _set_running(result)
                try:
                    if task.takes_context:
                        value = call_function(result)
                    else:
                        value = task.func(*result.args, **result.kwargs)
                finally:
                    _reset_running(token)
                value, changes = keep_return_value(task, value)
            except BaseException as error:
                fail(result, error)
                if not began:
                    task_finished.send_robust(sender, task_result=result)
                    receivers = iter(())
                    raise
                receivers = task_finished.receivers_for(sender)
                task_finished.send_fast(sender, result, receivers)
                if issubclass(type(error), KeyboardInterrupt):
                    raise
            else:
                succeed(result, value, changes)
                if task_finished.receivers or is_logged(logging.INFO):
                    receivers = task_finished.receivers_for(sender)
                    task_finished.send_fast(sender, result, receivers)
        except BaseException as error:
            forget_running(result)
            finish_interrupted(sender, result, error, receivers)
            raise
        return result

    async def aenqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Run the task on the running loop; returns its finished result.

        Re-raises KeyboardInterrupt, what a receiver of a signal raises, and a
        cancellation that came from outside.
        """
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        policy = take_policy() if policy_on_offer.get() else None
        try:
            execution = Execution(result, self._executions)
            if policy is None:
                await self._driver.arun(execution)
            else:
                execution.policy = policy
                await self._driver.arun_with_retries(execution)
        except BaseException:
            self._executions.pop(result.id, None)  # where `arun` was not reached
            raise
        return result

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
        execution: Execution | None = None
        try:
            execution = Execution(result, self._executions)
            execution.policy = take_policy()
            if task_enqueued:
                task_enqueued.send(type(self), task_result=result)
            execution.schedule()
            if task.traits.is_async:
                self._driver.schedule(execution, loop or background_loop.loop)
            else:
                run = partial(self._driver.run, execution, background=True)
                start_thread(run, f"task {task.name}")
        except BaseException as error:
            if execution is None:
                self._executions.pop(result.id, None)
            elif execution.finish():
                finish_interrupted(type(self), result, error, None)
            raise
        return result

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:
        """End a task that has not finished, from any thread.

        An async function gets a CancelledError at its next await. A thread
        can't be stopped for sure: its result fails at once, and what the
        function does later is not looked at. The result fails with `error`, if
        that is given, or with the CancelledError. Raises TaskNotCancellable.
        """
        execution = self._executions.get(result.id)
        if execution is not None:
            if self._driver.cancel(execution, error):
                return
        elif not result.is_finished:
            raise TaskNotCancellable(
                f"Task {result.id!r} runs synchronously, in place: use the stop button instead."
            )
        raise TaskNotCancellable(
            f"Task {result.id!r} has finished already: there is nothing to cancel."
        )
