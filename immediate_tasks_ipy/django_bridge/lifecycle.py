"""How a Django result moves through its states; it is frozen for all but its backend."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from immediate_tasks_ipy.tasks.faults.task_error import task_error
from immediate_tasks_ipy.tasks.lifecycle import random_id
from immediate_tasks_ipy.tasks.values import keep_arguments

from .frameworks import TaskFramework

_set = object.__setattr__


def new_result(framework: TaskFramework, task: Any, backend: str, args: Any, kwargs: Any) -> Any:
    """A READY result, of which no signal has been sent. Raises what `keep_arguments` raises."""
    base = framework.base
    args, kwargs, _ = keep_arguments(task, args, kwargs)
    return base.TaskResult(
        task=task,
        id=random_id(),
        status=base.TaskResultStatus.READY,
        enqueued_at=None,
        started_at=None,
        last_attempted_at=None,
        finished_at=None,
        args=args,
        kwargs=kwargs,
        backend=backend,
        errors=[],
        worker_ids=[],
    )


def enqueue(result: Any) -> None:
    """Enqueued, as of now."""
    _set(result, "enqueued_at", timezone.now())


def start(framework: TaskFramework, result: Any, worker_id: str) -> None:
    """RUNNING, since now, on that worker."""
    now = timezone.now()
    _set(result, "status", framework.base.TaskResultStatus.RUNNING)
    if result.started_at is None:
        _set(result, "started_at", now)
    _set(result, "last_attempted_at", now)
    result.worker_ids.append(worker_id)


def succeed(framework: TaskFramework, result: Any, value: Any) -> None:
    """SUCCESSFUL, with that value, which is JSON already."""
    _set(result, "_return_value", value)
    _set(result, "finished_at", timezone.now())
    _set(result, "status", framework.base.TaskResultStatus.SUCCESSFUL)


def fail(framework: TaskFramework, result: Any, error: BaseException) -> None:
    """FAILED, with that exception."""
    try:
        _add_error(framework, result, error)
        _set(result, "finished_at", timezone.now())
    finally:
        _set(result, "status", framework.base.TaskResultStatus.FAILED)


def release(framework: TaskFramework, result: Any, error: BaseException) -> None:
    """READY for another attempt, after that exception."""
    _add_error(framework, result, error)
    _set(result, "status", framework.base.TaskResultStatus.READY)


def _add_error(framework: TaskFramework, result: Any, error: BaseException) -> None:
    described = task_error(error, result.task.func)
    result.errors.append(
        framework.base.TaskError(
            exception_class_path=described.exception_class_path,
            traceback=described.traceback,
        )
    )
