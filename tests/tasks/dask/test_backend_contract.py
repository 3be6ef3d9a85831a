"""The contract that ships with the package, held by the Dask backend on an embedded cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks.backends.dask import DaskBackend
from immediate_tasks_ipy.testing import BackendContract
from tests.tasks.dask.cells import finished
from tests.tasks.dask.conftest import EMBEDDED


class TestDaskBackend(BackendContract):
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

    def make_backend(self) -> DaskBackend:
        return DaskBackend("contract", EMBEDDED)

    @pytest.fixture
    def backend(self, embedded: DaskBackend, recorder: Recorder) -> Iterator[DaskBackend]:
        """One cluster for all tests; the tasks of one have ended before the next begins."""
        with self.registered(embedded):
            yield embedded
            finished(*recorder.results)
