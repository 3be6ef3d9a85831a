"""The framework's contract suite, on a cluster: all of it but what `REFUSED` states."""

from __future__ import annotations

from typing import Any

import pytest

from immediate_tasks_ipy.tasks import TaskResult, task_backends
from immediate_tasks_ipy.tasks.backends.dask import DaskBackend
from tests.contract import test_immediate, test_results, test_tasks
from tests.contract.conftest import dummy, heard  # noqa: F401  (fixtures)
from tests.contract.frameworks import Framework
from tests.contract.test_immediate import how  # noqa: F401  (a fixture)
from tests.tasks.dask.cells import finished
from tests.tasks.dask.conftest import EMBEDDED

#: The tests that don't hold for this backend, each with the reason.
REFUSED = {
    "test_a_task_runs_to_its_end": "worker ids are the workers' addresses",
    "test_a_task_may_enqueue_tasks": "a task that runs on a worker has no backends there",
    "test_an_interrupt_is_raised": "a KeyboardInterrupt on a worker is that task's failure",
    "test_what_a_receiver_raises_is_raised": "a receiver in the background has nobody to raise to",
    "test_what_a_receiver_of_task_finished_raises_leaves_the_outcome": "as above: it is logged",
    "test_the_thread_of_a_receiver_of_aenqueue": "receivers are called in a background thread",
    "test_immediate_results_can_be_neither_fetched_nor_refreshed": "these can be both",
}


class WaitingBackend(DaskBackend):
    """Returns finished results, as the contract's tests expect of the default backend."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> TaskResult:
        result = super().enqueue(task, args, kwargs)
        finished(result)
        return result


class OnCluster(Framework):
    """This package, with a cluster behind the alias `default`."""

    backend: DaskBackend

    def configure(self, mapping: dict[str, Any] | None) -> None:
        super().configure(mapping)
        if mapping is None:
            task_backends["default"] = self.backend


@pytest.fixture(scope="module")
def waiting():
    backend = WaitingBackend("default", EMBEDDED)
    yield backend
    backend.close()


@pytest.fixture
def framework(waiting):
    chosen = OnCluster("ours", "immediate_tasks_ipy.tasks", "immediate_tasks_ipy.tasks")
    object.__setattr__(chosen, "backend", waiting)
    chosen.configure(None)
    yield chosen
    task_backends.configure(None)


@pytest.fixture
def backend(waiting):
    return waiting


CONTRACT = {
    name: value
    for module in (test_immediate, test_results, test_tasks)
    for name, value in vars(module).items()
    if name.startswith("test_")
}
globals().update({name: CONTRACT[name] for name in CONTRACT if name not in REFUSED})


def test_what_is_refused_is_part_of_the_contract():
    assert REFUSED.keys() <= CONTRACT.keys()
