"""A backend that only remembers what was enqueued: for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.base import Task, TaskResult
from immediate_tasks_ipy.tasks.exceptions import TaskResultDoesNotExist
from immediate_tasks_ipy.tasks.lifecycle import new_result
from immediate_tasks_ipy.tasks.signals import task_enqueued
from immediate_tasks_ipy.tasks.values import live_values

from .base import BaseTaskBackend

T = TypeVar("T")


class DummyBackend(BaseTaskBackend):
    """Keeps the results of all tasks in `results`, and runs none."""

    supports_defer = True
    supports_async_task = True
    supports_priority = True

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        #: The results, in order of arrival.
        self.results: list[TaskResult[Any]] = []

    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        self.results.append(result)
        if task_enqueued:
            task_enqueued.send(type(self), task_result=result)
        # A copy, so that a caller can't change what is remembered; of live values there is one.
        return deepcopy(result, {id(value): value for value in live_values(result)})

    def get_result(self, result_id: str) -> TaskResult[Any]:
        # They are this process's own, hence supports_get_result is False.
        for result in self.results:
            if result.id == result_id:
                return result
        raise TaskResultDoesNotExist(result_id)

    async def aget_result(self, result_id: str) -> TaskResult[Any]:
        return self.get_result(result_id)

    def clear(self) -> None:
        """Forget the results."""
        self.results.clear()
