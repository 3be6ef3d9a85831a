"""The signals of a task: three that are logged too, and those of what happens in between."""

from __future__ import annotations

import logging
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from .dispatcher import (
    Receiver,
    Responses,
    Signal,
    log_failure,
    receiver,
)
from .sync import async_to_sync

__all__ = [
    "receiver",
    "task_enqueued",
    "task_finished",
    "task_noted",
    "task_output",
    "task_progress",
    "task_released",
    "task_started",
]

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy.tasks")
logger.addHandler(logging.NullHandler())
#: Would a record of that level reach the log?
is_logged = logger.isEnabledFor


class AsyncReceivers:
    """Async receivers as a single one: its coroutine runs them concurrently."""

    __slots__ = ("_receivers",)

    def __init__(self, receivers: list[Receiver]) -> None:
        self._receivers = receivers

    async def __call__(self, *, signal: Signal, sender: Any, **named: Any) -> Responses:
        return await signal._gather(self._receivers, sender, named)


async def await_response(response: Coroutine[Any, Any, T]) -> T:
    """What the coroutine that an AsyncReceivers has returned comes to."""
    return await response


class TaskSignal(Signal):
    """A signal of a task's life: it is logged, then sent.

    It is true if sending it would reach a receiver or the log.
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def __bool__(self) -> bool:
        return bool(self.receivers) or is_logged(self.level)

    def receivers_for(self, sender: Any) -> Iterator[Receiver]:
        """The receivers to be called one after the other; async ones are one, `AsyncReceivers`.

        What an interrupt leaves of the iterator are those that a `for` loop has not called.
        """
        if self._direct is not None:
            return iter(self._direct)
        receivers, async_receivers = self._live_receivers(sender)
        if async_receivers:
            receivers.append(AsyncReceivers(async_receivers))
        return iter(receivers)

    def send_fast(
        self, sender: Any, task_result: Any, receivers: Iterator[Receiver] | None = None
    ) -> None:
        """As `send`, without responses: for backends, which send this for every task.

        `receivers` are those of `receivers_for`, to be called here; what is left of them when
        this raises is for `send_rest`.
        """
        if is_logged(self.level) or self is task_finished:
            self._log(task_result)
        if receivers is None:
            receivers = self.receivers_for(sender)
        if self._direct is not None:
            for receive in receivers:
                receive(signal=self, sender=sender, task_result=task_result)
            return
        for receive in receivers:
            response = receive(signal=self, sender=sender, task_result=task_result)
            if type(receive) is AsyncReceivers:
                async_to_sync(await_response, response)

    def send_on_loop(
        self, sender: Any, task_result: Any, receivers: Iterator[Receiver] | None = None
    ) -> Coroutine[Any, Any, None] | None:
        """As `send_fast`, on the running loop: returns what is to be awaited, where anything is.

        None, once all were called, if no receiver is async: a coroutine for each signal would
        cost more than the history that receives it.
        """
        if self._direct is None:
            return self._asend_fast(sender, task_result, receivers)
        self.send_fast(sender, task_result, receivers)
        return None

    async def _asend_fast(
        self, sender: Any, task_result: Any, receivers: Iterator[Receiver] | None
    ) -> None:
        self._log(task_result)
        for receive in self.receivers_for(sender) if receivers is None else receivers:
            response = receive(signal=self, sender=sender, task_result=task_result)
            if type(receive) is AsyncReceivers:
                await response

    def send_rest(self, sender: Any, task_result: Any, receivers: Iterator[Receiver]) -> None:
        """Call those that an exception has left; an Exception that they raise is logged."""
        for receive in receivers:
            response = self._call_robustly(receive, sender, {"task_result": task_result})
            if type(receive) is AsyncReceivers:
                try:
                    async_to_sync(await_response, response)
                except Exception as error:
                    log_failure(receive, error)

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
            # Ctrl-C is no error.
            level = logging.INFO if issubclass(type(error), KeyboardInterrupt) else logging.ERROR
        if not is_logged(level):
            return
        path = result.task.module_path
        if self is task_enqueued:
            logger.log(
                level, "Task id=%s path=%s enqueued backend=%s", result.id, path, result.backend
            )
        else:
            # Not the exception itself, which logging would ask for its truth value.
            info = None if error is None else sys.exc_info()
            logger.log(
                level, "Task id=%s path=%s state=%s", result.id, path, result.status, exc_info=info
            )


task_enqueued = TaskSignal(logging.DEBUG)
task_started = TaskSignal(logging.INFO)
task_finished = TaskSignal(logging.INFO)

#: What a task that runs outside of this process has written: `task_result`, `text`. Sent as it
#: arrives, the last of it before `task_finished`.
task_output = Signal()
#: A running task is READY again: it failed and is tried again, or its worker was lost:
#: `task_result`. Another `task_started` follows with the next attempt. Of a task that has FAILED:
#: it was cancelled before it began, as it seemed, and runs on.
task_released = Signal()
#: A backend has something to say of a task: `task_result`, `text`; None when that holds no more.
#: That no worker is there to run it, for one.
task_noted = Signal()
#: A task says how far it has come: `task_result`, `done`, `total` (None if it is not known) and
#: `text`. See `tasks.progress`.
task_progress = Signal()
