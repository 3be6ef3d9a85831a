"""Tasks of a notebook's functions: made of any callable, with values of any type."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, TypeVar

from .base import Task, signature
from .handler import DEFAULT_TASK_BACKEND_ALIAS, task_backends
from .values import LIVE

P = ParamSpec("P")
T = TypeVar("T")


class NotebookTask(Task[P, T]):
    """A task whose arguments and return value may be any objects: see `values`."""

    __slots__ = ()
    values: ClassVar[str] = LIVE


#: For each class of tasks of a backend, the same with live values.
_live_classes: dict[Any, Any] = {Task: NotebookTask}


def _live(task_class: Any) -> Any:
    if task_class not in _live_classes:
        body = {"__slots__": (), "values": LIVE, "__module__": __name__}
        _live_classes[task_class] = type(f"Notebook{task_class.__name__}", (task_class,), body)
    return _live_classes[task_class]


def notebook_task(
    target: Callable[..., Any],
    name: str | None = None,
    *,
    backend: str = DEFAULT_TASK_BACKEND_ALIAS,
    strict: bool = False,
    **options: Any,
) -> Task[..., Any]:
    """The task of any callable, with the fields of `Task` as options.

    `name` is the dotted name that the notebook knows it by. With `strict`, values must be what
    JSON can hold, as those of a queue. Raises InvalidTask if the backend can't run it,
    InvalidTaskBackend if there is none.
    """
    task_class = task_backends[backend].task_class
    chosen: Any = task_class if strict else _live(task_class)
    task: Task[..., Any] = chosen(func=task_function(target, name), backend=backend, **options)
    return task


def is_async_callable(target: Any) -> bool:
    """Whether what calling `target` returns is to be awaited, or is an async generator.

    A partial, a method, an object with a `__call__` and a `functools.cache` wrapper are what
    they call.
    """
    if isinstance(target, functools.partial):
        return is_async_callable(target.func)
    if inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target):
        return True
    if inspect.isfunction(target) or inspect.ismethod(target) or inspect.isclass(target):
        return False
    inner = inspect.getattr_static(target, "__wrapped__", None)
    if inner is not None:
        return is_async_callable(inner)
    call = getattr(type(target), "__call__", None)  # noqa: B004 (it is looked at, not tested for)
    return inspect.isfunction(call) and is_async_callable(call)


def task_function(target: Callable[..., Any], name: str | None = None) -> Callable[..., Any]:
    """A function that a task can be made of: `target` itself, or one that calls it.

    A named function at the top level of its module is what a task takes. A lambda, a function
    made by another one, a method, a partial, a class, a builtin and any other callable get a
    function with the name that the notebook knows them by, by which a re-run finds them. What
    a generator yields is collected into a list, as the task's own work.
    """
    if inspect.isfunction(target) and not _is_generator(target) and _has_path(target):
        return target
    call = _calling(target)
    module, path = _path_of(target, name)
    call.__module__, call.__qualname__, call.__name__ = module, path, path.rpartition(".")[2]
    call.__doc__ = inspect.getdoc(target)
    call.__wrapped_target__ = target
    known = _signature(target)
    if known is not None:
        call.__signature__ = known
    if not is_async_callable(target) and not _is_generator(target):
        # The callable itself travels to a worker, by its own name where it has one.
        call.portable = lambda: target
    return call  # type: ignore[no-any-return]


def wrapped_target(function: Any) -> Any:
    """The callable that a function of `task_function` calls; any other function itself."""
    return getattr(function, "__wrapped_target__", function)


def _calling(target: Callable[..., Any]) -> Any:
    if _is_generator(target):
        if is_async_callable(target):

            async def collect_async(*args: Any, **kwargs: Any) -> Any:
                __tracebackhide__ = True
                return [item async for item in target(*args, **kwargs)]

            return collect_async

        def collect(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return list(target(*args, **kwargs))

        return collect
    if is_async_callable(target):

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return await target(*args, **kwargs)

        return call_async

    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return target(*args, **kwargs)

    return call


def _is_generator(target: Any) -> bool:
    while isinstance(target, functools.partial):
        target = target.func
    return inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target)


def _has_path(function: Any) -> bool:
    """Whether a function has a name of its own; that of a cell is a label, and stays."""
    if not getattr(function, "reloadable", True):
        return True
    return all(part.isidentifier() for part in function.__qualname__.split("."))


def _path_of(target: Any, name: str | None) -> tuple[str, str]:
    """The module and the name by which a callable can be found again, as far as there are any."""
    module, path = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str):
        return "__main__", name or type(target).__qualname__
    if name is not None and _at(module, path) is not target:
        return "__main__", name
    return module, path.rpartition("<locals>.")[2]


def _at(module: str, path: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def _signature(target: Any) -> inspect.Signature | None:
    try:
        return signature(target)
    except Exception:
        return None  # a builtin that does not say, or annotations that can't be evaluated
