"""The jobs that have failed and wait for their next attempt."""

from __future__ import annotations

import logging
import threading

from immediate_tasks_ipy.tasks.backends.event_loop import Timer, service_loop

from .engine import Engine
from .job import Job

logger = logging.getLogger("immediate_tasks_ipy.tasks")


class Pauses:
    """Sends jobs to the engine again, each after its pause. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._timers: dict[str, tuple[Job, Timer]] = {}

    def start(self, job: Job, pause: float) -> None:
        """Send the job after `pause` seconds; its earlier attempt has ended."""
        with self._lock:
            timer = service_loop.call_later(pause, self._end, job.result.id)
            self._timers[job.result.id] = job, timer

    def cancel(self, result_id: str) -> None:
        """Send that job no more; nothing happens to one that does not pause."""
        with self._lock:
            _, timer = self._timers.pop(result_id, (None, None))
        if timer is not None:
            timer.cancel()

    def take_all(self) -> list[Job]:
        """End all pauses; returns the jobs, which are not sent any more."""
        with self._lock:
            waiting, self._timers = self._timers, {}
        for _, timer in waiting.values():
            timer.cancel()
        return [job for job, _ in waiting.values()]

    def _end(self, result_id: str) -> None:
        with self._lock:
            job, _ = self._timers.pop(result_id, (None, None))
        if job is None:
            return
        try:
            self._engine.send(job)
        except Exception as error:
            logger.exception("A task could not be sent again.")
            job.observer.abandon(job, error)
