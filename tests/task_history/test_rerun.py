from __future__ import annotations

import asyncio
import importlib
import sys
import threading
from dataclasses import dataclass

import pytest

from immediate_tasks_ipy.task_history import Origin, Submission, current_submission
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.task_history.rerun import is_reloadable, reload_task, rerun
from immediate_tasks_ipy.task_history.waiting import wait
from immediate_tasks_ipy.tasks import Task, task, task_backends
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, TaskNotCancellable
from immediate_tasks_ipy.tasks.lifecycle import new_result


def add(a, b):
    return a + b


@task
def decorated(a):
    return f"old {a}"


async def aadd(a, b):
    await asyncio.sleep(0)
    return a + b


@pytest.fixture
def here(monkeypatch):
    """Redefine a name of this module, as a user does in a notebook."""

    def redefine(name, value):
        monkeypatch.setattr(sys.modules[__name__], name, value)

    return redefine


def renamed(function, name):
    function.__name__ = function.__qualname__ = name
    return function


# -- rerun ---------------------------------------------------------------


def test_a_task_runs_again_with_the_arguments_as_enqueued(recorder):
    first = Task(func=add).enqueue(2, b=3)
    second = rerun(first)
    assert second.return_value == 5
    assert second.id != first.id
    assert (second.args, second.kwargs) == ([2], {"b": 3})
    assert recorder.results == [first, second]


def test_a_function_that_was_redefined_runs_in_its_new_form(recorder, here):
    first = Task(func=add).enqueue(2, 3)
    here("add", renamed(lambda a, b: "new", "add"))
    assert rerun(first).return_value == "new"


def test_a_task_that_was_redefined_runs_with_the_options_it_was_enqueued_with(recorder, here):
    first = decorated.using(priority=7).enqueue(1)
    here("decorated", Task(func=renamed(lambda a: f"new {a}", "decorated"), priority=-5))
    second = rerun(first)
    assert second.return_value == "new 1"
    assert second.task.priority == 7


def test_a_task_that_became_a_plain_function_keeps_its_options(recorder, here):
    first = decorated.using(priority=7).enqueue(1)
    here("decorated", renamed(lambda a: "plain", "decorated"))
    second = rerun(first)
    assert second.return_value == "plain"
    assert second.task.priority == 7


def test_a_plain_function_that_became_a_task_runs_as_that(recorder, here):
    first = Task(func=add).enqueue(1, 2)
    here("add", Task(func=renamed(lambda a, b: "a task now", "add")))
    assert rerun(first).return_value == "a task now"


def test_a_task_of_another_class_lends_its_function(recorder, here):
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Reloaded(Task):
        pass

    first = Task(func=add).enqueue(1, 2)
    here("add", Reloaded(func=renamed(lambda context, b, c: "reloaded", "add"), takes_context=True))
    second = rerun(first)
    assert second.return_value == "reloaded"
    assert type(second.task) is Task
    assert second.task.takes_context


def test_a_module_that_was_reloaded_brings_its_new_function(recorder, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "reloaded_tasks.py"
    path.write_text("def work():\n    return 'before'\n")
    module = importlib.import_module("reloaded_tasks")
    first = Task(func=module.work).enqueue()
    path.write_text("def work():\n    return 'behind, and longer'\n")
    importlib.invalidate_caches()
    importlib.reload(module)
    assert rerun(first).return_value == "behind, and longer"
    del sys.modules["reloaded_tasks"]
    path.write_text("raise RuntimeError('broken now')\n")
    importlib.invalidate_caches()
    assert rerun(first).return_value == "before", "what can't be imported falls back"


@pytest.mark.parametrize("now", [None, 5, "text", type])
def test_what_is_no_function_any_more_runs_as_it_was_and_says_so(recorder, here, now):
    first = Task(func=add).enqueue(2, 3)
    here("add", now)
    second = rerun(first)
    assert second.return_value == 5
    assert "was not found" in recorder.entry_of(second).note


def test_a_cell_runs_as_it_was_whatever_its_label_names(recorder, here):
    cell = renamed(lambda: "the cell", "add")
    cell.__module__ = __name__
    cell.reloadable = False
    first = Task(func=cell).enqueue()
    assert not is_reloadable(cell)
    assert reload_task(recorder.entry_of(first)) == (first.task, False)
    second = rerun(first)
    assert second.return_value == "the cell"
    assert recorder.entry_of(second).note is None


@pytest.mark.parametrize("name", ["cell [7]", "outer.<locals>.inner", "<lambda>", "add(2, 3)"])
def test_names_that_are_no_paths_are_not_looked_up(name):
    assert not is_reloadable(renamed(lambda: None, name))


def test_what_the_backend_refuses_now_is_said(recorder, here):
    first = Task(func=add).enqueue(2, 3)
    here("add", lambda a, b: None)
    with pytest.raises(InvalidTask, match="module level"):
        rerun(first)


def test_another_run_comes_from_the_same_cell(recorder):
    token = current_submission.set(Submission(Origin("add(1, 2)", 3, "add(1, 2)")))
    first = Task(func=add).enqueue(1, 2)
    current_submission.reset(token)
    again = recorder.entry_of(rerun(first))
    origin = again.origin
    assert (origin.label, origin.cell, origin.source) == ("add(1, 2)", 3, "add(1, 2)")
    assert again.submission is not recorder.entry_of(first).submission
    assert again.rerun_of is recorder.entry_of(first)
    assert current_submission.get() is None


def test_a_backend_of_the_row_is_used_again(recorder):
    own = type(task_backends["default"])("own", {})
    token = current_submission.set(Submission(backend=own))
    first = own.enqueue(Task(func=add), (1, 2), {})
    current_submission.reset(token)
    assert rerun(first).backend == "own"


def test_without_a_loop_an_async_task_is_run_to_its_end(recorder):
    first = Task(func=aadd).enqueue(1, 2)
    assert rerun(first).return_value == 3


async def test_on_a_running_loop_an_async_task_is_started(recorder):
    first = await Task(func=aadd).aenqueue(1, 2)
    second = rerun(first)
    assert not second.is_finished
    assert (await wait(second))[0].return_value == 3


async def test_on_a_running_loop_a_sync_task_runs_in_place(recorder):
    seen = []

    def work():
        seen.append(threading.current_thread())

    renamed(work, "work")
    first = await Task(func=work).aenqueue()
    rerun(first)
    assert seen[1] is threading.main_thread()


def test_a_result_that_the_history_has_dropped_runs_again_too(recorder):
    first = Task(func=add).enqueue(1, 2)
    recorder.clear()
    assert rerun(first).return_value == 3


# -- cancel --------------------------------------------------------------


async def test_a_background_task_can_be_cancelled(recorder):
    async def hang():
        await asyncio.Event().wait()

    result = task_backends["default"].submit(
        Task(func=renamed(hang, "hang")), (), {}, loop=asyncio.get_running_loop()
    )
    await asyncio.sleep(0)
    cancel(result)
    await wait(result)
    assert result.errors[0].exception_class is asyncio.CancelledError


async def test_the_reason_of_a_cancellation_can_be_given(recorder):
    async def hang():
        await asyncio.Event().wait()

    result = task_backends["default"].submit(
        Task(func=renamed(hang, "hang")), (), {}, loop=asyncio.get_running_loop()
    )
    await asyncio.sleep(0)
    cancel(result, error=TimeoutError("too long"))
    await wait(result)
    assert result.errors[0].exception_class is TimeoutError


def test_a_finished_task_says_that_it_has_finished(recorder):
    with pytest.raises(TaskNotCancellable, match="'add' has finished already"):
        cancel(Task(func=add).enqueue(1, 2))


def test_a_backend_that_cannot_cancel_says_where_to_stop_the_task(recorder, monkeypatch):
    backend = task_backends["default"]
    monkeypatch.setattr(type(backend), "supports_cancel", False)
    result = new_result(Task(func=add), "default", (1, 2), {})
    with pytest.raises(TaskNotCancellable, match=r"'default' can't cancel .* workers"):
        cancel(result)
