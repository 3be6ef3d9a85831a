from __future__ import annotations

import asyncio
import gc
import sys
import threading

import pytest

from immediate_tasks_ipy.display.source_files import PACKAGE_FOLDER
from immediate_tasks_ipy.task_history import (
    Origin,
    Recorder,
    Submission,
    current_recorder,
    current_submission,
    set_current_recorder,
)
from immediate_tasks_ipy.task_history.history import TaskHistory
from immediate_tasks_ipy.task_history.rerun import rerun
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.lifecycle import new_result
from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished, task_started


class Thing:
    pass


def echo(value=None):
    return value


def fail(number=0):
    raise ValueError(number)


def make_thing():
    return Thing()


async def outer():
    return (await Task(func=echo).aenqueue(1)).return_value


@pytest.fixture
def observer(recorder):
    class Observer:
        def __init__(self):
            self.changes = []
            self.gone = []

        def changed(self, entry):
            self.changes.append((entry.key, str(entry.result.status)))

        def removed(self, keys):
            self.gone.extend(keys)

    observer = Observer()
    recorder.subscribe(observer)
    return observer


def test_every_task_is_kept_in_order_of_arrival(recorder):
    results = [Task(func=echo).enqueue(number) for number in range(5)]
    assert recorder.results == results
    assert [entry.key for entry in recorder] == [1, 2, 3, 4, 5]
    assert len(recorder) == 5
    assert recorder.get(2).result is results[1]
    assert recorder.get(99) is None


def test_failed_results_are_listed(recorder):
    Task(func=echo).enqueue()
    failed = Task(func=fail).enqueue()
    assert TaskHistory(recorder).failed == [failed]


def test_observers_hear_of_each_transition(recorder, observer):
    Task(func=echo).enqueue()
    assert observer.changes == [(1, "READY"), (1, "RUNNING"), (1, "SUCCESSFUL")]
    recorder.unsubscribe(observer)
    Task(func=echo).enqueue()
    assert len(observer.changes) == 3


def test_the_oldest_finished_results_are_dropped_first(recorder, observer):
    recorder.limit = 3
    running = new_result(Task(func=echo), "default", (), {})
    recorder.on_enqueued(task_result=running)
    results = [Task(func=echo).enqueue(number) for number in range(5)]
    assert recorder.results == [running, *results[-3:]]
    assert observer.gone == [2, 3]
    assert recorder.entry_of(results[0]) is None
    recorder.limit = 1
    assert recorder.results == [running, results[-1]]


def test_clearing_leaves_what_has_not_finished(recorder, observer):
    running = new_result(Task(func=echo), "default", (), {})
    recorder.on_enqueued(task_result=running)
    Task(func=echo).enqueue()
    Task(func=fail).enqueue()
    assert recorder.clear() == 2
    assert recorder.results == [running]
    assert recorder.clear() == 0
    assert sorted(observer.gone) == [2, 3]


def test_results_of_two_backends_with_one_id_are_two_entries(recorder):
    first, second = (new_result(Task(func=echo), name, (), {}) for name in ("one", "two"))
    object.__setattr__(second, "id", first.id)
    entries = [recorder.add(first), recorder.add(second)]
    assert entries[0] is not entries[1]
    assert recorder.entry_of(first) is entries[0]
    assert recorder.entry_of(second) is entries[1]
    assert recorder.add(second) is entries[1]


def test_the_live_exceptions_of_the_last_failures_are_kept(recorder):
    results = [Task(func=fail).enqueue(number) for number in range(10)]
    assert recorder.exception(results[1]) is None
    for result in results[2:]:
        assert isinstance(recorder.exception(result), ValueError)
        assert recorder.exception(result).args == tuple(result.args)
    assert recorder.exception(Task(func=echo).enqueue()) is None


def test_a_value_that_could_not_be_stored_can_be_rescued(recorder):
    result = Task(func=make_thing).enqueue()
    assert isinstance(recorder.raw_value(result), Thing)
    with pytest.raises(LookupError, match="No live value"):
        recorder.raw_value(Task(func=echo).enqueue(1))
    with pytest.raises(LookupError):
        recorder.raw_value(Task(func=fail).enqueue())


def test_lifecycle_and_duration_are_those_of_the_result(recorder):
    result = Task(func=echo).enqueue()
    [entry] = recorder
    assert entry.lifecycle == [
        ("READY", result.enqueued_at),
        ("RUNNING", result.started_at),
        ("SUCCESSFUL", result.finished_at),
    ]
    assert entry.seconds >= 0


def test_a_clock_that_went_back_makes_no_negative_duration(recorder):
    result = Task(func=echo).enqueue()
    object.__setattr__(result, "finished_at", result.started_at.replace(year=2000))
    [entry] = recorder
    assert entry.seconds == 0


def test_the_submission_of_its_context_is_attached(recorder):
    submission = Submission(Origin("echo()", 3))
    token = current_submission.set(submission)
    try:
        Task(func=echo).enqueue()
    finally:
        current_submission.reset(token)
    Task(func=echo).enqueue()
    first, second = recorder
    assert first.submission is submission
    assert second.submission is None


async def test_what_a_task_enqueues_has_a_submission_of_its_own(recorder):
    submission = Submission(Origin("outer()", 3, "outer()"))
    token = current_submission.set(submission)
    try:
        await Task(func=outer).aenqueue()
    finally:
        current_submission.reset(token)
    first, second = recorder
    assert first.submission is submission
    assert (second.origin.label, second.origin.cell) == (None, 3)


def test_two_recorders_agree_on_the_submission(recorder):
    another = Recorder()
    another.connect()
    token = current_submission.set(Submission(Origin("echo()")))
    try:
        Task(func=echo).enqueue()
    finally:
        current_submission.reset(token)
        another.disconnect()
    assert next(iter(recorder)).submission is next(iter(another)).submission


def test_disconnecting_leaves_no_receiver():
    signals = (task_enqueued, task_started, task_finished)
    before = [len(signal.receivers) for signal in signals]
    recorder = Recorder()
    recorder.connect()
    recorder.connect()
    assert [len(signal.receivers) for signal in signals] == [count + 1 for count in before]
    recorder.disconnect()
    assert [len(signal.receivers) for signal in signals] == before


def test_threads_may_enqueue_and_read_at_once(recorder):
    recorder.limit = 50
    failures = []

    def work():
        try:
            for _ in range(200):
                Task(func=echo).enqueue()
                len(recorder.results)
                list(recorder)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(recorder) == 50
    assert len({entry.key for entry in recorder}) == 50


def test_a_history_without_a_shell_is_made_when_it_is_asked_for():
    set_current_recorder(None)
    try:
        recorder = current_recorder()
        result = Task(func=echo).enqueue()
        assert current_recorder() is recorder
        assert recorder.results == [result]
    finally:
        set_current_recorder(None)


def test_a_history_that_is_replaced_no_longer_observes(recorder):
    set_current_recorder(Recorder())
    Task(func=echo).enqueue()
    assert recorder.results == []


def test_the_public_functions_use_the_history_in_use(recorder):
    import immediate_tasks_ipy

    result = Task(func=echo).enqueue()
    assert immediate_tasks_ipy.history.results == recorder.results
    assert asyncio.run(immediate_tasks_ipy.wait(result)) == [result]


def test_a_retained_no_op_takes_little_memory(recorder):
    import tracemalloc

    task = Task(func=echo)
    for _ in range(100):
        task.enqueue()
    gc.collect()
    tracemalloc.start()
    for _ in range(1000):
        task.enqueue()
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    # What threads of earlier tests allocate meanwhile is not the history's.
    ours = snapshot.filter_traces([tracemalloc.Filter(True, f"{PACKAGE_FOLDER}*")])
    assert 0 < sum(trace.size for trace in ours.traces) / 1000 <= 900


def test_a_data_frame_shows_the_whole_history(recorder):
    pytest.importorskip("pandas")
    Task(func=echo, priority=4).enqueue({"a": 1})
    Task(func=fail).enqueue(1)
    frame = TaskHistory(recorder).to_frame()
    assert list(frame["status"]) == ["SUCCESSFUL", "FAILED"]
    assert frame["return_value"][0] == {"a": 1}
    assert frame["errors"][1][0]["exception_class_path"] == "builtins.ValueError"
    assert frame["priority"].sum() == 4
    assert (frame["seconds"] >= 0).all()
    assert frame["finished_at"].dt.tz is not None
    assert TaskHistory(Recorder()).to_frame().empty


def test_without_pandas_a_data_frame_says_what_to_install(recorder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        TaskHistory(recorder).to_frame()


async def test_a_task_that_another_enqueues_is_its_child(recorder):
    await Task(func=outer).aenqueue()
    parent, child = recorder
    assert child.parent is parent
    assert parent.parent is None
    history = TaskHistory(recorder)
    assert history.children(parent.result) == [child.result]
    assert history.children(child.result) == []


def test_the_runs_of_a_task_are_linked_to_the_first(recorder):
    set_current_recorder(recorder)
    first = Task(func=echo).enqueue()
    second = rerun(first)
    third = rerun(second)
    history = TaskHistory(recorder)
    assert history.runs(third) == history.runs(first) == [first, second, third]
    assert recorder.entry_of(third).rerun_of is recorder.entry_of(first)


def test_tab_shows_what_is_public_alone(recorder):
    shown = {name for name in dir(TaskHistory(recorder)) if not name.startswith("_")}
    assert shown == {
        "children",
        "clear",
        "exception",
        "failed",
        "raw_value",
        "results",
        "runs",
        "to_frame",
    }
