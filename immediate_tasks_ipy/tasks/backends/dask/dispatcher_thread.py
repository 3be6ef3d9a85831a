"""The thread that sends jobs to a cluster and follows them there."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.job_queue import JobQueue

from .chunks import chunked, pack
from .cluster import Cluster
from .flights import Flights
from .in_flight import Chunk, InFlight

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Jobs that the cluster knows of at a time, at least; the others wait here, by priority.
IN_FLIGHT_LIMIT = 1_000
#: Jobs for each thread of the cluster, so that none of them waits for us.
PER_THREAD = 4
#: Seconds between two looks at the futures, for what the workers can't report any more.
SWEEP_INTERVAL = 0.25
#: Seconds without another job after which a scheduler that did not answer is asked again: a
#: batch whose scheduler is gone ends at once, and not with a wait for each of its waves.
RETRY_AFTER = 1.0


class DispatcherThread:
    """The engine of a DaskBackend: owns the connection and the jobs in flight.

    Every method may be called from any thread. All that happens, happens in
    its own thread, one thing after another: the others only put calls into its
    inbox. The thread begins with the first job, and so does the connection.
    """

    stops_running_tasks = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._flights: Flights | None = None
        self._waiting = JobQueue()
        self._suspects: deque[Job] = deque()
        self._swept_at = 0.0
        self._refusal: tuple[BaseException, float] | None = None

    @property
    def in_flight(self) -> int:
        """How many jobs the cluster has been given."""
        return 0 if self._flights is None else len(self._flights)

    # -- called from other threads ----------------------------------------

    def send(self, job: Job) -> None:
        """Run a job on the cluster, as soon as there is room for it."""
        self._post(partial(self._waiting.put, job))

    def cancel(self, result_id: str) -> None:
        """Take a job, whose result has finished by now, off the cluster."""
        self._post(partial(self._on_cancel, result_id))

    def connect(self) -> Cluster:
        """Return the open connection, made if need be. Raises ConnectionError."""
        return self._connected().cluster

    def close(self) -> None:
        """Abandon what has not finished, and close the connection; a later job opens it again."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._inbox.put(self._on_close)
        if thread is None:
            self._close_cluster()  # `connect` may have been called before any job came
        elif thread is not threading.current_thread():
            thread.join()

    def _connected(self) -> Flights:
        with self._connecting:
            if self._flights is not None and self._flights.cluster.is_lost:
                self._abandon_lost(self._flights)
            if self._flights is None:
                self._flights = Flights(Cluster(self._options, self._receive), self._inbox.put)
            return self._flights

    def _post(self, call: Callable[[], None]) -> None:
        with self._lock:
            self._inbox.put(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="Dask tasks", daemon=True)
                self._thread.start()

    def _receive(self, message: Any) -> None:
        self._inbox.put(partial(self._on_message, message))

    # -- the thread -------------------------------------------------------

    def _run(self) -> None:
        while self._take(None if self._is_quiet() else SWEEP_INTERVAL):
            while not self._inbox.empty():
                if not self._take(0):
                    return
            self._attempt(self._send_waiting)
            if time.monotonic() - self._swept_at > SWEEP_INTERVAL:
                self._swept_at = time.monotonic()
                self._attempt(self._sweep)

    def _is_quiet(self) -> bool:
        return not self._suspects and (self._flights is None or self._flights.are_quiet)

    def _take(self, timeout: float | None) -> bool:
        """Make the next call of the inbox, if one comes in time; returns False after the last."""
        # A name of its own: a call that were kept would keep its task, and that its backend.
        try:
            call = self._inbox.get(timeout=timeout)
        except queue.Empty:
            return True
        self._attempt(call)
        return call != self._on_close

    def _attempt(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            logger.exception("A message about Dask tasks could not be handled.")

    def _on_message(self, message: Any) -> None:
        if self._flights is not None:
            self._flights.on_message(message)

    def _on_cancel(self, result_id: str) -> None:
        if self._flights is not None:
            self._flights.cancel(result_id)

    def _on_close(self) -> None:
        flights = [] if self._flights is None else self._flights.clear()
        jobs = [flight.job for flight in flights]
        if self._flights is not None and not self._flights.cluster.is_lost:
            futures = [flight.future for flight in flights if flight.future is not None]
            self._flights.cluster.cancel(futures)
            del futures
        del flights  # Dask drops what nobody holds
        jobs += [*self._waiting.take_all(), *self._suspects]
        self._suspects.clear()
        _abandon(jobs, RuntimeError("The Dask backend was closed before the task had finished."))
        self._close_cluster()

    def _close_cluster(self) -> None:
        with self._connecting:
            flights, self._flights = self._flights, None
        if flights is not None:
            flights.cluster.close()

    # -- sending ----------------------------------------------------------

    def _send_waiting(self) -> None:
        if self._flights is not None:
            self._flights.flush()
            self._waiting.put_back(self._flights.take_returned())
        if not self._waiting and not self._suspects:
            return
        jobs = self._waiting.take(self._room())
        if not jobs and not self._suspects:
            return
        try:
            flights = self._reachable()
        except Exception as error:
            jobs += [*self._waiting.take_all(), *self._suspects]
            self._suspects.clear()
            _abandon(jobs, error)
            return
        groups: dict[tuple[int, str | None, str], list[Job]] = {}
        for job in jobs:
            task = job.result.task
            key = task.priority, job.function.digest, task.module_path
            groups.setdefault(key, []).append(job)
        for (priority, _, _), group in groups.items():
            chunks = chunked(group, flights.durations, flights.watch.threads)
            self._send_group(flights, [[*map(InFlight, chunk)] for chunk in chunks], priority)
        if self._suspects and not flights.has_suspect:
            suspect = InFlight(self._suspects.popleft(), is_suspect=True)
            self._send_group(flights, [[suspect]], priority=0)

    @property
    def wanted(self) -> int:
        """Jobs that keep all threads of the cluster busy, as far as it is known. Thread-safe."""
        flights = self._flights
        return 0 if flights is None else PER_THREAD * flights.watch.threads

    def _room(self) -> int:
        if self._flights is not None and self._should_gather(self._flights):
            return 0
        limit = max(IN_FLIGHT_LIMIT, self.wanted)
        room = limit - self.in_flight
        # A few at a time cost more than many.
        return 0 if room < len(self._waiting) and room < limit // 4 else room

    def _should_gather(self, flights: Flights) -> bool:
        """Whether short jobs wait for others to go with: the workers have enough meanwhile."""
        first = self._waiting.first
        if first is None or not flights.tasks:
            return False
        if flights.tasks < max(PER_THREAD, self.wanted):
            return False
        return len(self._waiting) < flights.durations.per_shipment(first)

    def _reachable(self) -> Flights:
        """The connection, or the error of the last attempt if that was a moment ago."""
        if self._refusal is not None:
            error, at = self._refusal
            if time.monotonic() - at < RETRY_AFTER:
                self._refusal = error, time.monotonic()
                raise error
        self._refusal = None
        try:
            return self._connected()
        except Exception as error:
            self._refusal = error, time.monotonic()
            raise

    def _send_group(
        self, followed: Flights, group: Iterable[list[InFlight]], priority: int
    ) -> None:
        """Send chunks of jobs that call one function with one priority."""
        packed: dict[str, bytes] = {}
        chunks: list[Chunk] = []
        for flights in group:
            payloads = self._payloads(flights, followed.cluster.topic)
            if payloads:
                chunk = Chunk([flight for flight, _ in payloads])
                packed[chunk.key] = pack([(f.job.result.id, data) for f, data in payloads])
                chunks.append(chunk)
        sent = [flight for chunk in chunks for flight in chunk.flights.values()]
        if not sent:
            return
        # Known before they are sent: a worker may be quick.
        for flight in sent:
            followed.add(flight)
        try:
            futures = followed.cluster.send(packed, priority, sent[0].job.function)
        except Exception as error:
            for flight in sent:
                followed.remove(flight)
            _abandon([flight.job for flight in sent], error)
            return
        for chunk, future in zip(chunks, futures, strict=True):
            for flight in chunk.flights.values():
                flight.future = future

    def _payloads(self, flights: list[InFlight], topic: str) -> list[tuple[InFlight, bytes]]:
        payloads = []
        for flight in flights:
            try:
                payloads.append((flight, flight.job.payload(topic=topic)))
            except Exception as error:  # arguments nested too deeply
                flight.job.observer.abandon(flight.job, error)
        return payloads

    # -- following --------------------------------------------------------

    def _sweep(self) -> None:
        flights = self._flights
        if flights is None:
            return
        if flights.cluster.is_lost:
            with self._connecting:
                self._abandon_lost(flights)
        else:
            self._suspects += flights.sweep()

    def _abandon_lost(self, flights: Flights) -> None:
        """The scheduler is gone: so are the outcomes of what it was given."""
        if self._flights is flights:
            self._flights = None
        error = ConnectionError(
            f"The connection to the Dask scheduler at {flights.cluster.address!r} was lost. "
            "Run the task again when it is back."
        )
        _abandon([flight.job for flight in flights.clear()], error)
        threading.Thread(target=flights.cluster.close, name="Dask close", daemon=True).start()


def _abandon(jobs: Iterable[Job], error: BaseException) -> None:
    """Fail jobs with one error, without the frames of this thread, which hold them."""
    error.__traceback__ = None
    for job in jobs:
        job.observer.abandon(job, error)
