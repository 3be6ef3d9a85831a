"""What a name on an `%%enqueue` line stands for: the task, and the backend it is handed to."""

from __future__ import annotations

import builtins
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.tasks import DEFAULT_TASK_BACKEND_ALIAS, Task, task_backends
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, InvalidTaskBackend
from immediate_tasks_ipy.tasks.notebook_task import is_async_callable, notebook_task

from .options import EnqueueOptions

MISSING = object()
#: What marks an alias as one of the Django project's.
DJANGO = "django:"


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
    """Whether calling a task's function, or a callable, gives something to await."""
    if is_task(target):
        return inspect.iscoroutinefunction(target.func)
    return is_async_callable(target)


def find(name: str, namespace: Mapping[str, Any]) -> Any:
    """What a dotted name means in the notebook, without importing anything; MISSING if nothing."""
    head, *rest = name.split(".")
    target = namespace.get(head, getattr(builtins, head, MISSING))
    for attribute in rest:
        if target is MISSING:
            return MISSING
        target = getattr(target, attribute, MISSING)
    return target


def resolve_name(name: str, namespace: Mapping[str, Any]) -> Any:
    """The task or callable that a dotted name stands for, imported by its path if need be.

    Raises UsageError if there is none, or if it is something else.
    """
    target = find(name, namespace)
    if target is MISSING and "." in name:
        target = _imported(name)
    if target is MISSING:
        raise UsageError(_no_such(name, namespace))
    if not is_task(target) and not callable(target):
        kind = type(target).__name__
        msg = f"{name!r} is a {kind}, which can't be called: enqueue a function or a @task"
        raise UsageError(msg)
    return target


def task_and_backend(
    target: Any, options: EnqueueOptions, name: str | None = None
) -> tuple[Any, BaseTaskBackend]:
    """The task that the options make of a task or callable, and the backend to hand it to.

    `name` is what the notebook calls it. Raises UsageError where the backend refuses it.
    """
    try:
        if is_django_task(target):
            return _django_task(target, options)
        if options.inspects:
            msg = (
                "--sql, --max-queries and --dry-run look at tasks of a Django project: "
                "move the function to a module under @task"
            )
            raise UsageError(msg)
        if (options.backend or "").startswith(DJANGO):
            msg = (
                f"--backend {options.backend} takes tasks of the Django project: "
                "move the function to a module under @task"
            )
            raise UsageError(msg)
        if isinstance(target, Task):
            if options.takes_context:
                msg = "--takes-context is for plain functions: write @task(takes_context=True)"
                raise UsageError(msg)
            _instantiate(options.backend or target.backend)
            chosen = target.using(
                priority=options.priority, queue_name=options.queue, backend=options.backend
            )
        else:
            _instantiate(options.backend or DEFAULT_TASK_BACKEND_ALIAS)
            chosen = _notebook_task(target, options, name)
        return chosen, chosen.get_backend()
    except InvalidTaskBackend as error:
        raise UsageError(_unknown_backend(options, error)) from None
    except InvalidTask as error:
        raise UsageError(_refusal(error, options, name or _name_of(target))) from None


def _instantiate(alias: str) -> None:
    """Instantiate the backend first: errors of its settings are reported apart from the task's."""
    try:
        task_backends[alias]
    except InvalidTaskBackend:
        raise
    except Exception as error:
        msg = (
            f"Backend {alias!r} can't be made of its settings ({type(error).__name__}: {error}): "
            "%config ImmediateTasks.backends shows them"
        )
        raise UsageError(msg) from None


def _notebook_task(target: Callable[..., Any], options: EnqueueOptions, name: str | None) -> Any:
    """A task made of a callable with the options of the line."""
    given: dict[str, Any] = {
        "priority": options.priority,
        "queue_name": options.queue,
        "backend": options.backend,
        "takes_context": options.takes_context or None,
    }
    chosen = {field: value for field, value in given.items() if value is not None}
    return notebook_task(target, name, strict=options.json, **chosen)


def _django_task(target: Any, options: EnqueueOptions) -> tuple[Any, Any]:
    from immediate_tasks_ipy import django_bridge

    alias = None if options.backend is None else options.backend.removeprefix(DJANGO)
    try:
        return django_bridge.prepare(
            target,
            alias,
            priority=options.priority,
            queue_name=options.queue,
            inspection=django_bridge.Inspection(
                sql=options.sql, max_queries=options.max_queries, dry_run=options.dry_run
            ),
            in_cell=not (options.background or options.concurrency or is_async(target)),
        )
    except django_bridge.BridgeError as error:
        raise UsageError(str(error)) from None


def _refusal(error: Exception, options: EnqueueOptions, name: str) -> str:
    """What a backend says against a task, with the value that it is about, and the cure."""
    text, alias = str(error), options.backend or DEFAULT_TASK_BACKEND_ALIAS
    if text.startswith("Queue "):
        return (
            f"{text} Allow it in QUEUES of {alias!r}: %config ImmediateTasks.backends = "
            f"{{{alias!r}: {{'BACKEND': …, 'QUEUES': ['default', {options.queue!r}]}}}}"
        )
    if options.priority is not None and "priority" in text:
        return f"--priority {options.priority} can't be: {text}"
    if "takes context" in text:
        return f"{name!r} can't be run with --takes-context: {text} Write def {name}(context, …)"
    return f"{name!r} can't be enqueued on backend {alias!r}: {text}"


def _name_of(target: Any) -> str:
    return str(getattr(function_of(target), "__name__", type(target).__name__))


def _unknown_backend(options: EnqueueOptions, error: Exception) -> str:
    known = ", ".join(sorted(task_backends))
    if options.backend is not None and options.backend not in set(task_backends):
        return (
            f"No backend {options.backend!r}: known are {known}; "
            "%config ImmediateTasks.backends adds more"
        )
    return str(error)


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
