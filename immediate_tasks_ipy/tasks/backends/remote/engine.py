"""What runs the tasks of a RemoteBackend."""

from __future__ import annotations

from typing import Protocol

from .job import Job


class Engine(Protocol):
    """Runs jobs outside of this process, and reports to each job's `observer`.

    It is made with its backend, and starts what it needs with the first job. It must not hold
    the backend but through the jobs that it has: a backend that nobody holds any more closes
    its engine. Its methods may be called from any thread, and return at once but for `close`.

    For every job the engine calls, in this order, on any thread:

    - `observer.started` when a worker begins; `observer.released` when that worker is lost and
      the job waits for another, which will be started in its turn;
    - `observer.output` with what the function wrote, at any time before the end;
    - `observer.finished` with the outcome, `observer.crashed` if the function has brought its
      worker down, or `observer.abandon` if the outcome will never be known.

    A job that has failed may be sent again: it has another `key` then.
    """

    #: Does `cancel` end a function that runs, rather than let it run on unheeded?
    stops_running_tasks: bool

    def send(self, job: Job) -> None:
        """Run a job, as soon as there is room for it, those of a higher priority first."""

    def cancel(self, result_id: str) -> None:
        """Stop the job of that result if that is possible; its result has finished already.

        Nothing happens to a job that has ended, or was never sent.
        """

    def close(self) -> None:
        """Abandon the jobs that have not finished, and release workers, connections and threads.

        May be called more than once; a later job starts the engine again.
        """
