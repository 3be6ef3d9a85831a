"""Tasks and their results."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from inspect import Parameter
from pickle import PicklingError
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    cast,
    overload,
)

from .exceptions import TaskResultMismatch
from .handler import DEFAULT_TASK_BACKEND_ALIAS, import_string, task_backends
from .jsonable import Change
from .status import TaskResultStatus
from .sync import async_to_sync, sync_to_async
from .values import JSON, keep_arguments

if TYPE_CHECKING:
    from .backends.base import BaseTaskBackend

__all__ = [
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_PRIORITY",
    "DEFAULT_TASK_QUEUE_NAME",
    "TASK_MAX_PRIORITY",
    "TASK_MIN_PRIORITY",
    "TASK_REFRESH_ATTRS",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultStatus",
    "task",
]

DEFAULT_TASK_PRIORITY = 0
DEFAULT_TASK_QUEUE_NAME = "default"
TASK_MAX_PRIORITY = 100
TASK_MIN_PRIORITY = -100
#: What `TaskResult.refresh` takes over from the store.
TASK_REFRESH_ATTRS = frozenset(
    {
        "errors",
        "_return_value",
        "finished_at",
        "started_at",
        "last_attempted_at",
        "status",
        "enqueued_at",
        "worker_ids",
    }
)

P = ParamSpec("P")
T = TypeVar("T")

#: The signature of a callable, whatever its annotations name: what only type checkers import is
#: no reason to refuse a task. From Python 3.14 on, annotations are evaluated when they are read.
signature: Callable[..., inspect.Signature] = inspect.signature  # noqa: TID251
if sys.version_info >= (3, 14):
    _FORWARDREF = importlib.import_module("annotationlib").Format.FORWARDREF
    signature = partial(signature, annotation_format=_FORWARDREF)

_NAMED = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}


@dataclass(slots=True)
class FunctionTraits:
    """Facts about a function that are costly to look up."""

    is_async: bool
    #: Is it a plain function that is no local of another one?
    is_module_level: bool
    #: The name of its first argument, if it has one.
    first_argument: str | None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> FunctionTraits:
        """Look at a function."""
        is_async = inspect.iscoroutinefunction(function)
        if not inspect.isfunction(function) or "<locals>" in function.__qualname__:
            return cls(is_async, is_module_level=False, first_argument=None)
        parameters = signature(function).parameters.values()
        names = (parameter.name for parameter in parameters if parameter.kind in _NAMED)
        return cls(is_async, is_module_level=True, first_argument=next(names, None))


class _TaskSlots:
    """What a task caches about its function; no part of its value."""

    __slots__ = ("traits",)
    #: What the backends need to know about the function.
    traits: FunctionTraits


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(_TaskSlots, Generic[P, T]):
    """A function that a backend can run, with the options to run it with.

    Validated by its backend when it is made; raises InvalidTask.
    """

    #: How arguments and return value are kept: "json", or "live" for any objects.
    values: ClassVar[str] = JSON

    #: The task's function.
    func: Callable[..., Any]
    #: From -100 to 100; a higher one goes first, where the backend supports that.
    priority: int = DEFAULT_TASK_PRIORITY
    #: The alias of the backend it runs on.
    backend: str = DEFAULT_TASK_BACKEND_ALIAS
    queue_name: str = DEFAULT_TASK_QUEUE_NAME
    #: The earliest time it will run.
    run_after: datetime | None = None
    #: Does the function take a TaskContext as its first argument, `context`?
    takes_context: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "traits", FunctionTraits.of(self.func))
        self.get_backend().validate_task(self)

    @classmethod
    def _reconstruct(cls, kwargs: dict[str, Any]) -> Self:
        """The task that was pickled as the path of its function."""
        path = kwargs["func"]
        try:
            kwargs["func"] = import_string(path).func
        except (ImportError, AttributeError) as error:
            msg = f"Expected {path!r} to point to a Task instance."
            raise ValueError(msg) from error
        return cls(**kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        """By the path of the function. Raises PicklingError where no task would be found there."""
        self._check_path()
        kwargs = {f.name: getattr(self, f.name) for f in fields(self)}
        kwargs["func"] = self.module_path
        return (type(self)._reconstruct, (kwargs,))

    def _check_path(self) -> None:
        try:
            found = import_string(self.module_path)
        except Exception:
            found = None
        if not hasattr(found, "func"):
            msg = (
                f"Task {self.name!r} is pickled as a path, and at {self.module_path!r} there is no "
                "task: define it with @task at the top level of a module."
            )
            raise PicklingError(msg)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # By its path, as pickle does it, a function of a notebook could not be copied.
        return self

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.func.__name__

    @property
    def module_path(self) -> str:
        """The dotted path of the function."""
        return f"{self.func.__module__}.{self.func.__qualname__}"

    def using(
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | None = None,
        backend: str | None = None,
    ) -> Self:
        """The same task with other options. Raises InvalidTask."""
        options = {
            "priority": priority,
            "queue_name": queue_name,
            "run_after": run_after,
            "backend": backend,
        }
        return replace(self, **{k: v for k, v in options.items() if v is not None})  # type: ignore[arg-type]

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """Hand the task to its backend."""
        return task_backends[self.backend].enqueue(self, args, kwargs)

    async def aenqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """Hand the task to its backend."""
        return await task_backends[self.backend].aenqueue(self, args, kwargs)

    def get_result(self, result_id: str) -> TaskResult[T]:
        """The result of that id.

        Raises TaskResultDoesNotExist, or TaskResultMismatch if it belongs to another task.
        """
        return self._checked(self.get_backend().get_result(result_id))

    async def aget_result(self, result_id: str) -> TaskResult[T]:
        """See `get_result`."""
        return self._checked(await self.get_backend().aget_result(result_id))

    def _checked(self, result: TaskResult[Any]) -> TaskResult[T]:
        if result.task.func != self.func:
            msg = f"Task does not match (received {result.task.module_path!r})"
            raise TaskResultMismatch(msg)
        return result

    def call(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function directly, without a result."""
        if self.traits.is_async:
            return cast("T", async_to_sync(self.func, *args, **kwargs))
        return cast("T", self.func(*args, **kwargs))

    async def acall(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function directly; a sync one in a worker thread."""
        if self.traits.is_async:
            return cast("T", await self.func(*args, **kwargs))
        return cast("T", await sync_to_async(self.func, *args, **kwargs))

    def get_backend(self) -> BaseTaskBackend:
        """The backend of the task's alias. Raises InvalidTaskBackend."""
        return task_backends[self.backend]


class _TaskDecorator(Protocol):
    """`@task(...)`: makes a Task of a function, or of an async one."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, T]], /) -> Task[P, T]: ...

    @overload
    def __call__(self, function: Callable[P, T], /) -> Task[P, T]: ...


class _ContextTaskDecorator(Protocol):
    """`@task(takes_context=True)`: callers don't give the first argument."""

    @overload
    def __call__(
        self, function: Callable[Concatenate[TaskContext, P], Coroutine[Any, Any, T]], /
    ) -> Task[P, T]: ...

    @overload
    def __call__(self, function: Callable[Concatenate[TaskContext, P], T], /) -> Task[P, T]: ...


@overload
def task(function: Callable[P, Coroutine[Any, Any, T]], /) -> Task[P, T]: ...


@overload
def task(function: Callable[P, T], /) -> Task[P, T]: ...


@overload
def task(
    *,
    priority: int = ...,
    queue_name: str = ...,
    backend: str = ...,
    takes_context: Literal[True],
    **kwargs: Any,
) -> _ContextTaskDecorator: ...


@overload
def task(
    *,
    priority: int = ...,
    queue_name: str = ...,
    backend: str = ...,
    takes_context: Literal[False] = ...,
    **kwargs: Any,
) -> _TaskDecorator: ...


def task(
    function: Callable[..., Any] | None = None,
    *,
    priority: int = DEFAULT_TASK_PRIORITY,
    queue_name: str = DEFAULT_TASK_QUEUE_NAME,
    backend: str = DEFAULT_TASK_BACKEND_ALIAS,
    takes_context: bool = False,
    **kwargs: Any,
) -> Any:
    """Make a Task of a function: `@task`, or `@task(priority=5)`.

    Other keyword arguments go to the backend's `task_class`.
    """
    if "run_after" in kwargs:
        msg = (
            "run_after cannot be defined statically with the @task decorator. "
            "Use .using(run_after=...) to set it dynamically."
        )
        raise TypeError(msg)

    def decorate(function: Callable[..., Any]) -> Task[..., Any]:
        return task_backends[backend].task_class(
            func=function,
            priority=priority,
            queue_name=queue_name,
            backend=backend,
            takes_context=takes_context,
            **kwargs,
        )

    return decorate(function) if function else decorate


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskError:
    """Why an attempt failed."""

    exception_class_path: str
    traceback: str

    @property
    def exception_class(self) -> type[BaseException]:
        """The class of the exception, imported. Raises ImportError or ValueError."""
        exception_class = import_string(self.exception_class_path)
        if not inspect.isclass(exception_class) or not issubclass(exception_class, BaseException):
            msg = f"{self.exception_class_path!r} does not reference a valid exception."
            raise ValueError(msg)
        return exception_class


class ResultSlots:
    """Facts for this package that are no part of a result's value: not in ==, repr and asdict."""

    __slots__ = ("_abandoned", "_changes")
    #: What normalisation changed in the arguments and in the return value.
    _changes: tuple[Change, ...]
    #: Was it cancelled, or did it time out, while its function could not be stopped?
    _abandoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult(ResultSlots, Generic[T]):
    """The state of a task and its outcome; changed by its backend only.

    Times are aware datetimes in UTC.
    """

    task: Task[..., T]
    id: str
    status: TaskResultStatus
    enqueued_at: datetime | None
    #: When it was started first.
    started_at: datetime | None
    finished_at: datetime | None
    #: When it was started last.
    last_attempted_at: datetime | None
    args: list[Any]
    kwargs: dict[str, Any]
    #: The alias of the backend that runs it.
    backend: str
    #: One per failed attempt.
    errors: list[TaskError]
    #: One per attempt.
    worker_ids: list[str]

    _return_value: T | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        args, kwargs, changes = keep_arguments(self.task, self.args, self.kwargs)
        assign = object.__setattr__
        assign(self, "args", args)
        assign(self, "kwargs", kwargs)
        assign(self, "_changes", changes)
        assign(self, "_abandoned", False)  # noqa: FBT003

    def __getstate__(self) -> list[Any]:
        return [*(getattr(self, f.name) for f in fields(self)), self._changes, self._abandoned]

    def __setstate__(self, state: list[Any]) -> None:
        names = [*(f.name for f in fields(self)), "_changes", "_abandoned"]
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    @property
    def return_value(self) -> T | None:
        """What the task returned. Raises ValueError unless it was successful."""
        if self.status == TaskResultStatus.SUCCESSFUL:
            return self._return_value
        if self.status == TaskResultStatus.FAILED:
            msg = "Task failed"
            raise ValueError(msg)
        msg = "Task has not finished yet"
        raise ValueError(msg)

    @property
    def is_finished(self) -> bool:
        """Whether it has failed or been successful."""
        return self.status in {TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL}

    @property
    def attempts(self) -> int:
        """How often it was started."""
        return len(self.worker_ids)

    def refresh(self) -> None:
        """Take over the state that the task's backend has stored."""
        self._take_over(self.task.get_backend().get_result(self.id))

    async def arefresh(self) -> None:
        """Take over the state that the task's backend has stored."""
        self._take_over(await self.task.get_backend().aget_result(self.id))

    def _take_over(self, stored: TaskResult[Any]) -> None:
        for name in TASK_REFRESH_ATTRS:
            object.__setattr__(self, name, getattr(stored, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What a task with `takes_context` gets as its first argument."""

    task_result: TaskResult[Any]

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self.task_result.attempts

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Say that the task has done so much, of `total` if that is known; see `tasks.progress`."""
        from .progress import reporter_of, send

        send(reporter_of(self.task_result), done, total, text)
