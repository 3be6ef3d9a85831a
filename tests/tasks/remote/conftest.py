from __future__ import annotations

from collections.abc import Iterator

import pytest

from immediate_tasks_ipy.task_history import Recorder, current_recorder, set_current_recorder
from immediate_tasks_ipy.tasks import task_backends
from tests.tasks.remote.engines import HeldBackend


@pytest.fixture(autouse=True)
def recorder() -> Iterator[Recorder]:
    """The recorder in use, empty; connected before any receiver of the tests."""
    set_current_recorder(None)
    yield current_recorder()
    set_current_recorder(None)


@pytest.fixture
def backend() -> Iterator[HeldBackend]:
    """The backend of the alias `held`."""
    backend = HeldBackend("held", {})
    task_backends["held"] = backend
    yield backend
    task_backends.configure(None)
