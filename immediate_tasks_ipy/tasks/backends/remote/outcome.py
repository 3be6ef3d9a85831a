"""How a task ended on a worker, made part of its result."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any, NotRequired, TypedDict

from immediate_tasks_ipy.tasks import lifecycle
from immediate_tasks_ipy.tasks.base import TaskError, TaskResult
from immediate_tasks_ipy.tasks.faults.task_error import task_error
from immediate_tasks_ipy.tasks.jsonable import Change
from immediate_tasks_ipy.tasks.status import TaskResultStatus
from immediate_tasks_ipy.tasks.values import keep_return_value

from .source_lines import with_source_lines


class Outcome(TypedDict):
    """What a worker reports of a task that has ended: its value, or its failure."""

    #: How long the function ran.
    seconds: float
    #: What the function returned, normalised, with the changes as tuples.
    value: NotRequired[Any]
    changes: NotRequired[list[tuple[Any, str, str, int]]]
    #: What it returned, pickled, where JSON can't hold it and the task may return any object.
    pickled: NotRequired[bytes]
    #: Of a failure: the path of its class, and its traceback as text.
    exception_class_path: NotRequired[str]
    traceback: NotRequired[str]
    #: The frames whose source the worker could not read; see `with_source_lines`.
    frames: NotRequired[list[tuple[Any, ...]]]
    #: The exception, pickled; None if it can't travel.
    error: NotRequired[bytes | None]
    #: Whether it is the function's value that failed: it has returned what can't be kept.
    has_returned: NotRequired[bool]


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


def finish(result: TaskResult[Any], outcome: Outcome) -> BaseException | None:
    """SUCCESSFUL, or FAILED with the exception that is returned."""
    error = None
    if "traceback" in outcome:
        error = _add_failure(result, outcome)
    elif "pickled" in outcome and (error := _load_value(result, outcome["pickled"])) is not None:
        result.errors.append(task_error(error, result.task.func))
    else:
        if "value" in outcome:
            _set(result, "_return_value", outcome["value"])
        changes = tuple(Change(*change) for change in outcome["changes"])
        _set(result, "_changes", result._changes + changes)
    began = result.last_attempted_at
    seconds = timedelta(seconds=outcome["seconds"])
    _set(result, "finished_at", datetime.now(UTC) if began is None else began + seconds)
    status = TaskResultStatus.SUCCESSFUL if error is None else TaskResultStatus.FAILED
    _set(result, "status", status)
    return error


def load_error(outcome: Outcome) -> BaseException | None:
    """The exception that ended the function; None if it returned."""
    if "traceback" not in outcome or outcome.get("has_returned"):
        return None
    path = outcome["exception_class_path"]
    return _exception(outcome["error"], path, outcome["traceback"])


def release(result: TaskResult[Any], outcome: Outcome) -> None:
    """READY for another attempt, after that failure."""
    _add_failure(result, outcome)
    lifecycle.release(result)


def _add_failure(result: TaskResult[Any], outcome: Outcome) -> BaseException:
    text = with_source_lines(outcome["traceback"], outcome["frames"])
    path = outcome["exception_class_path"]
    result.errors.append(TaskError(exception_class_path=path, traceback=text))
    return _exception(outcome["error"], path, text)


def _load_value(result: TaskResult[Any], data: bytes) -> Exception | None:
    """Give a result the live value that its function returned, or return what prevents it."""
    try:
        value = pickle.loads(data)  # noqa: S301  (from the user's own workers)
        value, changes = keep_return_value(result.task, value)
        _set(result, "_return_value", value)
        _set(result, "_changes", result._changes + changes)
    except Exception as error:
        return TypeError(
            f"The task ran, but what it returned can't be loaded here ({error}). "
            "Install what it needs in the notebook's environment, or return plain data."
        )
    return None


def set_abandoned(result: TaskResult[Any]) -> None:
    """Note that the function may still be running."""
    _set(result, "_abandoned", value=True)


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
