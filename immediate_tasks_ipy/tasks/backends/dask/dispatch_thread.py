"""The thread that sends tasks to a cluster and follows them there."""

from __future__ import annotations

import heapq
import itertools
import logging
import pickle
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .cluster import WORKER_LOST, Cluster
from .job import Job

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Tasks that the cluster knows of at a time; the others wait here, by priority.
IN_FLIGHT = 1_000
#: Seconds between two looks at the futures, for what the workers can't report any more.
SWEEP = 0.25
#: Tasks cancelled before they ran whose start would still be noticed.
REMEMBERED = 1_000


class DispatchThread:
    """Owns the connection and the tasks in flight; every method may be called from any thread.

    All that happens, happens in its thread, one thing after another: the
    others only put calls into its inbox. The thread begins with the first
    task, and so does the connection.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cluster: Cluster | None = None
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, Job]] = []
        self._sent: dict[str, Job] = {}
        self._cancelled: dict[str, Job] = {}
        self._swept_at = 0.0

    # -- called from other threads ----------------------------------------

    def add(self, job: Job) -> None:
        """Send a task, as soon as there is room for it."""
        self._post(partial(self._on_job, job))

    def cancel(self, result_id: str) -> None:
        """Take a task, whose result is finished by now, off the cluster."""
        self._post(partial(self._on_cancel, result_id))

    def connect(self) -> Cluster:
        """Return the open connection, made if need be. Raises ConnectionError."""
        with self._connecting:
            if self._cluster is not None and self._cluster.is_lost:
                self._drop_cluster()
            if self._cluster is None:
                self._cluster = Cluster(self._options, self._receive)
            return self._cluster

    def close(self) -> None:
        """Give up what has not finished, and close the connection; a later task opens it again."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._inbox.put(self._on_close)
        if thread is not threading.current_thread():
            thread.join()

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
        while self._take(SWEEP if self._sent else None):
            while not self._inbox.empty():
                if not self._take(0):
                    return
            self._attempt(self._send_waiting)
            if self._sent and time.monotonic() - self._swept_at > SWEEP:
                self._attempt(self._sweep)

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

    def _on_job(self, job: Job) -> None:
        heapq.heappush(self._waiting, (-job.result.task.priority, next(self._order), job))

    def _on_cancel(self, result_id: str) -> None:
        job = self._sent.pop(result_id, None)
        if job is None or self._cluster is None:
            return  # it was never sent, or it has ended meanwhile
        if job.worker is None:
            self._cancelled[result_id] = job
            if len(self._cancelled) > REMEMBERED:
                del self._cancelled[next(iter(self._cancelled))]
        self._cluster.cancel([job.future])
        job.future = None

    def _on_close(self) -> None:
        jobs = [*self._sent.values(), *(job for _, _, job in self._waiting)]
        self._sent.clear()
        self._waiting.clear()
        cluster = self._cluster
        if cluster is not None and not cluster.is_lost:
            cluster.cancel([job.future for job in jobs if job.future is not None])
        for job in jobs:
            job.future = None
            error = RuntimeError("The Dask backend was closed before the task had finished.")
            job.backend.give_up(job, error)
        with self._connecting:
            self._cluster = None
        if cluster is not None:
            cluster.close()

    # -- sending ----------------------------------------------------------

    def _send_waiting(self) -> None:
        room = IN_FLIGHT - len(self._sent)
        if room < len(self._waiting) and room < IN_FLIGHT // 4:
            return  # a batch costs little more than a task
        jobs: list[Job] = []
        while self._waiting and len(jobs) < room:
            job = heapq.heappop(self._waiting)[2]
            if not job.result.is_finished:
                jobs.append(job)
        if not jobs:
            return
        try:
            cluster = self.connect()
        except Exception as error:
            jobs += [job for _, _, job in self._waiting]
            self._waiting.clear()
            for job in jobs:
                job.backend.give_up(job, error)
            return
        groups: dict[tuple[int, str | None], list[Job]] = {}
        for job in jobs:
            groups.setdefault((job.result.task.priority, job.function.digest), []).append(job)
        for (priority, _), group in groups.items():
            self._send(cluster, group, priority)

    def _send(self, cluster: Cluster, jobs: list[Job], priority: int) -> None:
        payloads: dict[str, bytes] = {}
        for job in jobs:
            try:
                payloads[job.key] = _payload(job, cluster.topic)
            except Exception as error:  # arguments nested too deeply
                job.backend.give_up(job, error)
        jobs = [job for job in jobs if job.key in payloads]
        # Known before they are sent: a worker may be quick.
        self._sent.update((job.result.id, job) for job in jobs)
        try:
            futures = cluster.send(payloads, priority, jobs[0].function) if jobs else []
        except Exception as error:
            for job in jobs:
                del self._sent[job.result.id]
                job.backend.give_up(job, error)
            return
        for job, future in zip(jobs, futures, strict=True):
            job.future = future

    # -- following --------------------------------------------------------

    def _on_message(self, message: Any) -> None:
        if "events" in message:
            for event in message["events"]:
                self._on_event(message["worker"], *event)
        elif message.get("action") == WORKER_LOST:
            self._on_worker_lost(message["worker"])

    def _on_event(self, worker: str, kind: str, result_id: str, detail: Any) -> None:
        job = self._sent.get(result_id)
        if job is None:
            cancelled = self._cancelled.pop(result_id, None)
            if cancelled is not None:
                cancelled.backend.started_after_all(cancelled)
        elif kind == "started":
            job.worker = worker
            job.backend.started(job, worker, detail)
        elif detail is None:
            self._fetch(job)
        else:
            self._on_outcome(job, detail)

    def _on_outcome(self, job: Job, data: bytes) -> None:
        if self._sent.pop(job.result.id, None) is None:
            return
        job.future = None
        job.backend.finished(job, pickle.loads(data))  # noqa: S301  (from the user's own workers)

    def _on_worker_lost(self, worker: str) -> None:
        for job in list(self._sent.values()):
            if job.worker == worker:
                job.worker = None
                job.arrived = job.fetching = False
                job.backend.released(job)

    def _fetch(self, job: Job) -> None:
        if self._cluster is None or job.fetching:
            return
        job.fetching = True

        def deliver(data: bytes) -> None:
            self._inbox.put(partial(self._on_outcome, job, data))

        self._cluster.fetch(job.future, deliver)

    def _sweep(self) -> None:
        """Look for ends that no worker reports: it died, or the scheduler did."""
        self._swept_at = time.monotonic()
        lost = self._cluster is None or self._cluster.is_lost
        for job in list(self._sent.values()):
            status = job.future.status
            if status == "error":
                del self._sent[job.result.id]
                job.backend.give_up(job, job.future.exception(timeout=SWEEP))
            elif lost or status == "cancelled":
                del self._sent[job.result.id]
                job.backend.give_up(job, self._lost_error(job, lost=lost))
            elif status == "finished":
                # Its report, if there is one, came before: a second look finds it missing.
                if job.arrived:
                    self._fetch(job)
                job.arrived = True
            else:
                continue
        if lost and self._cluster is not None:
            with self._connecting:
                self._drop_cluster()

    def _lost_error(self, job: Job, *, lost: bool) -> Exception:
        if not lost:
            return RuntimeError(f"The task {job.key!r} was cancelled on the cluster.")
        address = "?" if self._cluster is None else self._cluster.address
        return ConnectionError(
            f"The connection to the Dask scheduler at {address!r} was lost. "
            "Run the task again when it is back."
        )

    def _drop_cluster(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            threading.Thread(target=cluster.close, name="Dask close", daemon=True).start()


def _payload(job: Job, topic: str) -> bytes:
    function = job.function
    return pickle.dumps(
        {
            **job.describe(topic),
            "code": function.data if function.digest is None else None,
            "by_value": function.by_value,
            "python": sys.version_info[:2],
        }
    )
