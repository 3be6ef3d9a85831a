"""What a task has come to, over all its runs; its children, and how far it says it is."""

from __future__ import annotations

import asyncio
import sys

import pytest

from immediate_tasks_ipy.task_history import Submission, TaskHistory, current_submission
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.task_history.entries.runs import planned
from immediate_tasks_ipy.task_history.output_route import redirect_to
from immediate_tasks_ipy.task_history.rerun import rerun
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.backends.retries import RetryPolicy, offered
from immediate_tasks_ipy.tasks.progress import progress

broken = True


@pytest.fixture(autouse=True)
def is_broken():
    global broken
    broken = True


def repair():
    global broken
    broken = False


def invert(number):
    if broken:
        raise ZeroDivisionError(number)
    return 1 / number


def interrupted(number):
    raise KeyboardInterrupt


interrupted.__qualname__ = "invert"


async def sleep():
    await asyncio.Event().wait()


def outcomes(recorder):
    return [entry.outcome for entry in recorder]


def test_a_failure_that_a_later_run_makes_good_is_superseded(recorder):
    first = Task(func=invert).enqueue(2)
    assert outcomes(recorder) == ["failed"]
    repair()
    second = rerun(first)
    assert outcomes(recorder) == ["superseded", "successful"]
    assert TaskHistory(recorder).failed == []
    assert TaskHistory(recorder).runs(second) == [first, second]
    assert [entry.run_number for entry in recorder] == [1, 2]


def test_of_several_failures_only_the_newest_counts(recorder):
    first = Task(func=invert).enqueue(2)
    second = rerun(first)
    third = rerun(second)
    assert outcomes(recorder) == ["superseded", "superseded", "failed"]
    assert TaskHistory(recorder).failed == [third]
    assert TaskHistory(recorder).runs(first) == [first, second, third]
    assert [entry.run_number for entry in recorder] == [1, 2, 3]


def test_a_run_that_is_about_to_start_counts_already(recorder):
    Task(func=invert).enqueue(2)
    [entry] = recorder
    with planned([entry]), planned([entry]):
        assert entry.outcome == "superseded"
    assert entry.outcome == "failed"


def test_a_run_that_has_failed_in_its_turn_counts_at_once(recorder):
    first = Task(func=invert).enqueue(2)
    with planned(recorder):
        rerun(first)
        assert outcomes(recorder) == ["superseded", "failed"]


async def test_what_the_user_cancels_is_cancelled_and_no_failure(recorder):
    asyncio_task = asyncio.create_task(Task(func=sleep).aenqueue())
    await asyncio.sleep(0)
    [entry] = recorder
    assert entry.outcome == "running"
    cancel(entry.result)
    await asyncio_task
    assert (str(entry.result.status), entry.outcome) == ("FAILED", "cancelled")
    assert TaskHistory(recorder).failed == []


def test_a_cancelled_run_makes_no_failure_good(recorder, monkeypatch):
    first = Task(func=invert).enqueue(2)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sys.modules[__name__], "invert", interrupted)
        rerun(first)
    assert outcomes(recorder) == ["failed", "cancelled"]


async def test_a_timeout_or_a_cancellation_from_elsewhere_is_a_failure(recorder):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await Task(func=sleep).aenqueue()
    asyncio_task = asyncio.create_task(Task(func=sleep).aenqueue())
    await asyncio.sleep(0)
    cancel(recorder.results[-1], error=TimeoutError("too slow"))
    await asyncio_task
    assert outcomes(recorder) == ["failed", "failed"]


def test_runs_and_children_that_the_history_drops_are_forgotten(recorder):
    first = Task(func=invert).enqueue(2)
    for _ in range(5):
        rerun(first)
    recorder.limit = 2
    [_, newest] = recorder
    assert [run.run_number for run in newest.runs.entries] == [5, 6]
    assert newest.outcome == "failed"


def outer():
    Task(func=invert).enqueue(1)
    Task(func=invert).enqueue(2)


def test_children_are_listed_below_their_parent(recorder):
    Task(func=outer).enqueue()
    parent, *children = recorder
    assert parent.children == children
    assert [child.parent for child in children] == [parent, parent]
    recorder.limit = 2
    assert parent.children == [entry for entry in recorder if entry is not parent]


def work():
    progress(1, 4, "one")
    progress(3, 4)


def test_the_newest_report_of_progress_is_kept(recorder):
    Task(func=work).enqueue()
    [entry] = recorder
    assert (entry.progress.done, entry.progress.total, entry.progress.text) == (3, 4, "")


def test_every_report_is_a_change_that_observers_see(recorder):
    seen = []

    class Observer:
        def changed(self, entry):
            seen.append(entry.progress and entry.progress.done)

        def removed(self, keys):
            pass

    observer = Observer()
    recorder.subscribe(observer)
    Task(func=work).enqueue()
    recorder.unsubscribe(observer)
    assert seen == [None, None, 1, 3, 3]


def attempt_twice(context):
    assert context.attempt > 1 or context.progress(5, 10) is None
    if context.attempt == 1:
        raise LookupError


def test_another_attempt_begins_without_progress(recorder):
    with offered(RetryPolicy(1, backoff=0)):
        Task(func=attempt_twice, takes_context=True).enqueue()
    [entry] = recorder
    assert entry.progress is None
    states = [state for state, _ in entry.lifecycle]
    assert states == ["READY", "RUNNING", "READY", "RUNNING", "SUCCESSFUL"]


def test_a_progress_bar_among_the_output_is_progress(recorder):
    submission = Submission()
    token = current_submission.set(submission)
    try:
        with redirect_to(submission):
            Task(func=work).enqueue()
            submission.write("\repoch 1:  50%|#####     | 5/10 [00:01<00:01, 5.0it/s]")
    finally:
        current_submission.reset(token)
    [entry] = recorder
    assert (entry.progress.done, entry.progress.total, entry.progress.text) == (5, 10, "epoch 1")
