"""What a worker said became of a task, made part of its result."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from immediate_tasks_ipy.tasks import lifecycle
from immediate_tasks_ipy.tasks.base import TaskError, TaskResult
from immediate_tasks_ipy.tasks.jsonable import Change
from immediate_tasks_ipy.tasks.status import TaskResultStatus

from .source_lines import with_source_lines


class RemoteTraceback(Exception):
    """The traceback of an exception as it was on a worker; the cause of its copy here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class RemoteError(Exception):
    """Stands for an exception that could not travel."""


def start(result: TaskResult[Any], worker: str, timestamp: float) -> None:
    """RUNNING on that worker, since that moment of its clock, in seconds of the epoch."""
    now = datetime.now(UTC)
    began = datetime.fromtimestamp(timestamp, UTC)
    # Clocks of two machines differ: a start is never before the enqueue, nor in the future.
    began = min(max(began, result.last_attempted_at or result.enqueued_at or began), now)
    lifecycle.start(result, worker, began)


def release(result: TaskResult[Any]) -> None:
    """READY to be run again."""
    _set(result, "status", TaskResultStatus.READY)


def finish(result: TaskResult[Any], outcome: Mapping[str, Any]) -> BaseException | None:
    """SUCCESSFUL, or FAILED with the exception that is returned."""
    error = None
    if "traceback" in outcome:
        text = with_source_lines(outcome["traceback"], outcome["frames"])
        path = outcome["exception_class_path"]
        result.errors.append(TaskError(exception_class_path=path, traceback=text))
        error = _exception(outcome["error"], path, text)
    else:
        _set(result, "_return_value", outcome["value"])
        changes = tuple(Change(*change) for change in outcome["changes"])
        _set(result, "_changes", result._changes + changes)
    began = result.last_attempted_at
    seconds = timedelta(seconds=outcome["seconds"])
    _set(result, "finished_at", datetime.now(UTC) if began is None else began + seconds)
    status = TaskResultStatus.SUCCESSFUL if error is None else TaskResultStatus.FAILED
    _set(result, "status", status)
    return error


def set_given_up(result: TaskResult[Any]) -> None:
    """Note that the function may still be running."""
    _set(result, "_given_up", value=True)


def _exception(data: bytes | None, path: str, text: str) -> BaseException:
    error = None
    if data is not None:
        try:
            error = pickle.loads(data)  # noqa: S301  (from the user's own workers)
        except Exception:
            error = None
    if not isinstance(error, BaseException):
        last = text.strip().rpartition("\n")[2]
        error = RemoteError(last or path)
    if error.__traceback__ is None:
        error.__cause__ = RemoteTraceback(text)
    return error


def _set(result: TaskResult[Any], name: str, value: object) -> None:
    object.__setattr__(result, name, value)
