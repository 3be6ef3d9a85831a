"""The jobs that a cluster has been given, followed to their ends."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.durations import SHIPMENT_SECONDS, Durations

from .cluster import Cluster
from .in_flight import Chunk, InFlight
from .killed import MemoryKills, is_killed_worker
from .plugin import WORKER_LOST
from .runaways import Runaways
from .watch import ClusterWatch

#: Jobs cancelled before they ran whose start would still be noticed.
CANCELLED_LIMIT = 1_000
#: Seconds for an error that the cluster has reported to be fetched from our own connection.
FETCH_TIMEOUT = 1.0


class Flights:
    """The jobs in flight on one connection, by the ids of their results. Belongs to one thread.

    `post` has a call made on that thread, from any other.
    """

    def __init__(self, cluster: Cluster, post: Callable[[Callable[[], None]], None]) -> None:
        self.cluster = cluster
        self.watch = ClusterWatch(cluster.address)
        self.runaways = Runaways()
        self.durations = Durations()
        #: Jobs that are to be sent again: those that shared their way with one that did not end.
        self.returned: list[Job] = []
        self._withdrawn: list[str] = []
        self._post = post
        self._sent: dict[str, InFlight] = {}
        self._chunks: set[Chunk] = set()
        self._cancelled: dict[str, Job] = {}
        self._memory_kills = MemoryKills()

    def __len__(self) -> int:
        return len(self._sent)

    def __iter__(self) -> Iterator[InFlight]:
        return iter(list(self._sent.values()))

    @property
    def tasks(self) -> int:
        """How many tasks of Dask they are."""
        return len(self._chunks)

    @property
    def are_quiet(self) -> bool:
        """Whether there is nothing to look after."""
        return not (self._sent or self.runaways or self.returned)

    @property
    def has_suspect(self) -> bool:
        """Whether a job is being tried by itself."""
        return any(flight.is_suspect for flight in self._sent.values())

    def add(self, flight: InFlight) -> None:
        self._sent[flight.job.result.id] = flight
        if flight.chunk is not None:
            self._chunks.add(flight.chunk)

    def remove(self, flight: InFlight) -> bool:
        """Follow it no longer; returns whether it was followed."""
        result_id = flight.job.result.id
        if self._sent.get(result_id) is not flight:
            return False  # it may be another attempt of the same task
        del self._sent[result_id]
        if flight.chunk is not None:
            flight.chunk.flights.pop(result_id, None)
            if not flight.chunk.flights:
                self._chunks.discard(flight.chunk)
        return True

    def clear(self) -> list[InFlight]:
        """Follow nothing any longer; returns what was followed."""
        flights = list(self)
        for flight in flights:
            self.remove(flight)
        return flights

    def take_returned(self) -> list[Job]:
        """Remove and return the jobs that are to be sent again."""
        returned, self.returned = self.returned, []
        return returned

    def flush(self) -> None:
        """Let the workers know which jobs they are not to begin, if there are any."""
        withdrawn, self._withdrawn = self._withdrawn, []
        if withdrawn:
            self.cluster.withdraw(withdrawn)

    def cancel(self, result_id: str) -> None:
        """Take a job off the cluster, whose result has finished by now."""
        flight = self._sent.get(result_id)
        if flight is None:
            return  # it was never sent, or it has ended meanwhile
        self.remove(flight)
        if flight.worker is None:
            self._cancelled[result_id] = flight.job
            if len(self._cancelled) > CANCELLED_LIMIT:
                del self._cancelled[next(iter(self._cancelled))]
        else:
            self.runaways.add(flight.job, flight.worker)
        if flight.chunk is None or not flight.chunk.flights:
            self.cluster.cancel([flight.future])
        elif flight.worker is None:
            self._withdrawn.append(result_id)

    # -- what the cluster reports ------------------------------------------

    def on_message(self, message: Any) -> None:
        """Take a message of a topic that the connection has subscribed to."""
        if "events" in message:
            for event in message["events"]:
                self._on_event(message["worker"], *event)
        elif message.get("action") == WORKER_LOST:
            self._on_worker_lost(message["worker"], message.get("processing-tasks", ()))
        elif "rss" in message:
            self._memory_kills.add(message["worker"], message["rss"])

    def _on_event(self, worker: str, kind: str, result_id: str, detail: Any) -> None:
        flight = self._sent.get(result_id)
        if flight is None:
            self._on_late_event(worker, kind, result_id)
        elif kind == "started":
            flight.worker = worker
            if flight.chunk is not None:
                flight.chunk.worker = worker
            self._note(flight)  # that it waits for a worker holds no more
            flight.job.observer.started(flight.job, worker, detail)
        elif kind == "output":
            flight.job.observer.output(flight.job, detail)
        elif kind == "progress":
            flight.job.observer.progress(flight.job, *detail)
        elif kind == "returned":
            # One like it took longer than was expected.
            self.durations.note(flight.job, SHIPMENT_SECONDS)
            self._return(flight)
        elif detail is None:
            # Large outcomes are fetched, each by itself.
            self.durations.note(flight.job, SHIPMENT_SECONDS)
            self._fetch(flight)
        else:
            self._on_outcome(flight, detail)

    def _on_late_event(self, worker: str, kind: str, result_id: str) -> None:
        """Something has happened to a job that was cancelled."""
        if kind == "finished":
            self.runaways.ended(result_id)
        cancelled = self._cancelled.pop(result_id, None)
        if cancelled is not None and kind != "returned":
            cancelled.observer.started_late(cancelled)
            if kind == "started":
                self.runaways.add(cancelled, worker)

    def _on_outcome(self, flight: InFlight, data: bytes) -> None:
        job = flight.job
        if not self.remove(flight):
            return
        flight.future = None
        if flight.note is not None:
            job.observer.noted(job, None)
        outcome = pickle.loads(data)  # noqa: S301  (from the user's own workers)
        self.durations.note(job, outcome["seconds"])
        output = outcome.pop("output")
        if output:
            job.observer.output(job, output)
        job.observer.finished(job, outcome)

    def _on_worker_lost(self, worker: str, processing: Collection[str]) -> None:
        self.runaways.worker_left(worker)
        self._start_unreported(worker, processing)
        for flight in self:
            chunk = flight.chunk
            if flight.worker == worker:
                flight.worker = None
                flight.is_done = flight.fetching = False
                flight.job.travels_alone = True
                flight.job.observer.released(flight.job)
            if chunk is not None and chunk.is_shared and chunk.worker == worker:
                # Dask would run all of it again, what has ended, too.
                self.cluster.cancel([flight.future])
                self._return(flight)

    def _start_unreported(self, worker: str, processing: Collection[str]) -> None:
        """A worker that dies at once has no time to say what of: nothing else was there."""
        if len(processing) != 1:
            return
        for flight in self:
            if flight.worker is None and flight.key in processing:
                flight.worker = worker
                flight.job.observer.started(flight.job, worker, time.time())

    def _return(self, flight: InFlight) -> None:
        """A job is to be sent again, which has not begun where it was."""
        if self.remove(flight):
            flight.future = None
            self.returned.append(flight.job)

    def _fetch(self, flight: InFlight) -> None:
        if flight.fetching:
            return
        flight.fetching = True

        def deliver(outcomes: Mapping[str, bytes]) -> None:
            self._post(partial(self._on_fetched, flight, outcomes))

        self.cluster.fetch(flight.future, deliver)

    def _on_fetched(self, flight: InFlight, outcomes: Mapping[str, bytes]) -> None:
        data = outcomes.get(flight.job.result.id)
        if data is None:
            self._return(flight)  # it was given back, and nobody could say so
        else:
            self._on_outcome(flight, data)

    # -- what it does not report -------------------------------------------

    def sweep(self) -> list[Job]:
        """Look for ends that no worker reports; returns the jobs that are to be tried alone."""
        if self.watch.should_ask():
            self.cluster.look(lambda answer: self._post(partial(self.watch.answered, answer)))
        self._stop_runaways()
        suspects = []
        for flight in self:
            status = flight.future.status
            if status == "error":
                self.remove(flight)
                error = flight.future.exception(timeout=FETCH_TIMEOUT)
                # Dask blames what a worker was about to run, too, for the worker's death.
                if is_killed_worker(error) and not flight.is_to_blame(error):
                    suspects.append(flight.job)
                else:
                    flight.job.observer.abandon(flight.job, self._memory_kills.explain(error))
            elif status == "cancelled":
                self.remove(flight)
                error = RuntimeError(f"The task {flight.key!r} was cancelled on the cluster.")
                flight.job.observer.abandon(flight.job, error)
            elif status == "finished":
                # Its report, if there is one, came before: a second look finds it missing.
                if flight.is_done:
                    self._fetch(flight)
                flight.is_done = True
            else:
                self._note(flight)
        return suspects

    def _note(self, flight: InFlight) -> None:
        note = self.watch.note(flight.worker)
        if note != flight.note:
            flight.note = note
            flight.job.observer.noted(flight.job, note)

    def _stop_runaways(self) -> None:
        busy = {flight.worker for flight in self._sent.values() if flight.worker is not None}
        for worker, jobs in self.runaways.overdue(busy if self.cluster.is_ours else ()).items():
            if self.cluster.is_ours:
                self.cluster.restart_worker(worker)
                continue
            for job in jobs:
                job.observer.noted(job, _HOLDS_A_THREAD.format(worker))


_HOLDS_A_THREAD = (
    "It occupies a thread of the worker {} until it ends; restarting that worker frees it."
)
