"""The backend that runs tasks in processes of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from immediate_tasks_ipy.tasks.backends.remote import RemoteBackend
from immediate_tasks_ipy.tasks.exceptions import InvalidTaskBackend

from .pool import ProcessPool


class ProcessBackend(RemoteBackend):
    """Runs tasks in a pool of worker processes, each of which runs one at a time.

    OPTIONS: `workers`, how many processes there may be: one for each core that this process
    may use, unless given. They are started when tasks need them, and end with the backend, or
    with the process that owns it, however that ends.

    Cancelling a task that runs ends its worker process, and what that has started. A task whose
    process dies by itself fails at once: nobody ends a process of this machine but the task
    itself, or the system when memory runs out, and that would happen again.
    """

    engine: ProcessPool

    def create_engine(self) -> ProcessPool:
        return ProcessPool(_workers(self.alias, self.options))


def _workers(alias: str, options: Mapping[str, Any]) -> int:
    """How many processes the options ask for. Raises InvalidTaskBackend."""
    for library in ("loky", "cloudpickle"):
        if find_spec(library) is None:
            raise InvalidTaskBackend(
                f"The backend {alias!r} needs {library}, which is not installed: "
                'pip install "immediate_tasks_ipy[processes]"'
            )
    for name in options:
        if name != "workers":
            raise InvalidTaskBackend(
                f"The backend {alias!r} has no option {name!r}. "
                "OPTIONS may hold 'workers' (how many processes)."
            )
    workers = options.get("workers")
    if workers is None:
        return _cores()
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InvalidTaskBackend(
            f"The option 'workers' of the backend {alias!r} is {workers!r}: give a whole number "
            "of processes, at least 1."
        )
    return workers


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
