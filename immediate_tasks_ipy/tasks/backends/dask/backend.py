"""The backend that runs tasks on a Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.base import Task, TaskResult
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable, TaskResultDoesNotExist
from immediate_tasks_ipy.tasks.lifecycle import fail, new_result
from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished, task_started

from . import outcome as outcomes
from .cluster import check_options
from .dispatch_thread import DispatchThread
from .job import Job
from .pickled_function import pickle_function

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Finished results that `get_result` still finds.
KEPT = 10_000


class DaskBackend(BaseTaskBackend):
    """Runs tasks on the workers of a Dask cluster, and keeps their results live.

    OPTIONS: `address` of a scheduler, or `client` (a `distributed.Client`);
    with neither, an embedded cluster is started for the first task, whose
    LocalCluster takes the keyword arguments in `cluster`. `timeout`: seconds
    to wait for a scheduler, 5 unless given.

    The signals are sent from one background thread, `task_enqueued` apart. A
    worker that is lost puts its tasks back to READY, in place and without a
    signal (`on_released` is told); `task_started` is sent again by the next
    attempt. A running task can't be stopped: it is given up.
    """

    supports_async_task = True
    supports_get_result = True
    supports_priority = True
    supports_cancel = True
    finishes_tasks = True

    #: Called with a result and what its task wrote, before `task_finished` is sent.
    on_output: ClassVar[Callable[[TaskResult[Any], str], object] | None] = None
    #: Called with a result that has become READY again, since its worker was lost.
    on_released: ClassVar[Callable[[TaskResult[Any]], object] | None] = None

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        check_options(alias, self.options)
        self._lock = threading.Lock()
        self._results: dict[str, TaskResult[Any]] = {}
        self._finished: deque[str] = deque()
        self._dispatch = DispatchThread(self.options)
        # A backend that nobody holds any more, as after configure(), and every one at exit.
        self._finalizer = weakref.finalize(self, self._dispatch.close)

    @property
    def client(self) -> Any:
        """The `distributed.Client` in use, connected if need be: for `upload_file` and the like.

        Raises ConnectionError.
        """
        return self._dispatch.connect().client

    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Hand a task to the cluster; returns its READY result at once.

        Raises InvalidTask if a variable that the function uses can't be pickled.
        """
        self.validate_task(task)
        function = pickle_function(task.func, task.name)
        result = new_result(task, self.alias, args, kwargs)
        with self._lock:
            self._results[result.id] = result
        if task_enqueued:
            try:
                task_enqueued.send(type(self), task_result=result)
            except BaseException as error:
                self._fail(result, error)
                raise
        self._dispatch.add(Job(self, result, function))
        return result

    async def aenqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """As `enqueue`, which does not block."""
        return self.enqueue(task, args, kwargs)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """Return the live result of that id. Raises TaskResultDoesNotExist."""
        try:
            return self._results[result_id]
        except KeyError:
            raise TaskResultDoesNotExist(result_id) from None

    async def aget_result(self, result_id: str) -> TaskResult[Any]:
        """See `get_result`."""
        return self.get_result(result_id)

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:
        """Take a task off the cluster's queue; give up one that runs, which then runs on.

        The result fails with `error`, if given, in place of a CancelledError.
        Callable from any thread. Raises TaskNotCancellable if it has finished.
        """
        if not self._fail(result, error or asyncio.CancelledError("The task was cancelled.")):
            raise TaskNotCancellable(
                f"Task {result.id!r} has finished already: there is nothing to cancel."
            )
        self._dispatch.cancel(result.id)

    def close(self) -> None:
        """Give up what has not finished, and stop the embedded cluster."""
        self._dispatch.close()

    # -- called by the dispatch thread -------------------------------------

    def started(self, job: Job, worker: str, timestamp: float) -> None:
        """A worker has begun with a task."""
        with self._lock:
            if job.result.is_finished:
                return
            outcomes.start(job.result, worker, timestamp)
        try:
            task_started.send(type(self), task_result=job.result)
        except Exception as error:
            logger.exception("A receiver of task_started failed.")
            if self._fail(job.result, error):
                self._dispatch.cancel(job.result.id)

    def released(self, job: Job) -> None:
        """The worker that ran a task is gone; Dask will try another one."""
        with self._lock:
            if job.result.is_finished:
                return
            outcomes.release(job.result)
        self._tell(type(self).on_released, job.result)

    def finished(self, job: Job, outcome: Mapping[str, Any]) -> None:
        """A worker has brought a task to its end; the first outcome wins."""
        with self._lock:
            if job.result.is_finished:
                return
            error = outcomes.finish(job.result, outcome)
            self._retire(job.result)
        if outcome["output"]:
            self._tell(type(self).on_output, job.result, outcome["output"])
        self._send_finished(job.result, error)

    def give_up(self, job: Job, error: BaseException) -> None:
        """A task's outcome will never be known."""
        self._fail(job.result, error)

    def started_after_all(self, job: Job) -> None:
        """A task that was cancelled while it waited had just begun."""
        outcomes.set_given_up(job.result)
        self._tell(type(self).on_released, job.result)

    # ----------------------------------------------------------------------

    def _fail(self, result: TaskResult[Any], error: BaseException) -> bool:
        """FAILED with that error, unless it has finished; returns whether it was."""
        with self._lock:
            if result.is_finished:
                return False
            fail(result, error, given_up=result.status == "RUNNING")
            self._retire(result)
        self._send_finished(result, error)
        return True

    def _send_finished(self, result: TaskResult[Any], error: BaseException | None) -> None:
        """Send `task_finished`; that of a failure while its exception is being handled."""
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

    def _tell(self, hook: Callable[..., object] | None, *args: Any) -> None:
        if hook is None:
            return
        try:
            hook(*args)
        except Exception:
            logger.exception("%r failed.", hook)

    def _retire(self, result: TaskResult[Any]) -> None:
        self._finished.append(result.id)
        if len(self._finished) > KEPT:
            self._results.pop(self._finished.popleft(), None)
