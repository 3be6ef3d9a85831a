"""The jobs that the cluster has been given, and the tasks of Dask that they are."""

from __future__ import annotations

from typing import Any

from immediate_tasks_ipy.tasks.backends.remote import Job

from .killed import attempts_allowed


class InFlight:
    """A job with the future that Dask gave for it, and what is known of its way."""

    __slots__ = (
        "_earlier_attempts",
        "chunk",
        "fetching",
        "future",
        "is_done",
        "is_suspect",
        "job",
        "key",
        "note",
        "worker",
    )

    def __init__(self, job: Job, *, is_suspect: bool = False) -> None:
        self.job = job
        job.sent += 1
        #: Its name on the cluster, which still knows those that it had before.
        self.key = job.key
        #: The task of Dask that it belongs to, once that is made.
        self.chunk: Chunk | None = None
        #: Did workers die that had been given it, so that it is tried by itself now?
        self.is_suspect = is_suspect
        self._earlier_attempts = job.result.attempts
        #: What its card says of the cluster.
        self.note: str | None = None
        #: None until it was sent, and again when it has ended: Dask drops what nobody holds.
        self.future: Any = None
        #: The address of the worker that runs it, as far as that was reported.
        self.worker: str | None = None
        #: Was it seen to be done on the cluster, though its outcome was not reported yet?
        self.is_done = False
        #: Has its outcome been asked for?
        self.fetching = False

    def is_to_blame(self, error: Any) -> bool:
        """Whether the workers that died, died of this job.

        It was seen to run on all of them, or it was the only suspect when they did.
        """
        attempts = self.job.result.attempts - self._earlier_attempts
        return self.is_suspect or attempts >= attempts_allowed(error)


class Chunk:
    """The jobs of one task of Dask that are still followed, and its future."""

    __slots__ = ("flights", "is_shared", "key", "worker")

    def __init__(self, flights: list[InFlight]) -> None:
        #: By the ids of their results.
        self.flights = {flight.job.result.id: flight for flight in flights}
        #: Had it more than one?
        self.is_shared = len(flights) > 1
        #: Its name on the cluster: that of its first job.
        self.key = flights[0].key
        #: The address of the worker that takes its jobs, as far as that was reported.
        self.worker: str | None = None
        for flight in flights:
            flight.chunk = self
