"""The two task frameworks of Django's world: `django.tasks` and the `django-tasks` package."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import django

from .errors import BridgeError


@dataclass(frozen=True)
class TaskFramework:
    """One framework. Nothing of it is imported before it is asked for."""

    #: The name of its top module.
    module: str
    #: What users call it.
    label: str

    @property
    def is_installed(self) -> bool:
        """Whether the framework can be imported."""
        return self.module in sys.modules or find_spec(self.module) is not None

    @property
    def is_in_use(self) -> bool:
        """Whether something has imported the framework, down to its signals."""
        return hasattr(sys.modules.get(f"{self.module}.signals"), "task_finished")

    @cached_property
    def top(self) -> ModuleType:
        return import_module(self.module)

    @cached_property
    def base(self) -> ModuleType:
        return import_module(f"{self.module}.base")

    @cached_property
    def signals(self) -> ModuleType:
        return import_module(f"{self.module}.signals")

    @cached_property
    def exceptions(self) -> ModuleType:
        return import_module(f"{self.module}.exceptions")

    @cached_property
    def backend_class(self) -> Any:
        """The framework's `BaseTaskBackend`."""
        return import_module(f"{self.module}.backends.base").BaseTaskBackend

    def stock_backend(self, kind: str) -> Any:
        """The framework's own class for the backend `kind`: `immediate` or `dummy`."""
        module = import_module(f"{self.module}.backends.{kind}")
        return getattr(module, f"{kind.capitalize()}Backend")

    @property
    def task_backends(self) -> Any:
        """The framework's handler of the backends in `settings.TASKS`."""
        return self.top.task_backends


#: Part of Django from 6.0 on.
DJANGO = TaskFramework("django.tasks", "django.tasks")
#: The package that brought tasks to Django 4.2 to 5.2, and still serves beside `django.tasks`.
PACKAGE = TaskFramework("django_tasks", "the django-tasks package")

FRAMEWORKS = (DJANGO, PACKAGE)


def frameworks_in_use() -> tuple[TaskFramework, ...]:
    """The frameworks that something has imported so far."""
    return tuple(framework for framework in FRAMEWORKS if framework.is_in_use)


def preferred_framework() -> TaskFramework:
    """`django.tasks` where Django has it, else the package.

    Raises BridgeError if there is neither.
    """
    for framework in FRAMEWORKS:
        if framework.is_installed:
            return framework
    msg = (
        f"Django {django.get_version()!r} has no tasks of its own: install Django 6 or later, "
        'or `pip install "django-tasks>=0.12"`.'
    )
    raise BridgeError(msg)


def framework_of(item: Any) -> TaskFramework | None:
    """The framework that a task or a task result belongs to; None if it is no such thing."""
    for framework in frameworks_in_use():
        if isinstance(item, (framework.base.Task, framework.base.TaskResult)):
            return framework
    return None


def framework_of_backend(backend: Any) -> TaskFramework | None:
    """The framework that a backend belongs to; None if it belongs to neither."""
    for framework in frameworks_in_use():
        if isinstance(backend, framework.backend_class):
            return framework
    return None
