"""The project's own tasks and backends, as the notebook uses them."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from functools import partial
from importlib import import_module
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.sync import has_running_loop

from . import threads
from .errors import BridgeError
from .family import DJANGO, Family, families_in_use, family_of, preferred_family
from .observation import observe_newcomers, recorded
from .settings import require_settings

#: The alias of the bridge's own backends, which no settings know.
OWN_ALIAS = "immediate"

_lock = threading.Lock()
_own: dict[tuple[Family, str], Any] = {}


def is_django_task(item: Any) -> bool:
    """Whether something is a task of `django.tasks` or of the django-tasks package."""
    return any(isinstance(item, family.base.Task) for family in families_in_use())


def aliases() -> list[str]:
    """The aliases in the project's `TASKS`; none where Django is not configured. Never raises."""
    try:
        require_settings()
        return list(preferred_family().task_backends.settings)
    except Exception:
        return []


def backend_for(task: Any, alias: str | None) -> Any:
    """The backend that runs a Django task from the notebook.

    Without an alias, it is the bridge's own immediate backend, which takes any
    queue and that no settings know. With one, the project's: an
    `ImmediateBackend` as one of the bridge, any other as a `ProjectBackend`.

    Raises BridgeError if the task can't be sent there.
    """
    require_settings()
    family = family_of(task)
    if alias is None:
        if family is None:
            raise BridgeError(_no_django_task(task))
        return _own_backend(family, OWN_ALIAS, {"QUEUES": []})
    handler = family or preferred_family()
    settings = handler.task_backends.settings
    if alias not in settings:
        known = ", ".join(map(repr, settings)) or "none"
        msg = f"There is no backend {alias!r} in the project's TASKS, which has {known}."
        raise BridgeError(msg)
    try:
        backend = _registered(handler, alias)
    except (ImproperlyConfigured, ImportError) as error:
        msg = f"The project's backend {alias!r} can't be used: {error}. Correct it in TASKS."
        raise BridgeError(msg) from error
    # The backend may have brought the other framework with it.
    observe_newcomers()
    _require_importable(task, family, alias, backend)
    if family is None:
        raise BridgeError(_no_django_task(task))
    if getattr(backend, "finishes_tasks", False):
        return backend
    if _is_stock(backend, "immediate", "ImmediateBackend"):
        return _own_backend(_family_of_backend(backend), alias, settings[alias])
    return ProjectBackend(alias, backend)


def prepare(
    task: Any, alias: str | None, *, priority: int | None = None, queue_name: str | None = None
) -> tuple[Any, Any]:
    """The task as `%enqueue` sends it, and the backend that runs it; see `backend_for`.

    Raises BridgeError also where that backend refuses the task's priority, its
    queue, or anything else of it.
    """
    backend = backend_for(task, alias)
    queue = task.queue_name if queue_name is None else queue_name
    if backend.queues and queue not in backend.queues:
        known = ", ".join(map(repr, sorted(backend.queues)))
        msg = (
            f"The backend {alias!r} has no queue {queue!r}: choose one of {known} with --queue, "
            "or add it to its QUEUES in TASKS."
        )
        raise BridgeError(msg)
    chosen = _changed(task, priority=priority, queue_name=queue_name, backend=alias)
    try:
        backend.validate_task(chosen)
    except Exception as error:
        # The backend may be of the other framework.
        if not any(isinstance(error, one.exceptions.TaskException) for one in families_in_use()):
            raise
        msg = f"The backend {backend.alias!r} refuses {task.name!r}: {error}"
        raise BridgeError(msg) from error
    return chosen, backend


def _changed(task: Any, **changes: Any) -> Any:
    """A copy of a task that its registered backend is not asked about: another will run it."""
    # Neither `replace`, which validates, nor `copy`, which goes by the path a task is pickled by.
    clone = object.__new__(type(task))
    for field in dataclasses.fields(task):
        value = changes.get(field.name)
        value = getattr(task, field.name) if value is None else value
        object.__setattr__(clone, field.name, value)
    return clone


class ProjectBackend:
    """A backend of the project, usable from a cell: below a running loop, the ORM works.

    Whatever is not below, it has from the project's backend.
    """

    supports_cancel = False
    finishes_tasks = False

    def __init__(self, alias: str, backend: Any) -> None:
        self.alias = alias
        #: The project's own.
        self.backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Send the task to its queue, and return its result as it is then."""
        send = partial(self.backend.enqueue, self._own(task), args, kwargs)
        return recorded(threads.run_beside_loop(send) if has_running_loop() else send())

    async def aenqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """See `enqueue`."""
        with threads.thread_sensitive_work():
            return recorded(await self.backend.aenqueue(self._own(task), args, kwargs))

    def submit(
        self,
        task: Any,
        args: Any,
        kwargs: Any,
        *,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  (as of backends that run tasks)
    ) -> Any:
        """See `enqueue`: a queue is the background."""
        return self.enqueue(task, args, kwargs)

    def get_result(self, result_id: str) -> Any:
        """The result of that id, as the backend knows it now."""
        read = partial(self.backend.get_result, result_id)
        return threads.run_beside_loop(read) if has_running_loop() else read()

    def cancel(self, result: Any) -> None:
        """Raises TaskNotCancellable: neither framework has a word for it."""
        msg = (
            f"{result.task.name!r} can't be cancelled through the backend {self.alias!r}: "
            "stop it where its worker runs."
        )
        raise TaskNotCancellable(msg)

    def _own(self, task: Any) -> Any:
        """The task as one of this backend's: its result is refreshed here."""
        return task if task.backend == self.alias else _changed(task, backend=self.alias)


def _own_backend(family: Family, alias: str, params: Any) -> Any:
    """The bridge's own immediate backend of that framework; one per alias."""
    with _lock:
        backend = _own.get((family, alias))
        if backend is None:
            if family is DJANGO:
                from .native import ImmediateBackend as Backend
            else:
                from .package import PackageImmediateBackend as Backend  # type: ignore[assignment]
            backend = _own[family, alias] = Backend(alias, params)
        return backend


def _registered(family: Family, alias: str) -> Any:
    """The project's backend, from the handler of the framework that it belongs to."""
    backend = family.task_backends[alias]
    if isinstance(backend, family.backend_class):
        return backend
    other = _family_of_backend(backend)
    return other.task_backends[alias] if other is not None else backend


def _family_of_backend(backend: Any) -> Any:
    for family in families_in_use():
        if isinstance(backend, family.backend_class):
            return family
    return None


def _is_stock(backend: Any, module: str, name: str) -> bool:
    """Whether the backend is the framework's own class of that name."""
    family = _family_of_backend(backend)
    if family is None:
        return False
    stock = getattr(import_module(f"{family.module}.backends.{module}"), name)
    return type(backend) is stock


def _require_importable(task: Any, family: Family | None, alias: str, backend: Any) -> None:
    """Raise BridgeError if a worker in another process could not import the task."""
    if getattr(backend, "finishes_tasks", False):
        return
    if any(
        _is_stock(backend, *s)
        for s in (("immediate", "ImmediateBackend"), ("dummy", "DummyBackend"))
    ):
        return
    function = getattr(task, "func", task)
    path = f"{function.__module__}.{function.__qualname__}"
    if function.__module__ != "__main__" and family is not None:
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
