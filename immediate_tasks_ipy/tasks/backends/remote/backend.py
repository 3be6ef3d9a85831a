"""The backend of tasks that run outside of this process, whatever engine runs them."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.backends.attempts import log_release, next_attempt
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.execution import Execution
from immediate_tasks_ipy.tasks.backends.retries import take_policy
from immediate_tasks_ipy.tasks.base import Task, TaskResult
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.finishing import finishing
from immediate_tasks_ipy.tasks.lifecycle import fail, new_result, release
from immediate_tasks_ipy.tasks.signals import (
    task_enqueued,
    task_finished,
    task_noted,
    task_output,
    task_progress,
    task_released,
    task_started,
)

from . import outcome as outcomes
from .engine import Engine
from .job import Job
from .outcome import Outcome
from .pauses import Pauses
from .pickled_function import pickle_function
from .result_registry import ResultRegistry

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy.tasks")


class RemoteBackend(BaseTaskBackend):
    """Sends tasks to an engine, and keeps their results live. A subclass names the engine.

    `task_enqueued` is sent by `enqueue`, the other signals on whichever thread the engine
    reports from. A worker that is lost, or a failure after which the caller's policy asks for
    another attempt, puts a task back to READY (`task_released`); the next attempt sends
    `task_started` again. A task that is cancelled fails at once; where the
    engine can't stop one that runs, it is abandoned. The first outcome wins.
    """

    supports_async_task = True
    supports_get_result = True
    supports_priority = True
    supports_cancel = True
    supports_retries = True
    finishes_tasks = True
    is_remote = True

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        #: What runs the tasks.
        self.engine = self.create_engine()
        self._pauses = Pauses(self.engine)
        self._results = ResultRegistry()
        #: Those whose outcome is open, by the ids of their results. An execution is SCHEDULED
        #: from here to its end: the result says what the engine does with it meanwhile.
        self._executions: dict[str, Execution] = {}
        # Held while it is decided who writes a status, never while a signal is sent.
        self._lock = threading.Lock()
        # A backend that nobody holds any more, as after configure(), and every one at exit.
        self._finalizer = weakref.finalize(self, self.engine.close)

    @abstractmethod
    def create_engine(self) -> Engine:
        """The engine for `self.options`, not started yet. Raises InvalidTaskBackend."""

    # -- the contract of a backend ---------------------------------------

    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Hand a task to the engine; returns its READY result at once.

        Raises InvalidTask if an argument, or a variable that the function uses, can't be pickled.
        """
        self.validate_task(task)
        function = pickle_function(task.func, task.name)
        result = new_result(task, self.alias, args, kwargs)
        job = Job(self, result, function)
        self._results.add(result)
        execution = Execution(result, self._executions)
        execution.policy = take_policy()
        execution.schedule()
        try:
            if task_enqueued:
                task_enqueued.send(type(self), task_result=result)
            self.engine.send(job)
        except BaseException as error:
            self._fail(result, error)
            raise
        return result

    async def aenqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """As `enqueue`, which does not block."""
        return self.enqueue(task, args, kwargs)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """The live result of that id. Raises TaskResultDoesNotExist."""
        return self._results.get(result_id)

    async def aget_result(self, result_id: str) -> TaskResult[Any]:
        """See `get_result`."""
        return self.get_result(result_id)

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:
        """Take a task off the engine's queue; stop one that runs, or abandon it to run on.

        The result fails with `error`, if given, in place of a CancelledError.
        Callable from any thread. Raises TaskNotCancellable if it has finished.
        """
        if not self._fail(result, error or asyncio.CancelledError("The task was cancelled.")):
            raise TaskNotCancellable(
                f"Task {result.id!r} has finished already: there is nothing to cancel."
            )
        self._pauses.cancel(result.id)
        self.engine.cancel(result.id)

    def close(self) -> None:
        """Abandon what has not finished, and release what the engine holds."""
        self.engine.close()
        for job in self._pauses.take_all():
            error = RuntimeError("The backend was closed before the task was tried again.")
            self._fail(job.result, error)

    # -- what the engine reports: see JobObserver ------------------------

    def started(self, job: Job, worker: str, timestamp: float) -> None:
        """A worker has begun with a task."""
        with self._lock:
            if job.result.id not in self._executions:
                return
            outcomes.start(job.result, worker, timestamp)
        try:
            task_started.send(type(self), task_result=job.result)
        except Exception as error:
            logger.exception("A receiver of task_started failed.")
            if self._fail(job.result, error):
                self.engine.cancel(job.result.id)

    def released(self, job: Job) -> None:
        """The worker that ran a task is gone; the engine will try another one."""
        with self._lock:
            if job.result.id not in self._executions:
                return
            release(job.result)
        task_released.send_robust(type(self), task_result=job.result)

    def output(self, job: Job, text: str) -> None:
        """A task has written something."""
        if job.result.id in self._executions:
            task_output.send_robust(type(self), task_result=job.result, text=text)

    def progress(self, job: Job, done: float, total: float | None, text: str) -> None:
        """A task says how far it is."""
        if job.result.id in self._executions:
            task_progress.send_robust(
                type(self), task_result=job.result, done=done, total=total, text=text
            )

    def finished(self, job: Job, outcome: Outcome) -> None:
        """A worker has brought a task to its end; the first outcome wins."""
        if self._try_again(job, outcome):
            return
        if self._claim(job.result):
            with finishing(job.result):
                error = outcomes.finish(job.result, outcome)
                self._send_finished(job.result, error)

    def abandon(self, job: Job, error: BaseException) -> None:
        """A task's outcome will never be known."""
        self._fail(job.result, error)

    def crashed(self, job: Job, error: BaseException) -> None:
        """A task has brought its worker down: that attempt has failed."""
        if not self._try_again(job, error):
            self._fail(job.result, error)

    def noted(self, job: Job, text: str | None) -> None:
        """What the engine has to say of a task, or nothing any more."""
        task_noted.send_robust(type(self), task_result=job.result, text=text)

    def started_late(self, job: Job) -> None:
        """A task that was cancelled while it waited had just begun, and runs on."""
        outcomes.set_abandoned(job.result)
        task_released.send_robust(type(self), task_result=job.result)

    # ----------------------------------------------------------------------

    def _try_again(self, job: Job, ending: Outcome | BaseException) -> bool:
        """READY for another attempt, if one follows what ended this one; returns whether it is."""
        result = job.result
        execution = self._executions.get(result.id)
        if execution is None or execution.policy is None:
            return False
        error = ending if isinstance(ending, BaseException) else outcomes.load_error(ending)
        if error is None:
            return False
        with self._lock:
            retry = next_attempt(execution, error)
            if retry is None:
                return False
            if isinstance(ending, BaseException):
                release(result, error)
            else:
                outcomes.release(result, ending)
            job.retries += 1
        log_release(result, error)
        task_released.send_robust(type(self), task_result=result)
        self._pauses.start(job, retry.pause)
        if result.is_finished:  # it was cancelled before there was a pause
            self._pauses.cancel(result.id)
        return True

    def _claim(self, result: TaskResult[Any]) -> bool:
        """Take the right to write the outcome; False if another has taken it before."""
        with self._lock:
            execution = self._executions.get(result.id)
            return execution is not None and execution.finish()

    def _fail(self, result: TaskResult[Any], error: BaseException) -> bool:
        """FAILED with that error, unless it has finished; returns whether it was."""
        if not self._claim(result):
            return False
        with finishing(result):
            runs_on = result.status == "RUNNING" and not self.engine.stops_running_tasks
            fail(result, error, abandoned=runs_on)
            self._send_finished(result, error)
        return True

    def _send_finished(self, result: TaskResult[Any], error: BaseException | None) -> None:
        """Send `task_finished`; that of a failure while its exception is being handled."""
        self._results.retire(result)
        if error is None:
            task_finished.send_robust(type(self), task_result=result)
            return
        # Where it was raised, if that is known; not here.
        origin = error.__traceback__
        try:
            raise error  # noqa: TRY301  (so that receivers see it handled)
        except BaseException:
            error.__traceback__ = origin
            task_finished.send_robust(type(self), task_result=result)
