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
class Family:
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

    @property
    def task_backends(self) -> Any:
        """The framework's handler of the backends in `settings.TASKS`."""
        return self.top.task_backends


#: Part of Django from 6.0 on.
DJANGO = Family("django.tasks", "django.tasks")
#: The package that brought tasks to Django 4.2 to 5.2, and still serves beside `django.tasks`.
PACKAGE = Family("django_tasks", "the django-tasks package")

FAMILIES = (DJANGO, PACKAGE)


def families_in_use() -> tuple[Family, ...]:
    """The frameworks that something has imported so far."""
    return tuple(family for family in FAMILIES if family.is_in_use)


def preferred_family() -> Family:
    """`django.tasks` where Django has it, else the package.

    Raises BridgeError if there is neither.
    """
    for family in FAMILIES:
        if family.is_installed:
            return family
    msg = (
        f"Django {django.get_version()!r} has no tasks of its own: install Django 6 or later, "
        "or `pip install django-tasks`."
    )
    raise BridgeError(msg)


def family_of(item: Any) -> Family | None:
    """The framework that a task or a task result belongs to; None if it is no such thing."""
    for family in families_in_use():
        if isinstance(item, (family.base.Task, family.base.TaskResult)):
            return family
    return None
