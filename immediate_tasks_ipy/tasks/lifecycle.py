"""How a backend makes a result and moves it through its states.

A TaskResult is frozen for everybody else. A dataclass's own way around that,
`object.__setattr__`, costs more than all the rest of a task that does nothing:
a result is made as a `_Draft`, which has the same slots and is not frozen, and
is written to through the descriptors of those slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from .base import ResultSlots, Task, TaskError, TaskResult
from .failure import task_error
from .identifiers import random_id
from .jsonable import Change, normalize_with_changes
from .status import TaskResultStatus

T = TypeVar("T")

_now = datetime.now
READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL


class _Draft(ResultSlots, Generic[T]):
    __slots__ = TaskResult.__slots__

    def __init__(
        self,
        task: Task[..., Any],
        backend: str,
        args: list[Any],
        kwargs: dict[str, Any],
        changes: tuple[Change, ...],
    ) -> None:
        self.task = task
        self.id = random_id()
        self.status = READY
        self.enqueued_at = _now(UTC)
        self.started_at = None
        self.finished_at = None
        self.last_attempted_at = None
        self.args = args
        self.kwargs = kwargs
        self.backend = backend
        self.errors: list[Any] = []
        self.worker_ids: list[str] = []
        self._return_value = None
        self._changes = changes
        self._given_up = False


_OUT_OF_STACK = TaskError(
    exception_class_path="builtins.RecursionError",
    traceback="RecursionError: maximum recursion depth exceeded\n",
)

_set_status = TaskResult.__dict__["status"].__set__
_set_started_at = TaskResult.__dict__["started_at"].__set__
_set_last_attempted_at = TaskResult.__dict__["last_attempted_at"].__set__
_set_finished_at = TaskResult.__dict__["finished_at"].__set__
_set_return_value = TaskResult.__dict__["_return_value"].__set__
_set_changes = ResultSlots.__dict__["_changes"].__set__
_set_given_up = ResultSlots.__dict__["_given_up"].__set__


def new_result(
    task: Task[..., T], backend: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> TaskResult[T]:
    """A READY result, enqueued now. Raises TypeError or ValueError if the arguments aren't JSON."""
    changes: tuple[Change, ...] = ()
    normal_args: list[Any] = []
    normal_kwargs: dict[str, Any] = {}
    if args:
        normal_args, changes = normalize_with_changes(list(args), "args")
    if kwargs:
        normal_kwargs, changed = normalize_with_changes(kwargs, "kwargs")
        changes += changed
    result: Any = _Draft(task, backend, normal_args, normal_kwargs, changes)
    result.__class__ = TaskResult
    return result  # type: ignore[no-any-return]


def start(result: TaskResult[Any], worker_id: str, at: datetime | None = None) -> None:
    """RUNNING on that worker, since `at` or now."""
    if at is None:
        at = _now(UTC)
    if result.started_at is None:
        _set_started_at(result, at)
    _set_last_attempted_at(result, at)
    result.worker_ids.append(worker_id)
    _set_status(result, RUNNING)


def normalize_return(value: Any) -> tuple[Any, tuple[Change, ...]]:
    """A return value made JSON, and what changed in it.

    Raises TypeError or ValueError if it can't be: the exception carries the
    value as `unstored_value`.
    """
    if value is None:
        return None, ()
    try:
        return normalize_with_changes(value, "return_value")
    except Exception as error:
        error.unstored_value = value  # type: ignore[attr-defined]
        raise


def succeed(result: TaskResult[Any], value: Any, changes: tuple[Change, ...]) -> None:
    """SUCCESSFUL, with a value from `normalize_return`."""
    if value is not None:
        _set_return_value(result, value)
    if changes:
        _set_changes(result, result._changes + changes)
    _set_finished_at(result, _now(UTC))
    _set_status(result, SUCCESSFUL)


def fail(result: TaskResult[Any], error: BaseException, *, given_up: bool = False) -> None:
    """FAILED, with that exception; `given_up` if its function may still be running.

    Never leaves the result as it was, not even with no stack left to call anything.
    """
    try:
        result.errors.append(task_error(error, result.task.func))
        if given_up:
            _set_given_up(result, given_up)
    except BaseException:
        result.errors.append(_OUT_OF_STACK)
    finally:
        _set_finished_at(result, _now(UTC))
        _set_status(result, FAILED)
