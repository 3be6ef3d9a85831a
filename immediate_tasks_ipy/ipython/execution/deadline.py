"""`--timeout`: ends a task that is still running after so many seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.tasks.backends.event_loop import Timer, service_loop
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

logger = logging.getLogger("immediate_tasks_ipy")


class Deadline:
    """Fails a task with a TimeoutError after it has run for `seconds`, unless it has ended.

    The time in which it waits, for a worker or for another attempt, does not count. `entry`
    returns the task's entry, None as long as it is not enqueued.
    """

    def __init__(self, entry: Callable[[], Entry | None], seconds: float) -> None:
        self._entry = entry
        self._seconds = seconds
        self._timer: Timer = service_loop.call_later(seconds, self._look)

    def cancel(self) -> None:
        """The task has ended, or is not waited for any more."""
        self._timer.cancel()

    def _look(self) -> None:
        entry = self._entry()
        left = self._seconds
        if entry is not None:
            if entry.result.is_finished:
                return
            left -= entry.running_seconds
        if entry is None or left > 0:
            self._timer = service_loop.call_later(left, self._look)
            return
        error = TimeoutError(f"not finished after {self._seconds:g} s, its --timeout")
        try:
            cancel(entry.result, error=error)
        except TaskNotCancellable as reason:
            logger.warning("--timeout: %s", reason)
