"""A file that keeps what a batch has returned: it is taken up by another process."""

from __future__ import annotations

import enum
import gc
import sqlite3
from datetime import UTC, datetime

import numpy as np
import pytest

from immediate_tasks_ipy.batches import BatchRun, BatchStats, TaskResults, jobs_of_items
from immediate_tasks_ipy.batches.resume_file import ResumeFile, ResumeFileError
from immediate_tasks_ipy.task_history import Job, Recorder, Submission, set_current_recorder
from immediate_tasks_ipy.tasks import Task, task_backends

calls = []
broken = True


@pytest.fixture(autouse=True)
def recorder():
    global broken
    broken = True
    calls.clear()
    recorder = Recorder()
    recorder.connect()
    set_current_recorder(recorder)
    yield recorder
    set_current_recorder(None)


def work(number, *, scale=1):
    calls.append(number)
    if broken and number == 2:
        raise ValueError(number)
    return {"n": number * scale}


class LiveTask(Task):
    values = "live"


def is_number(item):
    return isinstance(item, int)


def other(number):
    calls.append(number)
    return number


def run(path, items, function=work, kwargs=None, kind=Task, **options):
    task, backend = kind(func=function), task_backends["default"]

    def job(item):
        return Job(task, backend, (item,), kwargs or {}, Submission())

    stats = BatchStats("work(…)")
    batch = BatchRun(jobs_of_items(items, job), stats=stats, store=ResumeFile(path), **options)
    batch.run_sync()
    batch.stats.file.close()
    return batch


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pages.sqlite"


def test_what_the_file_has_does_not_run_again(path):
    first = run(path, range(4))
    assert calls == [0, 1, 2, 3]
    calls.clear()
    global broken
    broken = False
    second = run(path, range(6))
    assert calls == [2, 4, 5], "the failure and what is new"
    results = TaskResults(batch=second)
    assert results.return_values == [{"n": number} for number in range(6)]
    assert results[0].id == first.results[0].id
    assert results[0].finished_at == first.results[0].finished_at
    assert results[0].finished_at.utcoffset() == datetime.now(UTC).utcoffset()
    assert (second.stats.restored, second.stats.successful) == (3, 6)


def test_restored_results_are_in_the_history(path, recorder):
    run(path, [0, 1])
    recorder.clear()
    run(path, [0, 1])
    assert [entry.outcome for entry in recorder] == ["successful"] * 2
    assert [entry.item for entry in recorder] == [0, 1]


def test_equal_items_are_told_apart_by_their_order(path):
    run(path, [1, 1])
    run(path, [1, 1, 1])
    assert calls == [1, 1, 1]


def test_other_functions_and_other_arguments_are_other_items(path):
    run(path, [1])
    run(path, [1], function=other)
    run(path, [1], kwargs={"scale": 2})
    run(path, [1], kwargs={"scale": 2})
    assert calls == [1, 1, 1]


def test_a_failure_that_runs_again_is_kept_then(path):
    batch = run(path, range(4))
    global broken
    broken = False
    store = ResumeFile(path)
    assert len(store) == 3
    batch._store = batch.stats.file = store
    store._keys = {n: f"x{n}" for n in range(4)}
    TaskResults(batch=batch).rerun_failed()
    assert len(store) == 4


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but a text that is long enough to be one " * 20)
    with pytest.raises(ResumeFileError, match=r"notes.txt.* can't keep results"):
        ResumeFile(path)
    with pytest.raises(ResumeFileError, match="can't keep results"):
        ResumeFile(tmp_path / "missing" / "pages.sqlite")
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE immediate_tasks_results (name TEXT)")
    other.close()
    with pytest.raises(ResumeFileError, match="can't keep results: no such column"):
        ResumeFile(tmp_path / "other.sqlite")


def test_a_value_that_can_not_be_read_any_more_runs_again(path):
    run(path, [0])
    database = sqlite3.connect(path)
    database.execute("UPDATE immediate_tasks_results SET format = 'pickle', value = x'00'")
    database.commit()
    database.close()
    run(path, [0])
    assert calls == [0, 0]


class Colour(enum.StrEnum):
    RED = "red"


class Shy(int):
    def __repr__(self):
        raise LookupError


def test_values_come_back_with_the_types_that_they_had(path):
    values = [Colour.RED, np.float64(1.5), {"n": [np.float64(2)]}, float("inf"), True, 2, "x", None]
    run(path, values, function=other, kind=LiveTask)
    calls.clear()
    again = run(path, values, function=other, kind=LiveTask)
    assert calls == []
    back = TaskResults(batch=again).return_values
    assert list(map(repr, back)) == list(map(repr, values))
    assert back[0] is Colour.RED


def test_an_item_that_has_no_repr_is_kept_too(path):
    run(path, [1, Shy(2), 3], function=other, kind=LiveTask)
    assert run(path, [1, Shy(2), 3], function=other, kind=LiveTask).stats.restored == 3


def test_a_file_that_breaks_meanwhile_does_not_end_the_batch(path, caplog):
    task, backend = Task(func=work), task_backends["default"]
    store = ResumeFile(path)
    batch = BatchRun(
        [Job(task, backend, (n,), {}, Submission()) for n in (0, 1)],
        stats=BatchStats("work(…)"),
        store=store,
    )
    store.close()
    batch.run_sync()
    assert [r.return_value for r in batch.results] == [{"n": 0}, {"n": 1}]
    assert store.refused == 2
    assert len(caplog.records) == 1, "said once, not for every item"


def test_what_can_not_be_pickled_runs_and_is_not_kept(path):
    items = [{"rows": 1, "open": lambda: None}, 7]

    for _ in range(2):
        batch = run(path, items, function=is_number, kind=LiveTask)
        assert [result.return_value for result in batch.results] == [False, True]

    assert (batch.stats.restored, batch.stats.file.refused) == (1, 1)
    assert "pickle" in batch.stats.file.reason


def test_a_file_is_let_go_of_with_its_last_user(tmp_path, recwarn):
    (tmp_path / "notes.txt").write_text("no database " * 100)
    ResumeFile(tmp_path / "pages.sqlite")
    with pytest.raises(ResumeFileError):
        ResumeFile(tmp_path / "notes.txt")
    gc.collect()

    # From Python 3.13 on sqlite3 warns of what was left open.
    assert [str(warning.message) for warning in recwarn] == []
