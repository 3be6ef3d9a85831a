"""The contract that ships with the package, held by the pool of local processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks.backends.processes import ProcessBackend
from immediate_tasks_ipy.testing import BackendContract
from tests.tasks.dask.cells import finished


class TestProcessBackend(BackendContract):
    flags = frozenset(
        {
            "supports_async_task",
            "supports_get_result",
            "supports_priority",
            "supports_cancel",
            "supports_retries",
            "finishes_tasks",
            "is_remote",
        }
    )

    def make_backend(self) -> ProcessBackend:
        return ProcessBackend("contract", {"OPTIONS": {"workers": 2}})

    @pytest.fixture
    def backend(self, pool: ProcessBackend, recorder: Recorder) -> Iterator[ProcessBackend]:
        """One pool for all tests; the tasks of one have ended before the next begins."""
        with self.registered(pool):
            yield pool
            finished(*recorder.results)
