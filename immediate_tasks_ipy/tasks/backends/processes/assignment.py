"""Which job goes to which worker process."""

from __future__ import annotations

from collections.abc import Callable

from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.durations import SHIPMENT_LIMIT, Durations
from immediate_tasks_ipy.tasks.backends.remote.job_queue import JobQueue

from .surroundings import Surroundings
from .worker_process import WorkerProcess


class Assignment:
    """The jobs that wait, and at most `size` workers, started as needed. Belongs to one thread.

    `on_death` is called with a worker that turns out to be gone.
    """

    def __init__(self, size: int, on_death: Callable[[WorkerProcess], None]) -> None:
        self.size = size
        self.waiting = JobQueue()
        self.workers: list[WorkerProcess] = []
        self.durations = Durations()
        self._on_death = on_death

    def assign(self) -> None:
        """Give the jobs that wait to the workers that are free, and start more if there is need."""
        if not len(self.waiting):
            return
        surroundings = Surroundings.here()
        while len(self.waiting):
            idle = next((worker for worker in self.workers if worker.is_idle), None)
            if idle is None:
                break
            for job in self.waiting.take(1):
                self._send(idle, job, surroundings)
        self._start_workers()
        self._send_ahead(surroundings)

    def _start_workers(self) -> None:
        starting = sum(not worker.is_ready for worker in self.workers)
        room = self.size - len(self.workers)
        for _ in range(min(len(self.waiting) - starting, room)):
            try:
                self.workers.append(WorkerProcess())
            except Exception as error:
                if not self.workers:
                    self.abandon_waiting(error)
                break

    def _send_ahead(self, surroundings: Surroundings) -> None:
        """Send short jobs to workers that are busy: they need not wait for us between two."""
        half = SHIPMENT_LIMIT // 2
        busy = [w for w in self.workers if 0 < len(w.jobs) < half and not w.is_returning]
        share = -(-len(self.waiting) // max(1, len(busy)))
        for worker in busy:
            for _ in range(share):
                if not self._send_one_ahead(worker, surroundings):
                    break

    def _send_one_ahead(self, worker: WorkerProcess, surroundings: Surroundings) -> bool:
        for job in self.waiting.take(1):
            room = self.durations.per_shipment(job) - len(worker.jobs)
            if room > 0 and worker in self.workers and worker.can_wait(job, surroundings):
                self._send(worker, job, surroundings)
                return True
            self.waiting.put_back([job])
        return False

    def _send(self, worker: WorkerProcess, job: Job, surroundings: Surroundings) -> None:
        try:
            worker.send(job, surroundings)
        except OSError:
            # The process is gone; the job never reached it.
            worker.remove(job.result.id)
            self._on_death(worker)
            self.waiting.put_back([job])
        except Exception as error:
            worker.remove(job.result.id)
            job.observer.abandon(job, error)

    def abandon_waiting(self, error: BaseException) -> None:
        for job in self.waiting.take_all():
            job.observer.abandon(job, error)
