"""How many tasks of a batch are in flight unless a number is given."""

from __future__ import annotations

from immediate_tasks_ipy.task_history import Job

#: Of an async function in this process.
ASYNC_CONCURRENCY = 32


def default_concurrency(job: Job) -> int:
    """How many jobs like this one, as of now: a cluster may have grown the next time.

    1 for synchronous functions in this process, which run in place.
    """
    return job.backend.concurrency or (ASYNC_CONCURRENCY if job.is_async else 1)
