"""Tasks that a dry run would have enqueued: recorded, not sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from .dry_run import current_dry_run

#: Makes a READY result: `(task, alias, args, kwargs)`.
NewResult = Callable[[Any, str, Any, Any], Any]

_recording: set[type] = set()


def record_enqueues(task_class: type, new_result: NewResult) -> None:
    """Have the tasks of a framework ask whether they are enqueued in a dry run. Idempotent."""
    if task_class in _recording:
        return
    _recording.add(task_class)
    enqueue, aenqueue = task_class.enqueue, task_class.aenqueue  # type: ignore[attr-defined]

    def record(task: Any, args: Any, kwargs: Any) -> Any:
        task.get_backend().validate_task(task)
        dry_run = current_dry_run.get()
        if dry_run is not None:
            dry_run.add_enqueue(_call_text(task, args, kwargs))
        return new_result(task, task.backend, list(args), dict(kwargs))

    @wraps(enqueue)
    def recorded_enqueue(self: Any, *args: Any, **kwargs: Any) -> Any:
        if current_dry_run.get() is None:
            return enqueue(self, *args, **kwargs)
        return record(self, args, kwargs)

    @wraps(aenqueue)
    async def recorded_aenqueue(self: Any, *args: Any, **kwargs: Any) -> Any:
        if current_dry_run.get() is None:
            return await aenqueue(self, *args, **kwargs)
        return record(self, args, kwargs)

    task_class.enqueue = recorded_enqueue  # type: ignore[attr-defined]
    task_class.aenqueue = recorded_aenqueue  # type: ignore[attr-defined]


def _call_text(task: Any, args: Any, kwargs: Any) -> str:
    given = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
    return f"{task.module_path}({', '.join(given)})"[:300]
