"""For backends: make a result, and move it through its states.

A TaskResult is frozen for all others. A dataclass's own way around that,
`object.__setattr__`, costs more than all the rest of a task that does nothing:
a result is made as a `_Draft`, which has the same slots and is not frozen, and
is written to through the descriptors of those slots.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from .base import ResultSlots, Task, TaskResult
from .faults.task_error import OUT_OF_STACK, task_error
from .jsonable import Change
from .status import TaskResultStatus
from .values import keep_arguments

T = TypeVar("T")

_now = datetime.now
_new_object = object.__new__
READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL

# How many identifiers are drawn at once.
_POOL_SIZE = 256
_pool: list[str] = []


def random_id() -> str:
    """32 random hexadecimal characters, drawn from a pool: a system call each would cost more."""
    try:
        return _pool.pop()
    except IndexError:
        digits = os.urandom(16 * _POOL_SIZE).hex()
        fresh = [digits[start : start + 32] for start in range(0, len(digits), 32)]
        identifier = fresh.pop()
        _pool.extend(fresh)
        return identifier


if hasattr(os, "register_at_fork"):
    # A child that went on with its parent's pool would hand out the same identifiers.
    os.register_at_fork(after_in_child=_pool.clear)


class _Draft(ResultSlots, Generic[T]):
    __slots__ = TaskResult.__slots__


_set_status = TaskResult.__dict__["status"].__set__
_set_started_at = TaskResult.__dict__["started_at"].__set__
_set_last_attempted_at = TaskResult.__dict__["last_attempted_at"].__set__
_set_finished_at = TaskResult.__dict__["finished_at"].__set__
_set_return_value = TaskResult.__dict__["_return_value"].__set__
_set_changes = ResultSlots.__dict__["_changes"].__set__
_set_abandoned = ResultSlots.__dict__["_abandoned"].__set__


def new_result(
    task: Task[..., T], backend: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> TaskResult[T]:
    """A READY result, enqueued now. Raises what `keep_arguments` raises."""
    changes: tuple[Change, ...] = ()
    kept_args: list[Any] = []
    kept_kwargs: dict[str, Any] = {}
    if args or kwargs:
        kept_args, kept_kwargs, changes = keep_arguments(task, args, kwargs)
    result: Any = _new_object(_Draft)
    result.task = task
    try:
        result.id = _pool.pop()
    except IndexError:
        result.id = random_id()
    result.status = READY
    result.enqueued_at = _now(UTC)
    result.started_at = None
    result.finished_at = None
    result.last_attempted_at = None
    result.args = kept_args
    result.kwargs = kept_kwargs
    result.backend = backend
    result.errors = []
    result.worker_ids = []
    result._return_value = None
    result._changes = changes
    result._abandoned = False
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


def succeed(result: TaskResult[Any], value: Any, changes: tuple[Change, ...]) -> None:
    """SUCCESSFUL, with a value from `keep_return_value`."""
    if value is not None:
        _set_return_value(result, value)
    if changes:
        _set_changes(result, result._changes + changes)
    _set_finished_at(result, _now(UTC))
    _set_status(result, SUCCESSFUL)


def fail(result: TaskResult[Any], error: BaseException, *, abandoned: bool = False) -> None:
    """FAILED, with that exception; `abandoned` if its function may still be running.

    Never leaves the result as it was, not even with no stack left to call anything. A
    KeyboardInterrupt that comes while the traceback is formatted is what the result fails with,
    and is raised here.
    """
    try:
        failure = task_error(error, result.task.func)
    except KeyboardInterrupt as interrupt:
        fail(result, interrupt, abandoned=abandoned)
        raise
    except BaseException:
        failure = OUT_OF_STACK
    result.errors.append(failure)
    if abandoned:
        _set_abandoned(result, abandoned)
    _set_finished_at(result, _now(UTC))
    _set_status(result, FAILED)


def complete(result: TaskResult[Any], error: BaseException) -> None:
    """FAILED if it has not finished: `error` came while its outcome was being written."""
    if result.is_finished:
        return
    if len(result.errors) < max(1, len(result.worker_ids)):
        fail(result, error)
        return
    # Its failure is recorded; only the rest is missing.
    _set_finished_at(result, _now(UTC))
    _set_status(result, FAILED)


def release(result: TaskResult[Any], error: BaseException | None = None) -> None:
    """READY for another attempt, after that exception, or after its worker was lost."""
    if error is not None:
        result.errors.append(task_error(error, result.task.func))
    _set_status(result, READY)


def restore(result: TaskResult[Any], value: Any, **state: Any) -> TaskResult[Any]:
    """SUCCESSFUL, as it was in an earlier session: with that value, and the other attributes."""
    for name, known in state.items():
        object.__setattr__(result, name, known)
    _set_return_value(result, value)
    _set_last_attempted_at(result, result.started_at)
    _set_status(result, SUCCESSFUL)
    return result
