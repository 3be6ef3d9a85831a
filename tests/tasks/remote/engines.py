"""An engine that does what a test says, and nothing by itself."""

from __future__ import annotations

from immediate_tasks_ipy.tasks.backends.remote import Job, Outcome, RemoteBackend

SUCCESS: Outcome = {"seconds": 0.5, "value": "done", "changes": []}


class HeldEngine:
    """Keeps the jobs that it is sent, and notes what else it is asked for."""

    stops_running_tasks = False

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.cancelled: list[str] = []
        self.closed = 0

    def send(self, job: Job) -> None:
        self.jobs.append(job)

    def cancel(self, result_id: str) -> None:
        self.cancelled.append(result_id)

    def close(self) -> None:
        self.closed += 1


class HeldBackend(RemoteBackend):
    """What a backend on another engine looks like."""

    engine: HeldEngine

    def create_engine(self) -> HeldEngine:
        return HeldEngine()
