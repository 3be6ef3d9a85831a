"""The three signals of a task, and the log records that go with them."""

from __future__ import annotations

import logging
import sys
from typing import Any

from .dispatcher import Responses, Signal, receiver

__all__ = ["receiver", "task_enqueued", "task_finished", "task_started"]

logger = logging.getLogger("immediate_tasks_ipy.tasks")
logger.addHandler(logging.NullHandler())
#: Would a record of that level reach the log?
is_logged = logger.isEnabledFor


class TaskSignal(Signal):
    """A signal of a task's life: it is logged, then sent.

    It is true if sending it would reach a receiver or the log.
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def __bool__(self) -> bool:
        return bool(self.receivers) or is_logged(self.level)

    def tell(self, sender: Any, task_result: Any) -> None:
        """As `send`, for backends, which send this for every task and look at no responses."""
        if is_logged(self.level) or self is task_finished:
            self._log(task_result)
        if self._direct is None:
            super().send(sender, task_result=task_result)
        else:
            for receive in self._direct:
                receive(signal=self, sender=sender, task_result=task_result)

    def send(self, sender: Any, **named: Any) -> Responses:
        self._log(named["task_result"])
        return super().send(sender, **named)

    async def asend(self, sender: Any, **named: Any) -> Responses:
        self._log(named["task_result"])
        return await super().asend(sender, **named)

    def send_robust(self, sender: Any, **named: Any) -> Responses:
        self._log(named["task_result"])
        return super().send_robust(sender, **named)

    async def asend_robust(self, sender: Any, **named: Any) -> Responses:
        self._log(named["task_result"])
        return await super().asend_robust(sender, **named)

    def _log(self, result: Any) -> None:
        """One record of the transition, in the words of `django.tasks.signals`."""
        level, error = self.level, None
        if self is task_finished and result.status == "FAILED":
            # The signal is sent while the exception is being handled.
            error = sys.exception()
            # That somebody pressed Ctrl-C is no error.
            level = logging.INFO if isinstance(error, KeyboardInterrupt) else logging.ERROR
        if not is_logged(level):
            return
        path = result.task.module_path
        if self is task_enqueued:
            logger.log(
                level, "Task id=%s path=%s enqueued backend=%s", result.id, path, result.backend
            )
        else:
            logger.log(
                level, "Task id=%s path=%s state=%s", result.id, path, result.status, exc_info=error
            )


task_enqueued = TaskSignal(logging.DEBUG)
task_started = TaskSignal(logging.INFO)
task_finished = TaskSignal(logging.INFO)
