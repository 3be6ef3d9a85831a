"""For the tests of code that enqueues tasks: two fixtures, loaded by pytest itself.

`immediate_tasks` runs every task when it is enqueued, whatever backend it is
meant for; `recorded_tasks` runs none and only notes them::

    def test_a_new_user_gets_a_mail(recorded_tasks):
        register("ada@example.org")
        recorded_tasks.assert_enqueued(send_mail, "ada@example.org", template="welcome")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from immediate_tasks_ipy.tasks import Task, TaskResult

_BACKENDS = "immediate_tasks_ipy.tasks.backends"


class EnqueuedTasks:
    """The tasks that a test has enqueued."""

    def __init__(self) -> None:
        #: Their results, in the order they were enqueued.
        self.results: list[TaskResult[Any]] = []

    def note(self, task_result: TaskResult[Any], **_: Any) -> None:
        """Receiver of `task_enqueued`."""
        self.results.append(task_result)

    def of(self, task: Task[..., Any]) -> list[TaskResult[Any]]:
        """The results of one task, whatever `using` changed."""
        return [result for result in self.results if result.task.func == task.func]

    def assert_enqueued(self, task: Task[..., Any], *args: Any, **kwargs: Any) -> TaskResult[Any]:
        """The result of the first enqueue of `task` with exactly these arguments.

        The arguments are compared as tasks get them, normalised to JSON. Raises
        AssertionError, which lists what was enqueued instead.
        """
        __tracebackhide__ = True
        from immediate_tasks_ipy.tasks.jsonable import normalize_json

        expected = normalize_json(list(args)), normalize_json(kwargs)
        enqueued = self.of(task)
        for result in enqueued:
            if (result.args, result.kwargs) == expected:
                return result
        calls = [_call(task.name, result.args, result.kwargs) for result in enqueued]
        instead = "\n  ".join(calls) if calls else "nothing of that task"
        msg = f"{_call(task.name, *expected)} was not enqueued. There was:\n  {instead}"
        raise AssertionError(msg)


@pytest.fixture
def immediate_tasks() -> Iterator[EnqueuedTasks]:
    """Run every task of this test at once; the tasks enqueued, as they are."""
    with _all_backends(f"{_BACKENDS}.immediate.ImmediateBackend") as enqueued:
        yield enqueued


@pytest.fixture
def recorded_tasks() -> Iterator[EnqueuedTasks]:
    """Run no task of this test; the tasks enqueued, as they are."""
    with _all_backends(f"{_BACKENDS}.dummy.DummyBackend") as enqueued:
        yield enqueued


@contextmanager
def _all_backends(path: str) -> Iterator[EnqueuedTasks]:
    """Put one kind of backend in the place of all, for any queue."""
    from immediate_tasks_ipy.tasks import task_backends
    from immediate_tasks_ipy.tasks.signals import task_enqueued

    settings = dict(task_backends.settings)
    enqueued = EnqueuedTasks()
    task_backends.configure({alias: {"BACKEND": path, "QUEUES": []} for alias in settings})
    task_enqueued.connect(enqueued.note, weak=False)
    try:
        yield enqueued
    finally:
        task_enqueued.disconnect(enqueued.note)
        task_backends.configure(settings)


def _call(name: str, args: Any, kwargs: Any) -> str:
    parts = [repr(arg) for arg in args] + [f"{key}={value!r}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"
