"""A task on its way to a worker and back."""

from __future__ import annotations

import pickle
import sys
from types import GeneratorType
from typing import Any, Protocol

from immediate_tasks_ipy.tasks.base import TaskResult
from immediate_tasks_ipy.tasks.exceptions import InvalidTask
from immediate_tasks_ipy.tasks.values import has_live_values

from .outcome import Outcome
from .pickled_function import PickledFunction, dumps


class JobObserver(Protocol):
    """What an engine reports to: the backend of a job.

    The methods may be called from any thread. They never raise, and what is reported of a job
    whose result has finished (it was cancelled) changes nothing.
    """

    def started(self, job: Job, worker: str, timestamp: float) -> None:
        """A worker has begun with the job, `timestamp` seconds after the epoch by its clock."""

    def released(self, job: Job) -> None:
        """The worker that ran the job is lost; the job waits for another one."""

    def output(self, job: Job, text: str) -> None:
        """The job's function has written `text`."""

    def progress(self, job: Job, done: float, total: float | None, text: str) -> None:
        """The job's function says how far it is."""

    def finished(self, job: Job, outcome: Outcome) -> None:
        """A worker has brought the job to its end."""

    def crashed(self, job: Job, error: BaseException) -> None:
        """The job has brought its worker down: it fails with `error`, or is sent again."""

    def abandon(self, job: Job, error: BaseException) -> None:
        """The job's outcome will never be known: it fails with `error`."""

    def noted(self, job: Job, text: str | None) -> None:
        """There is something to say of the job, or no longer: the workers it waits for are gone."""

    def started_late(self, job: Job) -> None:
        """The job was cancelled while it waited, and had begun all the same: it runs on."""


class Job:
    """A result, and what has to be sent so that a worker can run its task.

    Raises InvalidTask if an argument that is a live object can't be pickled.
    """

    __slots__ = (
        "_live_arguments", "function", "observer", "result", "retries", "sent", "travels_alone",
    )  # fmt: skip

    def __init__(
        self, observer: JobObserver, result: TaskResult[Any], function: PickledFunction
    ) -> None:
        self.observer = observer
        self.result = result
        self.function = function
        #: How often it was sent again after it had failed.
        self.retries = 0
        #: How often the engine has handed it over: for engines that know jobs by their keys.
        self.sent = 0
        #: Did a worker die of it, so that no other job is to share its way?
        self.travels_alone = False
        self._live_arguments: bytes | None = None
        if has_live_values(result.task):
            # As they are now: the notebook may change them while the job waits.
            self._live_arguments = _pickled_arguments(result)

    @property
    def key(self) -> str:
        """The job's name on the engine: that of its task, the id of its result, which retry.

        Another one each time it is sent.
        """
        retry = f"-retry-{self.retries}" if self.retries else ""
        again = f"-{self.sent}" if self.sent > 1 else ""
        return f"{self.result.task.name}-{self.result.id}{retry}{again}"

    def payload(self, **extra: Any) -> bytes:
        """What a worker needs to know, pickled; with the function itself, unless that is shared.

        Arguments that are JSON are pickled here, at the last moment. `extra` is what the engine's
        own workers want to know besides. Raises what pickle raises: a RecursionError for
        arguments that are nested too deeply.
        """
        result, task, function = self.result, self.result.task, self.function
        return pickle.dumps(
            {
                **extra,
                "id": result.id,
                "arguments": self._live_arguments or pickle.dumps((result.args, result.kwargs)),
                "backend": result.backend,
                "worker_ids": list(result.worker_ids),
                "enqueued_at": result.enqueued_at,
                "takes_context": task.takes_context,
                "task": {
                    "name": task.name,
                    "values": task.values,
                    "module_path": task.module_path,
                    "priority": task.priority,
                    "queue_name": task.queue_name,
                    "backend": task.backend,
                    "takes_context": task.takes_context,
                },
                "code": None if function.is_shared else function.data,
                "digest": function.digest,
                "by_value": function.by_value,
                "python": sys.version_info[:2],
            }
        )


def _pickled_arguments(result: TaskResult[Any]) -> bytes:
    args = [_portable(value) for value in result.args]
    kwargs = {name: _portable(value) for name, value in result.kwargs.items()}
    try:
        return dumps((args, kwargs))
    except Exception as error:
        named = {**{f"args[{i}]": arg for i, arg in enumerate(args)}, **kwargs}
        for name, value in named.items():
            try:
                dumps(value)
            except Exception as reason:
                raise InvalidTask(
                    f"{result.task.name!r} can't be sent to a worker: its argument {name} can't "
                    f"be pickled ({reason}). Pass what it is made from, and make it there."
                ) from error
        raise InvalidTask(
            f"The arguments of {result.task.name!r} can't be pickled: {error}."
        ) from error


def _portable(value: Any) -> Any:
    """A generator as the list of its items: it can't travel, and would be read once there."""
    return list(value) if isinstance(value, GeneratorType) else value
