"""The contract of a backend."""

from __future__ import annotations

import asyncio
from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.base import (
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    TASK_MAX_PRIORITY,
    TASK_MIN_PRIORITY,
    Task,
    TaskResult,
)
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, TaskNotCancellable
from immediate_tasks_ipy.tasks.sync import sync_to_async

T = TypeVar("T")


#: The flags by which a backend says what it can do, each a boolean.
FLAGS = (
    "supports_defer",
    "supports_async_task",
    "supports_get_result",
    "supports_priority",
    "supports_cancel",
    "supports_retries",
    "finishes_tasks",
    "is_remote",
)


#: Tasks of a batch that run elsewhere and have not ended, at a time.
REMOTE_CONCURRENCY = 256


class BaseTaskBackend(metaclass=ABCMeta):
    """Runs tasks, or queues them: the whole contract of a backend.

    `enqueue` is all that a subclass has to define. The flags say what else it
    can do; each has one meaning, and callers ask for nothing beyond them. What
    is here and not in Django (`submit`, `cancel`, `close`, the last four
    flags) has a meaning for every backend: a caller need not know which one it
    is. `immediate_tasks_ipy.testing` holds the contract as tests.
    """

    task_class: type[Task[..., Any]] = Task

    # Can a task be enqueued with the run_after attribute?
    supports_defer = False

    # Can the function of a task be async?
    supports_async_task = False

    # Can a result be retrieved, from any thread or process?
    supports_get_result = False

    # Do tasks run in the order of their priority?
    supports_priority = False

    # Can a task that has not finished be cancelled?
    supports_cancel = False

    # Does the backend bring its tasks to an end in this session, so that a
    # caller may wait for them?
    finishes_tasks = False

    # Does it take the policy that its caller offers, and try a task again in the same result?
    supports_retries = False

    # Do tasks run outside of this process?
    is_remote = False

    def __init__(self, alias: str, params: Any) -> None:
        """`params` is a mapping, or an object with attributes, of QUEUES and OPTIONS."""
        if not isinstance(params, Mapping):
            params = {k: getattr(params, k) for k in ("QUEUES", "OPTIONS") if hasattr(params, k)}
        self.alias = alias
        self.queues = set(params.get("QUEUES", [DEFAULT_TASK_QUEUE_NAME]))
        self.options = params.get("OPTIONS", {})

    @property
    def class_name(self) -> str:
        """The name of the class whose backend this is."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.class_name

    @property
    def concurrency(self) -> int | None:
        """How many tasks of a batch may be in flight unless a number is given; it may grow.

        None where its caller's thread or loop runs them: that knows its own limit.
        """
        return REMOTE_CONCURRENCY if self.is_remote or self.supports_get_result else None

    def validate_task(self, task: Task[..., Any]) -> None:
        """Raise InvalidTask unless this backend can run the task; as Django's."""
        traits = task.traits
        if not traits.is_module_level:
            raise InvalidTask("Task function must be defined at a module level.")
        if traits.is_async and not self.supports_async_task:
            raise InvalidTask("Backend does not support async Tasks.")
        if task.takes_context and traits.first_argument != "context":
            raise InvalidTask("Task takes context but does not have a first argument of 'context'.")
        if task.priority != DEFAULT_TASK_PRIORITY:
            self._validate_priority(task.priority)
        if task.run_after is not None:
            self._validate_run_after(task.run_after)
        queues = self.queues
        if queues and task.queue_name not in queues:
            raise InvalidTask(f"Queue '{task.queue_name}' is not valid for backend.")

    def _validate_priority(self, priority: Any) -> None:
        if not self.supports_priority:
            raise InvalidTask("Backend does not support setting priority of tasks.")
        if (
            priority < TASK_MIN_PRIORITY
            or priority > TASK_MAX_PRIORITY
            or int(priority) != priority
        ):
            msg = (
                f"priority must be a whole number between {TASK_MIN_PRIORITY} and "
                f"{TASK_MAX_PRIORITY}."
            )
            raise InvalidTask(msg)

    def _validate_run_after(self, run_after: Any) -> None:
        if not self.supports_defer:
            raise InvalidTask("Backend does not support run_after.")
        if run_after.utcoffset() is None:
            raise InvalidTask("run_after must be an aware datetime.")

    @abstractmethod
    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Queue up a task to be executed."""

    async def aenqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Queue up a task to be executed."""
        return await sync_to_async(self.enqueue, task=task, args=args, kwargs=kwargs)

    def submit(
        self,
        task: Task[..., T],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  (for those that run tasks)
    ) -> TaskResult[T]:
        """Start a task in the background; returns its result at once, READY or RUNNING.

        An async function runs on `loop`, or on a loop of the backend's own.
        """
        return self.enqueue(task, args, kwargs)

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:  # noqa: ARG002
        """End a task that has not finished; it fails with `error`, or with a CancelledError.

        Raises TaskNotCancellable.
        """
        if result.is_finished:
            raise TaskNotCancellable(
                f"Task {result.id!r} is {result.status} already: there is nothing to cancel."
            )
        raise TaskNotCancellable(
            f"Backend {self.alias!r} can't cancel tasks: stop the worker that runs it."
        )

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """The result of that id. Raises TaskResultDoesNotExist."""
        raise NotImplementedError("This backend does not support retrieving or refreshing results.")

    async def aget_result(self, result_id: str) -> TaskResult[Any]:
        """See `get_result`."""
        return await sync_to_async(self.get_result, result_id=result_id)

    def close(self) -> None:  # noqa: B027  (most backends hold nothing)
        """Release what the backend holds: connections, workers, threads.

        Tasks that depend on it and have not finished fail. May be called more
        than once, from any thread; a later task opens again what it needs.
        """

    def check(self, **kwargs: Any) -> Iterable[Any]:  # noqa: ARG002  (Django's signature)
        """The problems of the backend's configuration; none by default."""
        return []
