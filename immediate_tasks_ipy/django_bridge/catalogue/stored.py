"""Results that other processes have stored: listed where they can be, and claimed.

No backend of either framework has a list. Two kinds can be listed: those with a model that has
`task_result` and the columns below (django-tasks-db and its likes), known by its shape; and
RQ's, whose job ids are the ids of results.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.apps import apps
from django.db import connections, router, transaction

from immediate_tasks_ipy.django_bridge.errors import BridgeError
from immediate_tasks_ipy.django_bridge.frameworks import preferred_framework
from immediate_tasks_ipy.django_bridge.handler import project_backend
from immediate_tasks_ipy.django_bridge.settings import require_settings
from immediate_tasks_ipy.django_bridge.synchronous import has_running_loop
from immediate_tasks_ipy.django_bridge.threads import run_thread_sensitive

T = TypeVar("T")

logger = logging.getLogger(__name__)

#: How many results an id is looked up in.
SEARCHED = 10_000
#: The columns of a model that stores results.
_COLUMNS = frozenset(
    {
        "status",
        "enqueued_at",
        "started_at",
        "finished_at",
        "task_path",
        "queue_name",
        "backend_name",
        "priority",
    }
)


@dataclass(frozen=True, slots=True)
class StoredResult:
    """One stored result, as far as a list of them reads it: no task is imported for it."""

    id: str
    status: str
    #: The task's path, which may not be importable any more.
    task: str
    #: The alias that enqueued it.
    backend: str
    queue_name: str
    enqueued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


def stored(
    alias: str | None = None, *, status: str | None = None, limit: int = 20
) -> list[StoredResult]:
    """The latest results of an alias, of all aliases where none is given; newest first.

    Raises BridgeError for an alias that is unknown or whose results can't be listed, and where
    none can.
    """
    require_settings()
    return _here(lambda: _stored(alias, status, limit))


def stored_result(result_id: str, alias: str | None = None) -> tuple[Any, StoredResult]:
    """The result whose id begins with that, and how it is listed.

    Raises BridgeError if there is none, or more than one, or its task is gone.
    """
    require_settings()

    def find() -> tuple[Any, StoredResult]:
        wanted = _plain(result_id)
        rows = _stored(alias, None, SEARCHED)
        found = [row for row in rows if _plain(row.id).startswith(wanted)]
        if len(found) != 1:
            count = len(found) or "no"
            msg = f"There are {count} stored results whose id begins with {result_id!r}."
            raise BridgeError(msg)
        backend = project_backend(found[0].backend)
        try:
            return backend.get_result(found[0].id), found[0]
        except Exception as error:
            msg = f"The stored result of {found[0].task!r} can't be read: {error}"
            raise BridgeError(msg) from error

    return _here(find)


def claim(listed: StoredResult, worker_id: str) -> None:
    """Take a READY result from its queue, as a worker does, so that no worker runs it too.

    Raises BridgeError where a worker has it, or it can't be taken.
    """

    def take() -> None:
        for model in _models():
            using = router.db_for_write(model)
            with transaction.atomic(using=using):
                rows = model._base_manager.using(using).filter(pk=listed.id, status="READY")
                if connections[using].features.has_select_for_update_skip_locked:
                    rows = rows.select_for_update(skip_locked=True)
                row = rows.first()
                if row is not None and hasattr(row, "claim"):
                    row.claim(worker_id)
                    return
        msg = (
            f"The stored result {listed.id[:8]} is {listed.status} and can't be taken from its "
            "queue: a worker has it, or its backend has no way to claim it. Send it again instead."
        )
        raise BridgeError(msg)

    _here(take)


def finish(listed: StoredResult, result: Any, error: BaseException | None) -> None:
    """Store what a claimed result came to, as a worker does; `result` has finished."""

    def store() -> None:
        for model in _models():
            row = model._base_manager.using(router.db_for_write(model)).filter(pk=listed.id).first()
            if row is None:
                continue
            if result.status == "SUCCESSFUL":
                row.set_successful(result.return_value)
            else:
                row.set_failed(error or RuntimeError("The task failed in a notebook."))

    _here(store)


def _here(function: Callable[[], T]) -> T:
    return run_thread_sensitive(function) if has_running_loop() else function()


def _stored(alias: str | None, status: str | None, limit: int) -> list[StoredResult]:
    aliases = _aliases()
    if alias is not None and alias not in aliases:
        known = ", ".join(map(repr, aliases)) or "none"
        msg = f"There is no backend {alias!r} in the project's TASKS, which has {known}."
        raise BridgeError(msg)
    models = _models()
    found: list[StoredResult] = []
    listable = bool(models)
    for model in models:
        found += _rows(model, alias, status, limit)
    for each in [alias] if alias is not None else aliases:
        jobs = _rq_jobs(each, limit)
        if jobs is not None:
            listable = True
            found += [job for job in jobs if status in {None, job.status}]
    if not listable:
        raise BridgeError(_not_listable(alias, aliases))
    found.sort(key=lambda one: one.enqueued_at.timestamp() if one.enqueued_at else 0, reverse=True)
    return found[:limit]


def _not_listable(alias: str | None, aliases: list[str]) -> str:
    if not any(map(_stores, [alias] if alias is not None else aliases)):
        if alias is not None:
            return f"The backend {alias!r} stores no results."
        return "None of this project's backends stores results."
    where = f"of {alias!r}" if alias is not None else "of this project's backends"
    return f"The results {where} can't be listed: an id is needed, backend.get_result(id)."


def _stores(alias: str) -> bool:
    try:
        return project_backend(alias).supports_get_result
    except BridgeError:
        return False


def _aliases() -> list[str]:
    return list(preferred_framework().task_backends.settings)


def _models() -> list[Any]:
    """The models that store results, of any package."""
    return [
        model
        for model in apps.get_models()
        if hasattr(model, "task_result")
        and {field.name for field in model._meta.get_fields()} >= _COLUMNS
    ]


def _rows(model: Any, alias: str | None, status: str | None, limit: int) -> Iterable[StoredResult]:
    """The rows of a model, by columns: one query, no argument or value is loaded."""
    filters = {"backend_name": alias, "status": status}
    rows = model._base_manager.using(router.db_for_read(model)).filter(
        **{name: value for name, value in filters.items() if value is not None}
    )
    for row in rows.order_by("-enqueued_at").values("pk", *_COLUMNS)[:limit]:
        yield StoredResult(
            id=str(row["pk"]),
            status=str(row["status"]),
            task=str(row["task_path"]),
            backend=str(row["backend_name"]),
            queue_name=str(row["queue_name"]),
            enqueued_at=row["enqueued_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
        )


def _rq_jobs(alias: str, limit: int) -> list[StoredResult] | None:
    """The jobs in the queues and registries of an RQ backend; None for any other."""
    settings = preferred_framework().task_backends.settings[alias]
    if not str(settings.get("BACKEND", "")).startswith("django_tasks_rq."):
        return None
    import django_rq

    backend = project_backend(alias)
    found = []
    for name in sorted(backend.queues):
        queue = django_rq.get_queue(name)
        registries = (
            queue.started_job_registry,
            queue.finished_job_registry,
            queue.failed_job_registry,
            queue.scheduled_job_registry,
            queue.deferred_job_registry,
        )
        ids = [*queue.get_job_ids(0, limit)]
        for registry in registries:
            ids += registry.get_job_ids(0, limit)
        for job_id in dict.fromkeys(ids):
            try:
                found.append(_of_result(backend.get_result(job_id), alias))
            except Exception:
                logger.debug("%r is no task that can be read.", job_id, exc_info=True)
    return found


def _of_result(result: Any, alias: str) -> StoredResult:
    return StoredResult(
        id=str(result.id),
        status=str(result.status),
        task=str(result.task.module_path),
        backend=alias,
        queue_name=str(result.task.queue_name),
        enqueued_at=result.enqueued_at,
        started_at=result.started_at,
        finished_at=result.finished_at,
    )


def _plain(result_id: str) -> str:
    return result_id.replace("-", "").lower()
