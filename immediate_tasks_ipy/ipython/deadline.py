"""`--timeout`: ends a task that is still running after so many seconds."""

from __future__ import annotations

import logging
from datetime import datetime

from immediate_tasks_ipy.task_history.actions import cancel
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .followed_task import FollowedTask

logger = logging.getLogger("immediate_tasks_ipy")


class Deadline:
    """Something to schedule with the refresher: at its time, a task that still runs has failed."""

    def __init__(self, followed: FollowedTask, seconds: float) -> None:
        self._followed = followed
        self._seconds = seconds

    def tick(self) -> float | None:
        """Fail the task with a TimeoutError, unless it has ended or has time left."""
        entry = self._followed.entry
        if entry is None:
            return self._seconds if self._followed.active else None
        result = entry.result
        if result.is_finished:
            return None
        waited = datetime.now(result.enqueued_at.tzinfo) - result.enqueued_at
        left = self._seconds - float(waited.total_seconds())
        if left > 0:
            return left
        error = TimeoutError(f"not finished after {self._seconds:g} s, its --timeout")
        try:
            cancel(result, error=error)
        except TaskNotCancellable as reason:
            logger.warning("--timeout: %s", reason)
        return None
