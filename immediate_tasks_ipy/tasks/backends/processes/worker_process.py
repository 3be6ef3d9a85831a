"""A worker process, as the notebook sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections import deque
from typing import Any

from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.interrupts import interrupts_blocked
from immediate_tasks_ipy.tasks.backends.remote.worker.functions import LatestFunctions

from . import child
from .output_pipe import OutputPipe
from .surroundings import Surroundings

#: Seconds for a process that was killed to be gone.
KILL_TIMEOUT = 5.0


class WorkerProcess:
    """Runs jobs one after the other, in a process of its own. Belongs to the pool's thread."""

    def __init__(self) -> None:
        from loky.backend import get_context, resource_tracker

        context: Any = get_context("loky")
        self.connection, theirs = context.Pipe(duplex=True)
        output, written = context.Pipe(duplex=False)
        boundary = b"\0" + os.urandom(16) + b"\0"
        self.output = OutputPipe(output, boundary)
        # A daemon: at the end of the interpreter nobody waits for it.
        self._process: Any = context.Process(
            target=child.main, args=(theirs, written, boundary), daemon=True, name="task worker"
        )
        with interrupts_blocked(resource_tracker.ensure_running):
            self._process.start()
        theirs.close()
        written.close()
        self._functions: LatestFunctions[bool] = LatestFunctions()
        self._latest_function: str | None = None
        self._surroundings = Surroundings.here()
        #: Has it started, so that it can be sent a job?
        self.is_ready = False
        #: What it was sent and has not ended, in their order, by the ids of their results.
        self.jobs: dict[str, Job] = {}
        #: That of them which runs, as far as it was reported, and since when (time.monotonic()).
        self.running: Job | None = None
        self.running_since = 0.0
        #: Was it asked for those that have not begun?
        self.is_returning = False
        self._writing: deque[Job] = deque()

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    @property
    def name(self) -> str:
        """Its id in `worker_ids`."""
        return f"process {self.pid}"

    @property
    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    @property
    def is_idle(self) -> bool:
        return self.is_ready and not self.jobs

    @property
    def has_waiting(self) -> bool:
        """Whether jobs wait there behind one that runs."""
        return len(self.jobs) > 1 and self.running is not None

    @property
    def sentinel(self) -> Any:
        """Becomes ready when the process has ended."""
        return self._process.sentinel

    def can_wait(self, job: Job, surroundings: Surroundings) -> bool:
        """Whether a job may be sent while others run: it needs nothing but what is there."""
        function = job.function.digest
        is_there = function is None or function == self._latest_function
        return is_there and surroundings == self._surroundings

    def send(self, job: Job, surroundings: Surroundings) -> None:
        """Have it run a job. Raises what pickle raises, and OSError if the process is gone."""
        payload = job.payload()
        function, code = job.function, None
        if function.digest is not None:
            # It keeps those it used last, as is done here.
            if function.digest not in self._functions:
                code = function.data
            self._functions.use(function.digest, lambda: True)
            self._latest_function = function.digest
        changed = None if surroundings == self._surroundings else surroundings
        self._surroundings = surroundings
        self.jobs[job.result.id] = job
        self._writing.append(job)
        self.connection.send(child.Message(job.result.id, payload, code, changed))

    def take_back(self) -> None:
        """Ask for the jobs that have not begun; it answers with their ids. Raises OSError."""
        if not self.is_returning:
            self.is_returning = True
            self.connection.send(None)

    def remove(self, result_id: str) -> Job | None:
        """A job has ended, or was given back; returns it."""
        job = self.jobs.pop(result_id, None)
        if job is None:
            return None
        if job is self.running:
            self.running = None
        elif job in self._writing:
            self._writing.remove(job)
        return job

    def read_output(self) -> list[tuple[Job, str]]:
        """What its jobs have written since, as far as that has arrived."""
        texts = []
        for number, text in enumerate(self.output.read()):
            if number and self._writing:
                self._writing.popleft()
            if text and self._writing:
                texts.append((self._writing[0], text))
        return texts

    def kill(self) -> int | None:
        """End the process and those that it has started; returns its exit code."""
        if sys.platform == "win32":
            self._process.terminate()
        else:
            # It is no group's leader before it has begun.
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self.pid, signal.SIGKILL)
        self._process.join(KILL_TIMEOUT)
        code: int | None = self._process.exitcode
        return code

    def close(self) -> None:
        """Release what belongs to a process that has ended."""
        self.connection.close()
        self.output.close()

    def begin(self, job: Job) -> None:
        """It has begun with a job."""
        self.running, self.running_since = job, time.monotonic()
