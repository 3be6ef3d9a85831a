from __future__ import annotations

import sys

import pytest
from IPython.lib.pretty import pretty

from immediate_tasks_ipy.batches import TaskResults
from immediate_tasks_ipy.task_history import (
    Origin,
    Submission,
    current_recorder,
    current_submission,
)
from immediate_tasks_ipy.task_history.current import set_current_recorder
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.exceptions import InvalidTask

broken = True
calls = []


def invert(number):
    calls.append(number)
    if broken and number > 3:
        raise ValueError(number)
    return number * 10


async def ainvert(number):
    return invert(number)


@pytest.fixture(autouse=True)
def recorder():
    global broken
    broken = True
    calls.clear()
    yield current_recorder()
    set_current_recorder(None)


@pytest.fixture
def results():
    task = Task(func=invert)
    return TaskResults(task.enqueue(number) for number in range(6))


def test_it_is_a_list_of_results(results):
    first, *_ = results
    assert len(results) == 6
    assert results[0] is first
    assert results[-1] is list(results)[5]
    assert first in results
    assert results.index(first) == 0
    assert list(reversed(results))[-1] is first
    assert results == list(results)
    assert results == TaskResults(list(results))
    assert results != results[:3]
    assert (results[:2] + results[2:]) == results
    assert not TaskResults([])
    with pytest.raises(IndexError):
        results[6]


def test_a_slice_is_task_results_too(results):
    assert isinstance(results[1:3], TaskResults)
    assert results[1:3].return_values == [10, 20]


def test_successful_and_failed_ones_keep_their_order(results):
    assert isinstance(results.failed, TaskResults)
    assert [result.args for result in results.successful] == [[0], [1], [2], [3]]
    assert [result.args for result in results.failed] == [[4], [5]]


def test_return_values_are_refused_while_some_failed(results):
    assert results.successful.return_values == [0, 10, 20, 30]
    with pytest.raises(ValueError, match=r"2 of 6 tasks failed .* \.successful\.return_values"):
        results.return_values  # noqa: B018


def test_its_repr_is_one_short_line(results):
    assert repr(results) == "<TaskResults: 6 tasks, 4 successful, 2 failed>"
    assert pretty(results) == repr(results)
    assert repr(results[:1]) == "<TaskResults: 1 task, 1 successful>"
    assert repr(TaskResults([])) == "<TaskResults: 0 tasks>"


def test_a_list_that_fills_shows_what_has_been_enqueued(results):
    live = [None, None]
    watched = TaskResults(live)
    assert len(watched) == 0
    live[0] = results[0]
    assert watched == [results[0]]


def test_failed_tasks_run_again_and_take_their_places(results):
    global broken
    broken = False
    calls.clear()
    again = results.rerun_failed()
    assert calls == [4, 5]
    assert again.return_values == [0, 10, 20, 30, 40, 50]
    assert [new is old for new, old in zip(again, results, strict=True)] == [True] * 4 + [False] * 2
    assert len(results.failed) == 2, "the old results stay as they are"


def test_a_function_that_was_fixed_is_found_anew(results, monkeypatch):
    def fixed(number):
        return "fixed"

    monkeypatch.setattr(sys.modules[__name__], "invert", fixed)
    fixed.__qualname__ = "invert"
    assert results.rerun_failed().return_values[4:] == ["fixed", "fixed"]


def test_without_failures_nothing_runs_again(results):
    calls.clear()
    successful = results.successful
    assert successful.rerun_failed() == successful
    assert calls == []


async def test_async_tasks_are_awaited_on_the_running_loop():
    global broken
    task = Task(func=ainvert)
    results = TaskResults([await task.aenqueue(number) for number in range(6)])
    assert len(results.failed) == 2
    broken = False
    assert (await results.arerun_failed()).return_values == [0, 10, 20, 30, 40, 50]


async def test_async_tasks_run_again_without_awaiting_too():
    global broken
    task = Task(func=ainvert)
    results = TaskResults([await task.aenqueue(number) for number in range(6)])
    broken = False
    assert results.rerun_failed(concurrency=2).return_values == [0, 10, 20, 30, 40, 50]


def test_what_runs_again_keeps_its_label_and_cell(recorder):
    token = current_submission.set(Submission(Origin("invert(five)", 4)))
    try:
        results = TaskResults([Task(func=invert).enqueue(5)])
    finally:
        current_submission.reset(token)
    results.rerun_failed()
    assert [(e.origin.label, e.origin.cell) for e in recorder] == [("invert(five)", 4)] * 2


def test_tasks_of_several_functions_run_again_each_with_its_own():
    def other(number):
        raise LookupError(number)

    other.__qualname__ = "other"
    results = TaskResults([Task(func=other).enqueue(1), Task(func=invert).enqueue(5)])
    again = results.rerun_failed()
    assert [r.errors[0].exception_class_path for r in again] == [
        "builtins.LookupError",
        "builtins.ValueError",
    ]


def test_arguments_that_are_refused_now_say_so(results, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "invert", lambda number: None)
    with pytest.raises(InvalidTask, match="module level"):
        results.rerun_failed()


def test_a_data_frame_has_a_row_per_result(results):
    pytest.importorskip("pandas")
    frame = results.to_frame()
    assert list(frame["status"]) == ["SUCCESSFUL"] * 4 + ["FAILED"] * 2
    assert list(frame["args"]) == [[n] for n in range(6)]
    assert str(frame["enqueued_at"].dt.tz) == "UTC"


def test_without_pandas_the_error_says_what_to_install(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        results.to_frame()


def test_a_failure_that_is_listed_twice_runs_again_once(results):
    calls.clear()
    doubled = (results + results).rerun_failed()
    assert calls == [4, 5]
    assert len(doubled) == 12


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_concurrency_that_none_could_run_at_is_refused(results, concurrency):
    with pytest.raises(ValueError, match=f"concurrency={concurrency}: give a whole number"):
        results.rerun_failed(concurrency=concurrency)
