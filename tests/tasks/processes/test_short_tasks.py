"""Short tasks in processes: sent ahead of their turn, and each for itself all the same."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.backends.processes.output_pipe import OutputPipe
from immediate_tasks_ipy.tasks.backends.remote.durations import SHIPMENT_LIMIT
from tests.tasks.dask.cells import finished, until

BOUNDARY = b"\0boundary\0"


def step(number, folder=None, special=None):
    """A short task, but for the number that is special."""
    print("number", number)
    if number == special:
        Path(folder, "begun").touch()
        if Path(folder, "deadly").exists():
            os._exit(3)
        while not Path(folder, "gate").exists():
            time.sleep(0.01)
    if folder is not None and number != special:
        Path(folder, f"ran {number}").touch()
    return number


def enqueue(count, *args):
    task = Task(func=step, backend="processes")
    return [task.enqueue(number, *args) for number in range(count)]


@pytest.fixture
def known(backend):
    """The backend, when it knows that the tasks are short."""
    finished(*enqueue(2))
    assignment = backend.engine._assignment
    job = _Job()
    for _ in range(100):
        assignment.durations.note(job, 0.0)
    assert assignment.durations.per_shipment(job) == SHIPMENT_LIMIT
    return backend


class _Job:
    class result:  # noqa: N801
        task = Task(func=step, backend="processes")


def test_each_has_its_own_states_output_and_value(known, recorder):
    results = enqueue(60)
    finished(*results)
    for number, result in enumerate(results):
        entry = recorder.entry_of(result)
        assert (result.return_value, entry.output) == (number, f"number {number}\n")
        assert [status for status, _ in entry.lifecycle] == ["READY", "RUNNING", "SUCCESSFUL"]


def test_none_waits_behind_one_that_takes_long(known, tmp_path):
    results = enqueue(40, str(tmp_path), 3)
    long = results.pop(3)
    finished(*results)
    assert long.status == "RUNNING"
    (tmp_path / "gate").touch()
    finished(long)
    assert [result.attempts for result in [long, *results]] == [1] * 40


def test_one_that_ends_its_process_fails_alone(known, tmp_path):
    (tmp_path / "deadly").touch()
    results = enqueue(40, str(tmp_path), 3)
    finished(*results)
    assert [r.args[0] for r in results if r.status == "FAILED"] == [3]
    assert [result.attempts for result in results] == [1] * 40


def test_one_that_is_cancelled_behind_another_never_runs(known, tmp_path):
    blocking = [*enqueue(1, str(tmp_path), 0), *enqueue(1, str(tmp_path), 0)]
    waiting = enqueue(20, str(tmp_path), 100)
    for result in waiting[5:15]:
        known.cancel(result)
    until(lambda: all(result.status == "RUNNING" for result in blocking), "both to block")
    (tmp_path / "gate").touch()
    finished(*blocking, *waiting)
    ran = {path.name for path in tmp_path.glob("ran *")}
    assert ran == {f"ran {number}" for number in (*range(5), *range(15, 20))}


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_output_is_divided_wherever_it_is_cut(size):
    texts = ["one\n", "", "zwölf \0 \0bound", "four"]
    data = BOUNDARY.join(text.encode() for text in texts)
    reading, writing = os.pipe()
    pipe = OutputPipe(_Connection(reading), BOUNDARY)
    read = [""]
    for start in range(0, len(data), size):
        os.write(writing, data[start : start + size])
        first, *others = pipe.read()
        read[-1] += first
        read += others
    pipe.close()
    os.close(writing)
    assert read == texts


class _Connection:
    def __init__(self, descriptor):
        self._descriptor = descriptor

    def fileno(self):
        return self._descriptor

    def close(self):
        os.close(self._descriptor)
