"""Functions that were cancelled, and run on: each occupies a thread of its worker."""

from __future__ import annotations

import time
from collections.abc import Collection

from immediate_tasks_ipy.tasks.backends.remote import Job

#: Seconds that a function has to end by itself before its worker is restarted.
GRACE = 1.0


class Runaways:
    """The cancelled jobs whose functions are not known to have ended. Belongs to one thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, tuple[Job, str, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def add(self, job: Job, worker: str) -> None:
        """A job was cancelled while that worker ran it."""
        self._jobs[job.result.id] = (job, worker, time.monotonic())

    def ended(self, result_id: str) -> None:
        """Its function has come to its end."""
        self._jobs.pop(result_id, None)

    def worker_left(self, worker: str) -> None:
        """A worker is gone, with all that ran there."""
        self._jobs = {key: kept for key, kept in self._jobs.items() if kept[1] != worker}

    def overdue(self, busy: Collection[str]) -> dict[str, list[Job]]:
        """Remove and return those that have had their time, by their workers.

        Those on the workers in `busy` wait: other tasks run there.
        """
        now = time.monotonic()
        overdue: dict[str, list[Job]] = {}
        for result_id, (job, worker, since) in list(self._jobs.items()):
            if now - since > GRACE and worker not in busy:
                overdue.setdefault(worker, []).append(job)
                del self._jobs[result_id]
        return overdue
