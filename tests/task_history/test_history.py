from __future__ import annotations

import asyncio
import gc
import sys
import threading

import pytest

from immediate_tasks_ipy.task_history import (
    Origin,
    TaskHistory,
    current_history,
    current_origin,
    set_current_history,
)
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
def observer(history):
    class Observer:
        def __init__(self):
            self.changes = []
            self.gone = []

        def changed(self, entry):
            self.changes.append((entry.key, str(entry.result.status)))

        def removed(self, keys):
            self.gone.extend(keys)

    observer = Observer()
    history.subscribe(observer)
    return observer


def test_every_task_is_kept_in_order_of_arrival(history):
    results = [Task(func=echo).enqueue(number) for number in range(5)]
    assert history.results == results
    assert [entry.key for entry in history] == [1, 2, 3, 4, 5]
    assert len(history) == 5
    assert history.get(2).result is results[1]
    assert history.get(99) is None


def test_failed_results_are_listed(history):
    Task(func=echo).enqueue()
    failed = Task(func=fail).enqueue()
    assert history.failed == [failed]


def test_observers_hear_of_each_transition(history, observer):
    Task(func=echo).enqueue()
    assert observer.changes == [(1, "READY"), (1, "RUNNING"), (1, "SUCCESSFUL")]
    history.unsubscribe(observer)
    Task(func=echo).enqueue()
    assert len(observer.changes) == 3


def test_the_oldest_finished_results_are_dropped_first(history, observer):
    history.limit = 3
    running = new_result(Task(func=echo), "default", (), {})
    history.on_enqueued(task_result=running)
    results = [Task(func=echo).enqueue(number) for number in range(5)]
    assert history.results == [running, *results[-3:]]
    assert observer.gone == [2, 3]
    assert history.entry_of(results[0]) is None
    history.limit = 1
    assert history.results == [running, results[-1]]


def test_clearing_leaves_what_has_not_finished(history, observer):
    running = new_result(Task(func=echo), "default", (), {})
    history.on_enqueued(task_result=running)
    Task(func=echo).enqueue()
    Task(func=fail).enqueue()
    assert history.clear() == 2
    assert history.results == [running]
    assert history.clear() == 0
    assert sorted(observer.gone) == [2, 3]


def test_results_of_two_backends_with_one_id_are_two_entries(history):
    first, second = (new_result(Task(func=echo), name, (), {}) for name in ("one", "two"))
    object.__setattr__(second, "id", first.id)
    entries = [history.add(first), history.add(second)]
    assert entries[0] is not entries[1]
    assert history.entry_of(first) is entries[0]
    assert history.entry_of(second) is entries[1]
    assert history.add(second) is entries[1]


def test_the_live_exceptions_of_the_last_failures_are_kept(history):
    results = [Task(func=fail).enqueue(number) for number in range(10)]
    assert history.exception(results[1]) is None
    for result in results[2:]:
        assert isinstance(history.exception(result), ValueError)
        assert history.exception(result).args == tuple(result.args)
    assert history.exception(Task(func=echo).enqueue()) is None


def test_a_value_that_could_not_be_stored_can_be_rescued(history):
    result = Task(func=make_thing).enqueue()
    assert isinstance(history.raw_value(result), Thing)
    with pytest.raises(LookupError, match="No live value"):
        history.raw_value(Task(func=echo).enqueue(1))
    with pytest.raises(LookupError):
        history.raw_value(Task(func=fail).enqueue())


def test_lifecycle_and_duration_are_those_of_the_result(history):
    result = Task(func=echo).enqueue()
    [entry] = history
    assert entry.lifecycle == [
        ("READY", result.enqueued_at),
        ("RUNNING", result.started_at),
        ("SUCCESSFUL", result.finished_at),
    ]
    assert entry.seconds >= 0


def test_a_clock_that_went_back_makes_no_negative_duration(history):
    result = Task(func=echo).enqueue()
    object.__setattr__(result, "finished_at", result.started_at.replace(year=2000))
    [entry] = history
    assert entry.seconds == 0


def test_the_origin_of_its_context_is_attached(history):
    origin = Origin(label="echo()", cell=3)
    token = current_origin.set(origin)
    try:
        Task(func=echo).enqueue()
    finally:
        current_origin.reset(token)
    Task(func=echo).enqueue()
    first, second = history
    assert first.origin is origin
    assert second.origin is None


async def test_what_a_task_enqueues_has_an_origin_of_its_own(history):
    origin = Origin(label="outer()", cell=3, source="outer()")
    token = current_origin.set(origin)
    try:
        await Task(func=outer).aenqueue()
    finally:
        current_origin.reset(token)
    first, second = history
    assert first.origin is origin
    assert (second.origin.label, second.origin.cell) == (None, 3)


def test_two_histories_agree_on_the_origin(history):
    another = TaskHistory()
    another.connect()
    token = current_origin.set(Origin(label="echo()"))
    try:
        Task(func=echo).enqueue()
    finally:
        current_origin.reset(token)
        another.disconnect()
    assert next(iter(history)).origin is next(iter(another)).origin


def test_disconnecting_leaves_no_receiver():
    signals = (task_enqueued, task_started, task_finished)
    before = [len(signal.receivers) for signal in signals]
    history = TaskHistory()
    history.connect()
    history.connect()
    assert [len(signal.receivers) for signal in signals] == [count + 1 for count in before]
    history.disconnect()
    assert [len(signal.receivers) for signal in signals] == before


def test_threads_may_enqueue_and_read_at_once(history):
    history.limit = 50
    failures = []

    def work():
        try:
            for _ in range(200):
                Task(func=echo).enqueue()
                len(history.results)
                list(history)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(history) == 50
    assert len({entry.key for entry in history}) == 50


def test_a_history_without_a_shell_is_made_when_it_is_asked_for():
    set_current_history(None)
    try:
        history = current_history()
        result = Task(func=echo).enqueue()
        assert current_history() is history
        assert history.results == [result]
    finally:
        set_current_history(None)


def test_a_history_that_is_replaced_no_longer_observes(history):
    set_current_history(TaskHistory())
    Task(func=echo).enqueue()
    assert history.results == []


def test_the_public_functions_use_the_history_in_use(history):
    import immediate_tasks_ipy

    result = Task(func=echo).enqueue()
    assert immediate_tasks_ipy.history is history
    assert asyncio.run(immediate_tasks_ipy.wait(result)) == [result]


def test_a_retained_no_op_takes_little_memory(history):
    import tracemalloc

    task = Task(func=echo)
    for _ in range(100):
        task.enqueue()
    gc.collect()
    tracemalloc.start()
    for _ in range(1000):
        task.enqueue()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / 1000 <= 900


def test_a_data_frame_shows_the_whole_history(history):
    pytest.importorskip("pandas")
    Task(func=echo, priority=4).enqueue({"a": 1})
    Task(func=fail).enqueue(1)
    frame = history.to_frame()
    assert list(frame["status"]) == ["SUCCESSFUL", "FAILED"]
    assert frame["return_value"][0] == {"a": 1}
    assert frame["errors"][1][0]["exception_class_path"] == "builtins.ValueError"
    assert frame["priority"].sum() == 4
    assert (frame["seconds"] >= 0).all()
    assert frame["finished_at"].dt.tz is not None
    assert TaskHistory().to_frame().empty


def test_without_pandas_a_data_frame_says_what_to_install(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        history.to_frame()
