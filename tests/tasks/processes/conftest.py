from __future__ import annotations

from collections.abc import Iterator

import pytest

from immediate_tasks_ipy.task_history import Recorder, current_recorder, set_current_recorder
from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.processes import ProcessBackend
from tests.tasks.dask.conftest import transitions  # noqa: F401  (a fixture)


@pytest.fixture(autouse=True)
def recorder() -> Iterator[Recorder]:
    """The recorder in use, empty; connected before any receiver of the tests."""
    set_current_recorder(None)
    yield current_recorder()
    set_current_recorder(None)


@pytest.fixture(scope="session")
def pool() -> Iterator[ProcessBackend]:
    """One pool of two workers for the whole run."""
    backend = ProcessBackend("processes", {"OPTIONS": {"workers": 2}})
    yield backend
    backend.close()


@pytest.fixture
def backend(pool: ProcessBackend) -> Iterator[ProcessBackend]:
    """The backend of the alias `processes`."""
    task_backends["processes"] = pool
    yield pool
    task_backends.configure(None)
