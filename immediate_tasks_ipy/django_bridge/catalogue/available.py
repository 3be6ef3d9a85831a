"""Every task of the project: in `tasks` of the installed applications, and wherever imported."""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from immediate_tasks_ipy.django_bridge.frameworks import frameworks_in_use
from immediate_tasks_ipy.django_bridge.settings import require_settings
from immediate_tasks_ipy.tasks.base import signature


@dataclass(frozen=True, slots=True)
class AvailableTask:
    """One task of the project."""

    #: How it is imported, `shop.tasks.send_invoice`.
    name: str
    #: Without the context that the backend passes, `(invoice_id, *, copy=False)`.
    signature: str
    queue_name: str
    priority: int
    #: The alias of the backend.
    backend: str
    is_async: bool
    #: What users call its framework.
    framework: str
    #: The first line of the function's docstring.
    summary: str


def available() -> tuple[list[AvailableTask], dict[str, BaseException]]:
    """The tasks by their names, and the modules that could not be imported, each with why.

    Imports `tasks` of every installed application, and what lies below where it is a package.
    A task in another module is found once something has imported that. Raises BridgeError where
    Django is not set up.
    """
    require_settings()
    failed: dict[str, BaseException] = {}
    for app in apps.get_app_configs():
        if module_has_submodule(app.module, "tasks"):
            _load(f"{app.name}.tasks", failed)
    found = [_described(name, task) for name, task in _imported_tasks()]
    return found, failed


def imported_names() -> list[str]:
    """The names of the tasks in modules that are imported already; for completion, quick."""
    return [name for name, _ in _imported_tasks()] if apps.ready else []


def _imported_tasks() -> Iterator[tuple[str, Any]]:
    """Name and task of each, by name; one task has one name, that of its own module if it can."""
    classes = tuple(framework.base.Task for framework in frameworks_in_use())
    packages = tuple(app.name for app in apps.get_app_configs())
    found: dict[int, tuple[str, Any]] = {}
    for name, module in sorted(sys.modules.items()):
        if not name.startswith(packages) or not any(_below(name, each) for each in packages):
            continue
        # Not getattr: modules and lazy objects may answer with work of their own.
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            is_task = bool(classes) and issubclass(type(value), classes)
            if is_task and (id(value) not in found or value.func.__module__ == name):
                found[id(value)] = (f"{name}.{attribute}", value)
    yield from sorted(found.values(), key=lambda pair: pair[0])


def _below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _load(name: str, failed: dict[str, BaseException]) -> None:
    try:
        module = import_module(name)
    except (Exception, SystemExit) as error:
        failed[name] = error
        return
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        _load(f"{name}.{info.name}", failed)


def _described(name: str, task: Any) -> AvailableTask:
    module = type(task).__module__
    labels = [f.label for f in frameworks_in_use() if _below(module, f.module)]
    return AvailableTask(
        name=name,
        signature=_signature(task),
        queue_name=str(task.queue_name),
        priority=task.priority,
        backend=str(task.backend),
        is_async=inspect.iscoroutinefunction(task.func),
        framework=labels[0] if labels else module,
        summary=(inspect.getdoc(task.func) or "").partition("\n")[0],
    )


def _signature(task: Any) -> str:
    try:
        found = signature(task.func)
    except Exception:  # annotations may be anything
        return "(…)"
    if task.takes_context:
        found = found.replace(parameters=list(found.parameters.values())[1:])
    return str(found)
