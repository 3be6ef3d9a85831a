"""How a Django result moves through its states; it is frozen for all but its backend."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from immediate_tasks_ipy.tasks.failure import task_error
from immediate_tasks_ipy.tasks.identifiers import random_id
from immediate_tasks_ipy.tasks.jsonable import normalize_json

from .family import Family

_set = object.__setattr__


def new_result(family: Family, task: Any, backend: str, args: Any, kwargs: Any) -> Any:
    """A READY result that nobody has heard of yet."""
    base = family.base
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


def start(family: Family, result: Any, worker_id: str) -> None:
    """RUNNING, since now, on that worker."""
    now = timezone.now()
    _set(result, "status", family.base.TaskResultStatus.RUNNING)
    _set(result, "started_at", now)
    _set(result, "last_attempted_at", now)
    result.worker_ids.append(worker_id)


def succeed(family: Family, result: Any, value: Any) -> None:
    """SUCCESSFUL, with that value, which is JSON already."""
    _set(result, "_return_value", value)
    _set(result, "finished_at", timezone.now())
    _set(result, "status", family.base.TaskResultStatus.SUCCESSFUL)


def fail(family: Family, result: Any, error: BaseException) -> None:
    """FAILED, with that exception."""
    described = task_error(error, result.task.func)
    try:
        result.errors.append(
            family.base.TaskError(
                exception_class_path=described.exception_class_path,
                traceback=described.traceback,
            )
        )
        _set(result, "finished_at", timezone.now())
    finally:
        _set(result, "status", family.base.TaskResultStatus.FAILED)


def normalized(value: Any) -> Any:
    """A return value as JSON.

    Raises TypeError or ValueError if it can't be; the exception carries the
    value as `unstored_value`, to be rescued.
    """
    try:
        return normalize_json(value)
    except Exception as error:
        error.unstored_value = value  # type: ignore[attr-defined]
        raise
