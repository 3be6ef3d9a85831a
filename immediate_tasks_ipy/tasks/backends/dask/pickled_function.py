"""A task's function as bytes, with the notebook's variables that it uses."""

from __future__ import annotations

import hashlib
import inspect
import io
import pickle
import weakref
from collections.abc import Callable, Iterator
from inspect import getclosurevars
from types import FunctionType
from typing import Any

from immediate_tasks_ipy.tasks.base import TaskContext, TaskResult
from immediate_tasks_ipy.tasks.exceptions import InvalidTask

#: Bytes from which a function is sent once, and shared by the tasks that call it.
SHARED_FROM = 16_384


class PickledFunction:
    """A function as cloudpickle made it; equal large ones are one object."""

    __slots__ = ("__weakref__", "by_value", "data", "digest", "shipment")

    def __init__(self, data: bytes, digest: str | None) -> None:
        self.data = data
        #: Names the bytes on the cluster; None if they go along with every task.
        self.digest = digest
        #: Is it the code that travels, rather than the name of a module?
        self.by_value = b"_make_function" in data
        #: The cluster's copy, while there is one.
        self.shipment: Any = None


_shared: weakref.WeakValueDictionary[str, PickledFunction] = weakref.WeakValueDictionary()


def pickle_function(function: Callable[..., Any], name: str) -> PickledFunction:
    """Pickle a function by value, if a worker could not import it.

    Raises InvalidTask, naming the variable that can't be pickled.
    """
    portable = getattr(function, "portable", None)
    if callable(portable):
        function = portable()
    try:
        data = _dumps(function)
    except Exception as error:
        raise InvalidTask(_refusal(function, name, error)) from error
    if len(data) < SHARED_FROM:
        return PickledFunction(data, None)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    pickled = _shared.get(digest)
    if pickled is None:
        pickled = _shared[digest] = PickledFunction(data, digest)
    return pickled


def _dumps(value: Any) -> bytes:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        """Leaves out the classes that the worker has its own of."""

        def persistent_id(self, value: Any) -> str | None:
            return _STAND_INS.get(value) if type(value) is type else None

    with io.BytesIO() as file:
        Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
        return file.getvalue()


_STAND_INS: dict[type, str] = {TaskContext: "TaskContext", TaskResult: "TaskResult"}


def _refusal(function: Any, name: str, error: Exception) -> str:
    for variable, value in _variables(function):
        try:
            _dumps(value)
        except Exception as reason:
            return (
                f"{name!r} can't be sent to a worker: its variable {variable!r} can't be pickled "
                f"({_sentence(reason)}). Create it inside the function."
            )
    return f"{name!r} can't be sent to a worker: it can't be pickled ({_sentence(error)})."


def _sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _variables(function: Any, seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the variables that travel with a function, those of the functions it calls first."""
    seen = set() if seen is None else seen
    if not isinstance(function, FunctionType) or id(function) in seen:
        return
    seen.add(id(function))
    used = getclosurevars(function)
    defaults = inspect.signature(function).parameters.values()
    named = {p.name: p.default for p in defaults if p.default is not p.empty}
    for name, value in {**used.globals, **used.nonlocals, **named}.items():
        if isinstance(value, dict) and "__name__" in value:
            # The names that a cell carries along, as its globals.
            for inner_name, inner in value.items():
                yield from _variables(inner, seen)
                yield str(inner_name), inner
        yield from _variables(value, seen)
        yield name, value
