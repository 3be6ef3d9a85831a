"""`%tasks backends`: the backends by alias, and what they can do."""

from __future__ import annotations

import sys

from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend


def backend_table() -> list[str]:
    """The lines of the table. A backend that can't be made shows why."""
    rows = [("alias", "class", "queues", "can")]
    for alias in task_backends:
        try:
            backend = task_backends[alias]
        except Exception as error:
            rows.append((alias, "?", "?", str(error)))
            continue
        rows.append((alias, *_facts(backend)))
    if "immediate_tasks_ipy.django_bridge" in sys.modules:
        from immediate_tasks_ipy import django_bridge

        for alias in django_bridge.aliases():
            try:
                backend = django_bridge.project_backend(alias)
            except Exception as error:
                rows.append((f"django:{alias}", "?", "?", str(error)))
            else:
                rows.append((f"django:{alias}", *_facts(backend)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _facts(backend: BaseTaskBackend) -> tuple[str, str, str]:
    """The name of its class, its queues, and what it can do."""
    queues = ", ".join(sorted(backend.queues)) or "any"
    return backend.class_name, queues, ", ".join(_abilities(backend)) or "nothing but enqueue"


def _abilities(backend: BaseTaskBackend) -> list[str]:
    words = (
        (backend.supports_async_task, "async"),
        (backend.supports_priority, "priority"),
        (backend.supports_defer, "run_after"),
        (backend.supports_get_result, "get_result"),
        (backend.supports_cancel, "cancel"),
        (backend.supports_retries, "retries"),
    )
    return [word for flag, word in words if flag]
