"""What a function sees of the framework on a worker, which need not have that."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import Any, NoReturn

from ....progress import progress, track


class TaskResult:
    """A result as it was when it was sent: a task's own, or one that its function reads."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)

    @property
    def attempts(self) -> int:
        return len(self.worker_ids)

    @property
    def is_finished(self) -> bool:
        return self.status in {"SUCCESSFUL", "FAILED"}

    @property
    def return_value(self) -> Any:
        """As the framework's."""
        if self.status == "SUCCESSFUL":
            return self._return_value
        raise ValueError("Task failed" if self.status == "FAILED" else "Task has not finished yet")

    def refresh(self) -> NoReturn:
        raise RuntimeError(
            "A result that a task reads on a worker stays as it was when the task was sent."
        )

    def __getattr__(self, name: str) -> Any:
        # Only reached where an attribute is missing; says to type checkers that there are some.
        raise AttributeError(f"A TaskResult on a worker has no attribute {name!r}.")


def running(job: dict[str, Any], worker: str, started: float) -> TaskResult:
    """The result of a task that runs here since `started`, in seconds of the epoch."""
    began = datetime.fromtimestamp(started, UTC)
    return TaskResult(
        {
            "task": SimpleNamespace(**job["task"]),
            "id": job["id"],
            "args": job["args"],
            "kwargs": job["kwargs"],
            "backend": job["backend"],
            "status": "RUNNING",
            "enqueued_at": job["enqueued_at"],
            "started_at": began,
            "last_attempted_at": began,
            "finished_at": None,
            "errors": [],
            # The attempts that the notebook knew of when it sent the task, and this one.
            "worker_ids": [*job["worker_ids"], worker],
        }
    )


class TaskContext:
    """Stands in for the framework's class of the same name."""

    def __init__(self, task_result: TaskResult) -> None:
        self.task_result = task_result

    @property
    def attempt(self) -> int:
        return self.task_result.attempts

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Say that the task has done so much, of `total` if that is known."""
        progress(done, total, text)


class Task:
    """Another task that a function uses: it can be called, but not be enqueued from here."""

    def __init__(self, func: Callable[..., Any], fields: dict[str, Any]) -> None:
        self.func = func
        self.__dict__.update(fields)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function here, an async one to its end."""
        if iscoroutinefunction(self.func):
            return asyncio.run(self.func(*args, **kwargs))
        return self.func(*args, **kwargs)

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function here."""
        if iscoroutinefunction(self.func):
            return await self.func(*args, **kwargs)
        return self.func(*args, **kwargs)

    def using(self, **_: Any) -> Task:
        return self

    def enqueue(self, *_: Any, **__: Any) -> NoReturn:
        name = self.__dict__.get("name", "task")
        raise RuntimeError(
            f"A task that runs on a worker can't enqueue another one: the backends are the "
            f"notebook's. Call it here, {name}.call(…), or enqueue it from the notebook."
        )

    async def aenqueue(self, *_: Any, **__: Any) -> NoReturn:
        self.enqueue()


#: By the names under which the notebook sends them.
_STAND_INS: dict[str, Any] = {
    "Task": Task,
    "TaskContext": TaskContext,
    "TaskResult": TaskResult,
    "progress": progress,
    "track": track,
}


class Unpickler(pickle.Unpickler):
    """Gives a function the classes that the notebook's framework would."""

    def persistent_load(self, name: Any) -> Any:
        return _STAND_INS[name]
