"""Short jobs that travel as one task of Dask: each of those costs its scheduler time."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.durations import Durations


def chunked(jobs: list[Job], durations: Durations, threads: int) -> Iterator[list[Job]]:
    """Divide jobs that call one function with one priority, in their order.

    As many are in a chunk as run in a moment, and not so many that one of the cluster's
    `threads` would be without. A job that was alone with a worker that died stays alone.
    """
    share = -(-len(jobs) // max(1, threads))
    chunk: list[Job] = []
    for job in jobs:
        if job.travels_alone:
            yield [job]
            continue
        chunk.append(job)
        if len(chunk) >= min(share, durations.per_shipment(job)):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def pack(payloads: list[tuple[str, bytes]]) -> bytes:
    """The payloads of a chunk by the ids of their results, as a worker unpacks them."""
    return pickle.dumps(payloads)
