"""The live results of a backend, by their ids."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from immediate_tasks_ipy.tasks.base import TaskResult
from immediate_tasks_ipy.tasks.exceptions import TaskResultDoesNotExist

#: Finished results that are still found.
FINISHED_LIMIT = 10_000


class ResultRegistry:
    """All results that have not finished, and the latest ones that have. Thread-safe."""

    def __init__(self, limit: int = FINISHED_LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._results: dict[str, TaskResult[Any]] = {}
        self._finished: deque[str] = deque()

    def add(self, result: TaskResult[Any]) -> None:
        with self._lock:
            self._results[result.id] = result

    def get(self, result_id: str) -> TaskResult[Any]:
        """The live result of that id. Raises TaskResultDoesNotExist."""
        try:
            return self._results[result_id]
        except KeyError:
            raise TaskResultDoesNotExist(result_id) from None

    def retire(self, result: TaskResult[Any]) -> None:
        """Count a result as finished, and forget the oldest ones beyond the limit."""
        with self._lock:
            self._finished.append(result.id)
            if len(self._finished) > self._limit:
                self._results.pop(self._finished.popleft(), None)
