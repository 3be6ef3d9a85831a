"""A task's function as bytes, with the notebook's variables that it uses."""

from __future__ import annotations

import hashlib
import io
import pickle
import weakref
from collections import ChainMap
from collections.abc import Callable, Iterator
from functools import cache, partial
from inspect import getclosurevars
from itertools import chain
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any, ClassVar

from immediate_tasks_ipy.tasks.base import Task, TaskContext, TaskResult, signature
from immediate_tasks_ipy.tasks.exceptions import InvalidTask
from immediate_tasks_ipy.tasks.notebook_task import wrapped_target
from immediate_tasks_ipy.tasks.progress import progress, track

#: Bytes from which a function is sent once, and shared by the tasks that call it.
SHARED_FROM = 16_384
#: Bytes from which it is pickled once, for as long as tasks that call it are on their way.
REUSED_FROM = 262_144


class PickledFunction:
    """A function as cloudpickle made it; equal large ones are one object."""

    __slots__ = ("__weakref__", "by_value", "data", "digest", "shipment")

    def __init__(self, data: bytes, digest: str | None) -> None:
        self.data = data
        #: Names the bytes on the engine; None if they go along with every task.
        self.digest = digest
        #: Is it the code that travels, rather than the name of a module?
        self.by_value = b"_make_function" in data
        #: The engine's own copy, while there is one.
        self.shipment: Any = None

    @property
    def is_shared(self) -> bool:
        """Whether it is sent once, for all the tasks that call it."""
        return self.digest is not None


_shared: weakref.WeakValueDictionary[str, PickledFunction] = weakref.WeakValueDictionary()
#: Large ones by the ids of their functions, each with the state in which it was pickled.
_reusable: weakref.WeakValueDictionary[int, _Reusable] = weakref.WeakValueDictionary()


class _Reusable(PickledFunction):
    """A large function, which is not pickled again while it uses the same variables.

    It lives as long as the jobs that hold it: a variable that is changed in place, and keeps its
    length, is seen once they have ended.
    """

    __slots__ = ("_function", "_variables")

    def __init__(self, data: bytes, digest: str, function: Callable[..., Any]) -> None:
        super().__init__(data, digest)
        self._function = function
        self._variables = _with_lengths(function)

    def is_current(self, function: Callable[..., Any]) -> bool:
        """Whether that function is the one that was pickled, with the variables it had."""
        if function is not self._function:
            return False
        now = _with_lengths(function)
        return len(now) == len(self._variables) and all(
            name == other and value is kept and length == before
            for (name, value, length), (other, kept, before) in zip(
                now, self._variables, strict=True
            )
        )


def pickle_function(function: Callable[..., Any], name: str) -> PickledFunction:
    """Pickle a function by value, if a worker could not import it.

    Raises InvalidTask, naming the variable that can't be pickled.
    """
    portable = getattr(function, "portable", None)
    if callable(portable):
        function = portable()
    known = _reusable.get(id(function))
    if known is not None and known.is_current(function):
        return known
    try:
        data = dumps(function)
    except Exception as error:
        raise InvalidTask(_refusal(function, name, error)) from error
    if len(data) < SHARED_FROM:
        return PickledFunction(data, None)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    pickled = _shared.get(digest)
    if pickled is None:
        if len(data) < REUSED_FROM:
            pickled = PickledFunction(data, digest)
        else:
            pickled = _reusable[id(function)] = _Reusable(data, digest, function)
        _shared[digest] = pickled
    return pickled


def dumps(value: Any) -> bytes:
    """Pickle a function or the arguments of a task, for the Unpickler of a worker."""
    with io.BytesIO() as file:
        _pickler()(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
        return file.getvalue()


@cache
def _pickler() -> Any:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        """Puts stand-ins in the place of the framework, and keeps the code's file."""

        dispatch_table: ClassVar[Any] = ChainMap(
            {CodeType: _reduce_code}, cloudpickle.Pickler.dispatch_table
        )

        def persistent_id(self, value: Any) -> str | None:
            return _STAND_INS.get(value) if type(value) in _STAND_IN_KINDS else None

        def reducer_override(self, value: Any) -> Any:
            if isinstance(value, Task):
                return Task, (value.func, _fields(value, "func"))
            if isinstance(value, _CacheWrapper) and value.__module__ == "__main__":
                parameters = value.cache_parameters()
                return _cached, (value.__wrapped__, parameters["maxsize"], parameters["typed"])
            if isinstance(value, TaskResult):
                fields = _fields(value, "task", "status", "errors")
                errors = [_fields(error) for error in value.errors]
                kept = {"task": value.task, "status": str(value.status), "errors": errors}
                return TaskResult, ({**fields, **kept, "_return_value": value._return_value},)
            return super().reducer_override(value)

    return Pickler


def _fields(value: Any, *without: str) -> dict[str, Any]:
    """The public fields of a dataclass of the framework, and its name and path."""
    names = [name for name in type(value).__dataclass_fields__ if not name.startswith("_")]
    fields = {name: getattr(value, name) for name in names if name not in without}
    if isinstance(value, Task):
        fields |= {"name": value.name, "module_path": value.module_path}
    return fields


def _cached(function: Callable[..., Any], maxsize: int | None, typed: bool) -> Any:
    """A function of the notebook with a cache of its own, which pickle knows by name alone."""
    import functools

    return functools.lru_cache(maxsize, typed)(function)


# By value: a worker need not have this package.
_cached.__module__ = "__main__"
_CacheWrapper: Any = type(cache(len))


def _reduce_code(code: CodeType) -> tuple[Any, ...]:
    """Reduce code as cloudpickle does, its file included: tracebacks name the cell by it.

    cloudpickle writes a placeholder in its place, from 3.1.3 on.
    """
    import cloudpickle

    make, parts = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return make, tuple(code.co_filename if part == _NO_FILE else part for part in parts)


_NO_FILE = "<dynamic-code>"

#: What a worker has its own of; see `worker.context`.
_STAND_INS: dict[Any, str] = {
    Task: "Task",
    TaskContext: "TaskContext",
    TaskResult: "TaskResult",
    progress: "progress",
    track: "track",
}
_STAND_IN_KINDS = (type, FunctionType)


def _with_lengths(function: Any) -> list[tuple[str, Any, int | None]]:
    """The variables that travel with a function, and how long they are."""
    return [(name, value, _length(value)) for name, value in _variables(function)]


def _length(value: Any) -> int | None:
    try:
        return len(value)
    except Exception:
        return None


def _refusal(function: Any, name: str, error: Exception) -> str:
    function = wrapped_target(function)
    held = (
        (what, value, "Enqueue a function that makes it there.") for what, value in _held(function)
    )
    variables = (
        (f"its variable {variable!r}", value, "Create it inside the function.")
        for variable, value in _variables(function)
    )
    for what, value, cure in chain(held, variables):
        try:
            dumps(value)
        except Exception as reason:
            return (
                f"{name!r} can't be sent to a worker: {what} can't be pickled "
                f"({_sentence(reason)}). {cure}"
            )
    return f"{name!r} can't be sent to a worker: it can't be pickled ({_sentence(error)})."


def _held(target: Any) -> Iterator[tuple[str, Any]]:
    """What a callable that is no function takes along, in words: its object, its arguments."""
    if isinstance(target, MethodType):
        yield f"the {type(target.__self__).__name__} that it is a method of", target.__self__
    elif isinstance(target, partial):
        for number, value in enumerate(target.args, 1):
            yield f"argument {number} of the partial", value
        for keyword, value in target.keywords.items():
            yield f"argument {keyword!r} of the partial", value
        yield from _held(target.func)
    elif not isinstance(target, FunctionType | BuiltinFunctionType | type):
        yield f"the {type(target).__name__} that is called", target


def _sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _variables(function: Any, seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the variables that travel with a function, those of the functions it calls first."""
    seen = set() if seen is None else seen
    if isinstance(function, Task):
        function = function.func
    if not isinstance(function, FunctionType) or id(function) in seen:
        return
    seen.add(id(function))
    used = getclosurevars(function)
    defaults = signature(function).parameters.values()
    named = {p.name: p.default for p in defaults if p.default is not p.empty}
    for name, value in {**used.globals, **used.nonlocals, **named}.items():
        if isinstance(value, dict) and "__name__" in value:
            # The names that a cell carries along, as its globals.
            for inner_name, inner in value.items():
                yield from _variables(inner, seen)
                yield str(inner_name), inner
        yield from _variables(value, seen)
        yield name, value
