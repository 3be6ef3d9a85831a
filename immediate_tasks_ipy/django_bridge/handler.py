"""Which backend runs a Django task: the bridge's own, or one of the project's, by alias."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.connection import ConnectionProxy
from django.utils.module_loading import import_string

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.foreign import adapt, register_adapter

from .backends import ImmediateBackendMixin, immediate_backend
from .errors import BridgeError
from .frameworks import (
    TaskFramework,
    framework_of,
    framework_of_backend,
    frameworks_in_use,
    preferred_framework,
)
from .inspection import DEFAULT, Inspection
from .project.remote_database import confirm
from .project_backend import ProjectBackend, class_for, copy_task
from .settings import require_settings
from .signals import observe_new_frameworks

#: The alias of the bridge's own backends, which no settings know.
OWN_ALIAS = "immediate"


def is_django_task(item: Any) -> bool:
    """Whether something is a task of `django.tasks` or of the django-tasks package."""
    return any(isinstance(item, framework.base.Task) for framework in frameworks_in_use())


def aliases() -> list[str]:
    """The aliases in the project's `TASKS`; none where Django is not configured. Never raises."""
    try:
        require_settings()
        return list(preferred_framework().task_backends.settings)
    except Exception:
        return []


@register_adapter
def adapt_django_backend(backend: Any) -> BaseTaskBackend | None:
    """Wrap a backend of Django or of the django-tasks package; None for any other.

    A framework's own ImmediateBackend is replaced by the bridge's, which runs
    async tasks in a notebook, too. Any other is wrapped as a `ProjectBackend`.
    """
    if isinstance(backend, ConnectionProxy):
        # A name like `default_task_backend`: the backend that it stands for now.
        return adapt(backend._connections[backend._alias])
    framework = framework_of_backend(backend)
    if framework is None:
        return None
    if type(backend) is framework.stock_backend("immediate"):
        params = {"QUEUES": backend.queues, "OPTIONS": backend.options}
        return immediate_backend(framework, backend.alias, params)
    return ProjectBackend(backend)


def backend_for(
    task: Any,
    alias: str | None,
    inspection: Inspection = DEFAULT,
    *,
    in_cell: bool = False,
) -> BaseTaskBackend:
    """The backend that runs a Django task from the notebook.

    Without an alias, it is the bridge's own immediate backend, which takes any
    queue and that no settings know. With one, it is the project's, as
    `adapt_django_backend` wraps it. `inspection` says how the run is looked at, `in_cell` that
    the cell executes it: its statements can be asked about one by one.

    Raises BridgeError if the task can't be sent there, or not be looked at there.
    """
    require_settings()
    framework = framework_of(task)
    if alias is None:
        if not (in_cell or inspection.dry_run):
            _confirm()
        if framework is None:
            raise BridgeError(_no_django_task(task))
        return _inspecting(immediate_backend(framework, OWN_ALIAS, {"QUEUES": []}), inspection)
    backend = project_backend(alias, framework)
    if not (inspection.dry_run or (in_cell and isinstance(backend, ImmediateBackendMixin))):
        _confirm()
    # The backend may have brought the other framework with it.
    observe_new_frameworks()
    if backend.is_remote:
        _require_importable(task, alias)
    if framework is None:
        raise BridgeError(_no_django_task(task))
    return _inspecting(backend, inspection)


def _confirm() -> None:
    if not confirm():
        msg = "Not run: %enqueue --dry-run shows what it would have done."
        raise BridgeError(msg)


def _inspecting(backend: BaseTaskBackend, inspection: Inspection) -> BaseTaskBackend:
    """The backend, looking at its tasks; BridgeError where they run out of sight."""
    if inspection == DEFAULT:
        return backend
    if isinstance(backend, ImmediateBackendMixin):
        return backend.inspecting(inspection)
    msg = (
        f"{inspection.options} looks at tasks that run here, and those of {backend.alias!r} run "
        "elsewhere: leave out --backend."
    )
    raise BridgeError(msg)


def prepare(
    task: Any,
    alias: str | None,
    *,
    priority: int | None = None,
    queue_name: str | None = None,
    inspection: Inspection = DEFAULT,
    in_cell: bool = False,
) -> tuple[Any, BaseTaskBackend]:
    """The task as `%enqueue` sends it, and the backend that runs it; see `backend_for`.

    Raises BridgeError also where that backend refuses the task's priority, its
    queue, or anything else of it.
    """
    backend = backend_for(task, alias, inspection, in_cell=in_cell)
    queue = task.queue_name if queue_name is None else queue_name
    if backend.queues and queue not in backend.queues:
        known = ", ".join(map(repr, sorted(backend.queues)))
        msg = (
            f"The backend {alias!r} has no queue {queue!r}: choose one of {known} with --queue, "
            "or add it to its QUEUES in TASKS."
        )
        raise BridgeError(msg)
    chosen = copy_task(
        task, class_for(task, backend), priority=priority, queue_name=queue_name, backend=alias
    )
    try:
        backend.validate_task(chosen)
    except Exception as error:
        # The backend may be of the other framework.
        if not any(isinstance(error, one.exceptions.TaskException) for one in frameworks_in_use()):
            raise
        msg = f"The backend {backend.alias!r} refuses {task.name!r}: {error}"
        raise BridgeError(msg) from error
    return chosen, backend


def project_backend(alias: str, framework: TaskFramework | None = None) -> BaseTaskBackend:
    """The project's backend, from the handler of the framework that it belongs to.

    Raises BridgeError where there is none, or it can't be made.
    """
    framework = framework or preferred_framework()
    handler = framework.task_backends
    if alias not in handler.settings:
        known = ", ".join(map(repr, handler.settings)) or "none"
        msg = f"There is no backend {alias!r} in the project's TASKS, which has {known}."
        raise BridgeError(msg)
    try:
        backend = handler[alias]
        other = framework_of_backend(backend)
        if other is not None and other is not framework:
            backend = other.task_backends[alias]
    except (ImproperlyConfigured, ImportError) as error:
        msg = f"The project's backend {alias!r} can't be used: {error}. Correct it in TASKS."
        raise BridgeError(msg) from error
    return adapt(backend)


def _require_importable(task: Any, alias: str) -> None:
    """Raise BridgeError if a worker in another process could not import the task."""
    function = getattr(task, "func", task)
    path = f"{function.__module__}.{function.__qualname__}"
    if function.__module__ != "__main__" and is_django_task(task):
        try:
            found = import_string(path)
        except ImportError:
            found = None
        if is_django_task(found):
            return
    msg = (
        f"A worker of {alias!r} could not import {path!r}: move it to a module of the project, "
        "under @task, and import it from there."
    )
    raise BridgeError(msg)


def _no_django_task(task: Any) -> str:
    name = getattr(task, "name", None) or getattr(task, "__name__", None) or task
    return (
        f"{name!r} is not a task of Django: decorate it with `@task` from `django.tasks` (or from "
        "`django_tasks`)."
    )
