"""The Dask backend with a scheduler and workers that are processes of their own.

The workers' environment has distributed, but not this package.
"""

from __future__ import annotations

import sys

import pytest

from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.dask import DaskBackend
from immediate_tasks_ipy.tasks.base import Task
from immediate_tasks_ipy.tasks.signals import task_released
from tests.support.environments import newest_python
from tests.support.services import PATIENCE
from tests.tasks.dask.cells import cell, finished, hold, running, until
from tests.tasks.dask.conftest import SeparateCluster, workers

# The tests' own environment has more packages than the workers': Dask says so.
pytestmark = pytest.mark.filterwarnings("ignore:Mismatched versions")


def by_value(function):
    """Give a function of this file the form of one in a cell: the workers can't import it."""
    import inspect

    source = "import time\nfrom pathlib import Path\n" + inspect.getsource(function)
    return cell(source)[function.__name__]


def remote_task(function, **options):
    return Task(func=function, backend="dask", **options)


def test_workers_run_tasks_without_having_this_package(remote):
    def look():
        import importlib.util

        return importlib.util.find_spec("immediate_tasks_ipy") is None

    assert all(remote.client.run(look).values())
    namespace = cell("async def add(a, b):\n    print('adding')\n    return a + b + c", c=100)
    result = remote_task(namespace["add"]).enqueue(1, 2)
    finished(result)
    assert result.return_value == 103
    assert result.worker_ids[0] in workers(remote)


def test_a_cluster_of_another_python_is_refused_with_both_versions(tmp_path):
    minor = sys.version_info.minor
    python = newest_python((3, minor + 1), (3, 15)) or newest_python((3, 11), (3, minor))
    if python is None:
        pytest.skip("No other Python from 3.11 to 3.14 is found.")
    cluster = SeparateCluster(tmp_path, python)
    backend = DaskBackend("dask", {"OPTIONS": {"address": cluster.address, "timeout": PATIENCE}})
    task_backends["dask"] = backend
    try:
        cluster.start_scheduler()
        result = remote_task(by_value(hold)).enqueue(str(tmp_path / "gate"))
        finished(result)
        message = result.errors[-1].traceback.splitlines()[-1]
        there = python.resolve().name.removeprefix("python")
        assert f"its scheduler runs Python {there}, the notebook 3.{minor}." in message
        assert not (tmp_path / "gate.begun").exists()
    finally:
        backend.close()
        task_backends.configure(None)
        cluster.stop()


def test_a_worker_killed_in_mid_task_loses_nothing(separate, remote, tmp_path, transitions):
    gate = tmp_path / "gate"
    result = remote_task(by_value(hold)).enqueue(str(gate))
    running(result)
    first = result.worker_ids[0]
    quick = [remote_task(cell("def one():\n    return 1")["one"]).enqueue() for _ in range(50)]
    separate.kill(workers(remote)[first])
    until(lambda: len(result.worker_ids) == 2, "the second attempt")
    assert result.status == "RUNNING"
    assert result.worker_ids[1] != first
    assert result.started_at <= result.last_attempted_at
    gate.touch()
    finished(result, *quick)
    assert result.return_value == "held"
    assert [r.return_value for r in quick] == [1] * 50
    held = [status for name, status in transitions if name == "hold"]
    assert held == ["READY", "RUNNING", "RUNNING", "SUCCESSFUL"]


def test_a_task_whose_last_worker_is_lost_is_ready_until_another_one_joins(
    separate, remote, tmp_path, recorder
):
    released = []

    def receive(task_result, **_):
        released.append((task_result.id, str(task_result.status)))

    task_released.connect(receive)
    gate = tmp_path / "gate"
    result = remote_task(by_value(hold)).enqueue(str(gate))
    running(result)
    separate.kill("one")
    separate.kill("two")
    until(lambda: result.status == "READY", "the task to be ready again")
    until(lambda: released, "the signal")
    assert released[-1] == (result.id, "READY")
    gate.touch()
    separate.start_worker("three")
    finished(result)
    assert result.return_value == "held"
    steps = [status for status, _ in recorder.entry_of(result).lifecycle]
    assert steps[-3:] == ["READY", "RUNNING", "SUCCESSFUL"]


def test_a_scheduler_that_goes_away_fails_what_ran_and_its_successor_is_used(
    separate, remote, tmp_path
):
    held = remote_task(by_value(hold)).enqueue(str(tmp_path / "gate"))
    running(held)
    separate.stop()
    finished(held)
    assert held.status == "FAILED"
    assert held._abandoned
    assert held.errors[0].exception_class is ConnectionError
    assert separate.address in held.errors[0].traceback

    separate.start_scheduler()
    separate.start_worker("three")
    again = remote_task(cell("def one():\n    return 1")["one"]).enqueue()
    finished(again)
    assert again.return_value == 1


def test_a_module_that_the_workers_lack_is_named_with_the_cure(remote, tmp_path, monkeypatch):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "pricing.py").write_text("def price(x):\n    return x * 2\n")
    monkeypatch.syspath_prepend(tmp_path / "code")
    import pricing

    task = remote_task(cell("def total(x):\n    return price(x) + 1", price=pricing.price)["total"])
    result = task.enqueue(4)
    finished(result)
    assert result.errors[0].exception_class is ModuleNotFoundError
    assert "has no module 'pricing'" in result.errors[0].traceback
    assert "task_backends['dask'].client.upload_file('pricing.py')" in result.errors[0].traceback

    remote.client.upload_file(str(tmp_path / "code" / "pricing.py"))
    again = task.enqueue(4)
    finished(again)
    assert again.return_value == 9


def test_an_existing_client_is_used_and_left_open(separate):
    distributed = pytest.importorskip("distributed")
    from immediate_tasks_ipy.tasks import task_backends

    with distributed.Client(separate.address, set_as_default=False, timeout=PATIENCE) as client:
        backend = DaskBackend("dask", {"OPTIONS": {"client": client}})
        task_backends["dask"] = backend
        result = remote_task(cell("def one():\n    return 1")["one"]).enqueue()
        finished(result)
        assert result.return_value == 1
        backend.close()
        assert client.submit(sum, [1, 2]).result() == 3
    task_backends.configure(None)


def test_two_notebooks_share_a_cluster(separate, remote):
    from immediate_tasks_ipy.tasks import task_backends

    other = DaskBackend("other", {"OPTIONS": {"address": separate.address}})
    task_backends["other"] = other
    function = cell("def same(x):\n    return x")["same"]
    mine = [remote_task(function).enqueue(i) for i in range(10)]
    theirs = [Task(func=function, backend="other").enqueue(-i) for i in range(10)]
    finished(*mine, *theirs)
    assert [r.return_value for r in mine] == list(range(10))
    assert [r.return_value for r in theirs] == [-i for i in range(10)]
    other.close()
