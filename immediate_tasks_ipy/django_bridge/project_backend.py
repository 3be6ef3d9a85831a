"""A backend of the project's `TASKS`, as the notebook uses it."""

from __future__ import annotations

import asyncio
import dataclasses
from functools import partial
from typing import Any

from immediate_tasks_ipy.tasks.backends.foreign import ForeignBackend
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from . import threads
from .frameworks import TaskFramework, framework_of_backend
from .signals import canonical_result, record_unsignalled
from .synchronous import has_running_loop, synchronous_code


class ProjectBackend(ForeignBackend):
    """A backend of Django's world, usable from a cell: below a running loop, the ORM works.

    Its flags, its queues and what it accepts are those of the project's backend, in `foreign`.
    Tasks and results are Django's.
    """

    def __init__(self, backend: Any) -> None:
        super().__init__(backend)
        framework = framework_of_backend(backend)
        self.is_remote = framework is None or not _runs_in_process(framework, backend)

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Send the task to its queue; returns its result, READY as a rule.

        If a recorder observes the signals, it is the object that the recorder keeps current.
        """
        return _recorded(_call(partial(super().enqueue, self._own(task), args, kwargs)))

    async def aenqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """See `enqueue`."""
        with threads.thread_sensitive_work():
            return _recorded(await super().aenqueue(self._own(task), args, kwargs))

    def submit(
        self,
        task: Any,
        args: Any,
        kwargs: Any,
        *,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  (a queue needs none)
    ) -> Any:
        """See `enqueue`: a queue is the background."""
        return self.enqueue(task, args, kwargs)

    def cancel(self, result: Any, *, error: BaseException | None = None) -> None:
        """See BaseTaskBackend; neither of Django's frameworks has a way to cancel a task."""
        if self.supports_cancel or result.is_finished:
            super().cancel(result, error=error)
            return
        msg = (
            f"{result.task.name!r} can't be cancelled through the backend {self.alias!r}: "
            "stop it where its worker runs."
        )
        raise TaskNotCancellable(msg)

    def get_result(self, result_id: str) -> Any:
        """The result of that id, as the backend knows it now: another object on each call."""
        return _call(partial(super().get_result, result_id))

    async def aget_result(self, result_id: str) -> Any:
        """See `get_result`."""
        with threads.thread_sensitive_work():
            return await super().aget_result(result_id)

    def _own(self, task: Any) -> Any:
        """The task as one of this backend's: its result is refreshed here."""
        task_class = class_for(task, self)
        if task.backend == self.alias and task_class is type(task):
            return task
        return copy_task(task, task_class, backend=self.alias)


def class_for(task: Any, backend: Any) -> type:
    """The class of the task as the backend takes it: its own, where that adds to the task's."""
    own = type(task)
    return backend.task_class if issubclass(backend.task_class, own) else own


def copy_task(task: Any, task_class: type | None = None, **changes: Any) -> Any:
    """A copy of a task with these fields changed, but for those that are None.

    Fields that `task_class` adds have their defaults. The backend of the task's alias does not
    validate it: another one will run it.
    """
    # Neither `replace`, which validates, nor `copy`, which goes by the path a task is pickled by.
    clone: Any = object.__new__(task_class or type(task))
    for field in dataclasses.fields(clone):
        value = changes.get(field.name)
        if value is None:
            value = getattr(task, field.name, _default(field))
        object.__setattr__(clone, field.name, value)
    return clone


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _call(function: partial[Any]) -> Any:
    """Call here, or in the thread-sensitive thread if a loop runs here."""
    if has_running_loop():
        return threads.run_thread_sensitive(function)
    with synchronous_code():
        return function()


def _recorded(task_result: Any) -> Any:
    record_unsignalled(task_result)
    return canonical_result(task_result)


def _runs_in_process(framework: TaskFramework, backend: Any) -> bool:
    """Whether the backend is of a kind that hands no task to another process."""
    return isinstance(backend, tuple(map(framework.stock_backend, ("immediate", "dummy"))))
