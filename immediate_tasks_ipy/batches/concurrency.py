"""How many tasks of a batch are in flight unless a number is given."""

from __future__ import annotations

from immediate_tasks_ipy.task_history import Job

#: Of an async function, and on a backend whose tasks run elsewhere.
ASYNC_CONCURRENCY, REMOTE_CONCURRENCY = 32, 256


def default_concurrency(job: Job) -> int:
    """How many jobs like this one; 1 for synchronous functions, which run in place."""
    if job.backend.is_remote or job.backend.supports_get_result:
        return REMOTE_CONCURRENCY
    return ASYNC_CONCURRENCY if job.is_async else 1
