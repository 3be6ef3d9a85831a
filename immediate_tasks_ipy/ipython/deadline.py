"""`--timeout`: ends a task that is still running after so many seconds."""

from __future__ import annotations

import logging

from immediate_tasks_ipy.task_history.actions import cancel
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .followed_task import FollowedTask

logger = logging.getLogger("immediate_tasks_ipy")


class Deadline:
    """Something to schedule with the refresher: at its time, a task that still runs has failed."""

    def __init__(self, followed: FollowedTask, seconds: float) -> None:
        self._followed = followed
        self._seconds = seconds

    def tick(self) -> None:
        """Fail the task with a TimeoutError, unless it has ended."""
        entry = self._followed.entry
        if entry is None or entry.result.is_finished:
            return
        error = TimeoutError(f"not finished after {self._seconds:g} s, its --timeout")
        try:
            cancel(entry.result, error=error)
        except TaskNotCancellable as reason:
            logger.warning("--timeout: %s", reason)
