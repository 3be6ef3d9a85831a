"""The thread that gives jobs to worker processes."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from typing import Any

from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.durations import SHIPMENT_SECONDS

from .assignment import Assignment
from .endings import WorkerDied, describe_ending
from .inbox import Inbox
from .worker_process import WorkerProcess

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Seconds between two looks at what a worker has written, while it writes.
OUTPUT_INTERVAL = 0.05
#: Seconds between two looks for processes whose end went unnoticed.
CHECK_INTERVAL = 1.0
#: Seconds that a job runs before those that wait behind it go to other workers.
OVERDUE = 2 * SHIPMENT_SECONDS


class ProcessPool:
    """The engine of a ProcessBackend: at most `size` worker processes, started as needed.

    Every method may be called from any thread. All that happens, happens in its own thread,
    which begins with the first job: the others only put calls into its inbox.
    """

    stops_running_tasks = True

    def __init__(self, size: int) -> None:
        self.size = size
        self._inbox = Inbox()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._owner = os.getpid()
        self._assignment = Assignment(size, self._on_death)
        # By time.monotonic(): when to look at what workers have written, and whether they live.
        self._next_output = self._next_check = 0.0

    # -- called from other threads ----------------------------------------

    def send(self, job: Job) -> None:
        """Run a job as soon as a worker is free."""
        self._post(partial(self._assignment.waiting.put, job))

    def cancel(self, result_id: str) -> None:
        """End the process that runs a job, whose result has finished by now."""
        self._post(partial(self._on_cancel, result_id))

    def close(self) -> None:
        """Abandon what has not finished, and end the processes; a later job starts others."""
        if os.getpid() != self._owner:
            return  # a fork: neither thread nor processes are its own
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._inbox.put(self._on_close)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _post(self, call: Callable[[], None]) -> None:
        with self._lock:
            self._inbox.put(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="task pool", daemon=True)
                self._thread.start()

    # -- the thread -------------------------------------------------------

    def _run(self) -> None:
        while self._take_calls():
            self._attempt(self._assignment.assign)
            for ready in wait(self._awaited(), self._timeout()):
                self._attempt(partial(self._on_ready, ready))
            self._attempt(self._check)

    def _take_calls(self) -> bool:
        """Make the calls of the inbox; returns False after the last one."""
        self._inbox.rest()
        while (call := self._inbox.take()) is not None:
            self._attempt(call)
            if call == self._on_close:
                return False
            del call  # it would keep its task, and that its backend
        return True

    def _attempt(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            logger.exception("A message about tasks in processes could not be handled.")

    def _awaited(self) -> list[Any]:
        awaited: list[Any] = [self._inbox.connection]
        for worker in self._assignment.workers:
            awaited += (worker.connection, worker.sentinel)
            if self._next_output <= time.monotonic():
                awaited.append(worker.output.connection)
        return awaited

    def _timeout(self) -> float | None:
        """Seconds after which something is to be looked at unasked."""
        if not any(worker.jobs for worker in self._assignment.workers):
            return None
        longest = CHECK_INTERVAL
        if any(
            worker.has_waiting and not worker.is_returning for worker in self._assignment.workers
        ):
            longest = OVERDUE
        return min(longest, max(0.0, self._next_output - time.monotonic())) or longest

    def _on_ready(self, ready: Any) -> None:
        for worker in self._assignment.workers:
            if ready is worker.connection:
                self._read(worker)
                return
            if ready is worker.output.connection:
                self._read_output(worker)
                return
            if ready is worker.sentinel:
                self._on_death(worker)
                return

    def _on_close(self) -> None:
        jobs = [job for worker in self._assignment.workers for job in worker.jobs.values()]
        for worker in self._assignment.workers:
            self._end(worker)
        self._assignment.workers.clear()
        for job in [*jobs, *self._assignment.waiting.take_all()]:
            error = RuntimeError("The backend was closed before the task had finished.")
            job.observer.abandon(job, error)

    def _on_cancel(self, result_id: str) -> None:
        for worker in self._assignment.workers:
            if result_id in worker.jobs:
                if worker.running is worker.jobs[result_id]:
                    self._stop(worker)
                else:
                    self._take_back(worker)
                return

    def _stop(self, worker: WorkerProcess) -> None:
        """End a worker whose job was cancelled; those that waited behind it go to others."""
        self._assignment.workers.remove(worker)
        worker.kill()
        self._read_last_words(worker)
        if worker.running is not None:
            # The cancelled one, or the next, which has just begun, and begins again.
            worker.running.observer.released(worker.running)
        self._assignment.waiting.put_back(list(worker.jobs.values()))
        self._end(worker)

    def _end(self, worker: WorkerProcess) -> int | None:
        code = worker.kill()
        worker.close()
        return code

    def _take_back(self, worker: WorkerProcess) -> None:
        try:
            worker.take_back()
        except OSError:
            self._on_death(worker)

    # -- following --------------------------------------------------------

    def _read(self, worker: WorkerProcess) -> None:
        """Take what a worker reports; all of it, as far as it has arrived."""
        try:
            while worker.connection.poll():
                self._on_message(worker, *worker.connection.recv())
        except (EOFError, OSError):
            self._on_death(worker)
            return
        if worker.running is not None and worker.running.result.is_finished:
            self._stop(worker)  # it was cancelled while it waited, and had begun

    def _on_message(
        self, worker: WorkerProcess, kind: str, result_id: str | None, detail: Any
    ) -> None:
        if kind == "ready":
            worker.is_ready = True
            return
        if kind == "returned":
            self._on_returned(worker, detail)
            return
        job = worker.jobs.get(result_id or "")
        if job is None:
            return
        if kind == "started":
            worker.begin(job)
            job.observer.started(job, worker.name, detail)
        elif kind == "progress":
            job.observer.progress(job, *detail)
        elif kind == "finished":
            # What it wrote before it said so is there by now.
            self._read_output(worker)
            worker.remove(job.result.id)
            outcome = pickle.loads(detail)  # noqa: S301  (from our process)
            self._assignment.durations.note(job, outcome["seconds"])
            self._assignment.assign()
            job.observer.finished(job, outcome)

    def _on_returned(self, worker: WorkerProcess, ids: list[str]) -> None:
        """A worker gives jobs back that it has not begun."""
        worker.is_returning = False
        jobs = [worker.remove(result_id) for result_id in ids]
        self._assignment.waiting.put_back([job for job in jobs if job is not None])

    def _read_output(self, worker: WorkerProcess) -> None:
        self._next_output = time.monotonic() + OUTPUT_INTERVAL
        for job, text in worker.read_output():
            job.observer.output(job, text)

    def _check(self) -> None:
        """Find processes that have ended while others, which they started, hold their pipes."""
        now = time.monotonic()
        for worker in list(self._assignment.workers):
            if worker.has_waiting and now - worker.running_since >= OVERDUE:
                self._take_back(worker)
        if now < self._next_check:
            return
        self._next_check = now + CHECK_INTERVAL
        for worker in [worker for worker in self._assignment.workers if not worker.is_alive]:
            self._on_death(worker)

    def _on_death(self, worker: WorkerProcess) -> None:
        """A worker process has ended by itself."""
        if worker not in self._assignment.workers:
            return
        self._assignment.workers.remove(worker)
        self._read_last_words(worker)
        job = worker.running or next(iter(worker.jobs.values()), None)
        if job is not None:
            worker.remove(job.result.id)
        self._assignment.waiting.put_back(list(worker.jobs.values()))
        ending = describe_ending(self._end(worker))
        if job is not None:
            error = WorkerDied(f"The process that ran the task, {worker.name}, {ending}.")
            job.observer.crashed(job, error)
        elif not worker.is_ready:
            self._assignment.abandon_waiting(
                RuntimeError(f"A worker process could not start: it {ending}.")
            )

    def _read_last_words(self, worker: WorkerProcess) -> None:
        """What has arrived of a process that is gone: that a task has finished, for one."""
        with contextlib.suppress(EOFError, OSError):
            while worker.connection.poll():
                self._on_message(worker, *worker.connection.recv())
        self._read_output(worker)
