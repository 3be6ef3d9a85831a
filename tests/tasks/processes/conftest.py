from __future__ import annotations

from collections.abc import Iterator

import pytest

from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.processes import ProcessBackend
from tests.tasks.dask.conftest import recorder, transitions  # noqa: F401  (fixtures)


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
