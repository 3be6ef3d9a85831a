"""One task about to be enqueued: the task, its arguments, its backend, where it comes from."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Origin
from immediate_tasks_ipy.tasks import DEFAULT_TASK_BACKEND_ALIAS, Task, task, task_backends
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, InvalidTaskBackend

from .targets import is_async, is_django_task

#: What marks an alias as one of the Django project's.
DJANGO = "django:"


@dataclass(slots=True)
class Job:
    """Everything that `backend.enqueue(task, args, kwargs)` needs, and its origin."""

    task: Any
    backend: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    origin: Origin

    @property
    def is_async(self) -> bool:
        return is_async(self.task)

    @property
    def is_waited_for(self) -> bool:
        """Whether the backend brings the task to an end by itself."""
        return bool(getattr(self.backend, "finishes_tasks", False))


def task_and_backend(target: Any, options: Namespace) -> tuple[Any, Any]:
    """The task that the options make of a task or function, and the backend to hand it to.

    Raises UsageError where the backend refuses it.
    """
    try:
        if is_django_task(target):
            return _django_task(target, options)
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
            _made(options.backend or target.backend)
            chosen = target.using(
                priority=options.priority, queue_name=options.queue, backend=options.backend
            )
        else:
            _made(options.backend or DEFAULT_TASK_BACKEND_ALIAS)
            chosen = function_task(target, options)
        return chosen, chosen.get_backend()
    except InvalidTaskBackend as error:
        raise UsageError(_unknown_backend(options, error)) from None
    except InvalidTask as error:
        raise UsageError(_refusal(error, options)) from None


def _made(alias: str) -> None:
    """Have a backend made, so that what its settings lead to is told apart from the task's."""
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


def function_task(function: Callable[..., Any], options: Namespace) -> Any:
    """A task made of a plain function with the options of the line."""
    given = {
        "priority": options.priority,
        "queue_name": options.queue,
        "backend": options.backend,
        "takes_context": options.takes_context or None,
    }
    return task(**{name: value for name, value in given.items() if value is not None})(function)


def _django_task(target: Any, options: Namespace) -> tuple[Any, Any]:
    from immediate_tasks_ipy import django_bridge

    alias = None if options.backend is None else options.backend.removeprefix(DJANGO)
    try:
        return django_bridge.prepare(
            target, alias, priority=options.priority, queue_name=options.queue
        )
    except django_bridge.BridgeError as error:
        raise UsageError(str(error)) from None


def _refusal(error: Exception, options: Namespace) -> str:
    text = str(error)
    if text.startswith("Queue "):
        alias = options.backend or "default"
        return (
            f"{text} Allow it in QUEUES of {alias!r}: %config ImmediateTasks.backends = "
            f"{{{alias!r}: {{'BACKEND': …, 'QUEUES': ['default', {options.queue!r}]}}}}"
        )
    if "module level" in text:
        return f"{text} Define it at the top level of a cell, with def, and give it a name."
    return text


def _unknown_backend(options: Namespace, error: Exception) -> str:
    known = ", ".join(sorted(task_backends))
    if options.backend is not None and options.backend not in set(task_backends):
        return (
            f"No backend {options.backend!r}: known are {known}; "
            "%config ImmediateTasks.backends adds more"
        )
    return str(error)
