from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from immediate_tasks_ipy.task_history import Recorder, current_recorder, set_current_recorder
from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.dask import DaskBackend
from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished, task_started
from tests.support.environments import environment
from tests.support.services import PATIENCE, free_port
from tests.tasks.dask.cells import until

EMBEDDED = {"OPTIONS": {"cluster": {"n_workers": 2}}}


@pytest.fixture(autouse=True)
def recorder() -> Iterator[Recorder]:
    """The recorder in use, empty; connected before any receiver of the tests."""
    set_current_recorder(None)
    yield current_recorder()
    set_current_recorder(None)


@pytest.fixture(scope="session")
def embedded() -> Iterator[DaskBackend]:
    """One embedded cluster of two worker processes for the whole run."""
    backend = DaskBackend("dask", EMBEDDED)
    yield backend
    backend.close()


@pytest.fixture
def backend(embedded: DaskBackend) -> Iterator[DaskBackend]:
    """The backend of the alias `dask`."""
    task_backends["dask"] = embedded
    yield embedded
    task_backends.configure(None)


@pytest.fixture
def transitions() -> Iterator[list[tuple[str, str]]]:
    """What the signals said, as (task name, status)."""
    seen = []

    def record(task_result: object, **_: object) -> None:
        seen.append((task_result.task.name, str(task_result.status)))

    signals = (task_enqueued, task_started, task_finished)
    for signal in signals:
        signal.connect(record, weak=False)
    yield seen
    for signal in signals:
        signal.disconnect(record)


class SeparateCluster:
    """A scheduler and workers, each a process of its own, that lack this package."""

    def __init__(self, folder: Path, python: Path = Path(sys.executable)) -> None:
        version = importlib.metadata.version("distributed")
        name = "dask-worker" if python == Path(sys.executable) else "dask-other-python"
        needed = f"distributed=={version}"
        self.python = environment(name, needed, package=False, python=python)
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes: dict[str, subprocess.Popen] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start `dask scheduler` or `dask worker`, in a directory that holds no code."""
        log = (self.folder / f"{name}.log").open("w")
        self.processes[name] = subprocess.Popen(
            [self.python.parent / "dask", *arguments, "--no-dashboard"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": ""},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()

    def start_scheduler(self) -> None:
        port = self.address.rpartition(":")[2]
        self.start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", port)

    def start_worker(self, name: str) -> None:
        self.start(name, "worker", self.address, "--name", name, "--nthreads", "1", "--no-nanny")

    def kill(self, name: str) -> None:
        """Send SIGKILL, which leaves no time for a farewell."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)


@pytest.fixture
def separate(tmp_path: Path) -> Iterator[SeparateCluster]:
    """A running scheduler and two workers, called one and two."""
    cluster = SeparateCluster(tmp_path)
    try:
        cluster.start_scheduler()
        cluster.start_worker("one")
        cluster.start_worker("two")
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def remote(separate: SeparateCluster) -> Iterator[DaskBackend]:
    """The backend of the alias `dask`, connected to the separate processes."""
    backend = DaskBackend("dask", {"OPTIONS": {"address": separate.address, "timeout": PATIENCE}})
    task_backends["dask"] = backend
    until(lambda: len(workers(backend)) == 2, "two workers")
    yield backend
    backend.close()
    task_backends.configure(None)


def workers(backend: DaskBackend) -> dict[str, str]:
    """The names of the workers that the scheduler knows, by their addresses."""
    known = backend.client.scheduler_info(n_workers=-1)["workers"]
    return {address: worker["name"] for address, worker in known.items()}
