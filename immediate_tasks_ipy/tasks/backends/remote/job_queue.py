"""Jobs that wait until an engine has room for them."""

from __future__ import annotations

import heapq
import itertools

from .job import Job


class JobQueue:
    """Jobs by priority, the highest first; equal ones in the order in which they came.

    Belongs to one thread.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Job]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def first(self) -> Job | None:
        """The one that is taken next; it may have finished."""
        return self._heap[0][2] if self._heap else None

    def put(self, job: Job) -> None:
        heapq.heappush(self._heap, (-job.result.task.priority, next(self._order), job))

    def put_back(self, jobs: list[Job]) -> None:
        """Put jobs before those of their priority: they have been taken already."""
        for job in reversed(jobs):
            heapq.heappush(self._heap, (-job.result.task.priority, -next(self._order), job))

    def take(self, count: int) -> list[Job]:
        """Remove and return up to `count` jobs; those whose results have finished are dropped."""
        jobs: list[Job] = []
        while self._heap and len(jobs) < count:
            job = heapq.heappop(self._heap)[2]
            if not job.result.is_finished:
                jobs.append(job)
        return jobs

    def take_all(self) -> list[Job]:
        """Remove and return all jobs whose results have not finished."""
        return self.take(len(self._heap))
