"""What a name on an `%%enqueue` line stands for: a task, one of Django's, or a plain function."""

from __future__ import annotations

import builtins
import importlib
import inspect
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.tasks import Task

MISSING = object()


def is_django_task(target: Any) -> bool:
    """Whether a thing is a task of one of Django's families; imports nothing of Django."""
    if not any(name in sys.modules for name in ("django.tasks", "django_tasks")):
        return False
    from immediate_tasks_ipy import django_bridge

    return django_bridge.is_django_task(target)


def is_task(target: Any) -> bool:
    """Whether a thing can be enqueued as it is."""
    return isinstance(target, Task) or is_django_task(target)


def function_of(target: Any) -> Any:
    """The function behind a task; anything else as it is."""
    return target.func if is_task(target) else target


def is_async(target: Any) -> bool:
    """Whether a task or function is a coroutine function."""
    return inspect.iscoroutinefunction(function_of(target))


def find(name: str, namespace: Mapping[str, Any]) -> Any:
    """What a dotted name means in the notebook, without importing anything; MISSING if nothing."""
    head, *rest = name.split(".")
    target = namespace.get(head, getattr(builtins, head, MISSING))
    for attribute in rest:
        if target is MISSING:
            return MISSING
        target = getattr(target, attribute, MISSING)
    return target


def resolve(name: str, namespace: Mapping[str, Any]) -> Any:
    """The task or function that a dotted name stands for, imported by its path if need be.

    Raises UsageError if there is none, or if it is something else.
    """
    target = find(name, namespace)
    if target is MISSING and "." in name:
        target = _imported(name)
    if target is MISSING:
        raise UsageError(_no_such(name, namespace))
    if not is_task(target) and not inspect.isroutine(target):
        kind = type(target).__name__
        msg = f"{name!r} is a {kind}, not a task or a function: enqueue a function or a @task"
        raise UsageError(msg)
    return target


def task_names(namespace: Mapping[str, Any]) -> Iterable[str]:
    """Names in a notebook that stand for tasks or for functions defined in it."""
    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        if is_task(value) or (inspect.isfunction(value) and value.__module__ == "__main__"):
            yield name


def _imported(path: str) -> Any:
    parts = path.split(".")
    for size in range(len(parts) - 1, 0, -1):
        module_name = ".".join(parts[:size])
        try:
            target: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            # Only the absence of the module itself means "look further up".
            if error.name and (
                module_name == error.name or module_name.startswith(f"{error.name}.")
            ):
                continue
            raise
        for attribute in parts[size:]:
            target = getattr(target, attribute, MISSING)
            if target is MISSING:
                msg = f"Module {module_name!r} has no {attribute!r}: check the path {path!r}"
                raise UsageError(msg)
        return target
    return MISSING


def _no_such(name: str, namespace: Mapping[str, Any]) -> str:
    if "." in name:
        return f"No task {name!r}: it is neither in the notebook nor a path that can be imported"
    import difflib

    close = difflib.get_close_matches(name, list(task_names(namespace)), 1)
    hint = f"did you mean {close[0]!r}?" if close else "define it first, or give its dotted path"
    return f"No task or function named {name!r}: {hint}"
