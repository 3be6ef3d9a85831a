"""`each`, `background` and `card` in a process without a shell: the same tasks, as text."""

from __future__ import annotations

import asyncio
import importlib
import threading

import pytest

import immediate_tasks_ipy
from immediate_tasks_ipy import TaskResults, background, card, each, wait
from immediate_tasks_ipy.task_history import set_current_recorder
from immediate_tasks_ipy.task_history.session import set_current_session
from immediate_tasks_ipy.tasks import task
from tests.support.shells import wait_until


@pytest.fixture(autouse=True)
def no_shell(monkeypatch):
    from immediate_tasks_ipy.api import session

    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    set_current_recorder(None)
    session._of_process.cache_clear()
    yield
    session._of_process.cache_clear()
    set_current_session(None)
    set_current_recorder(None)


def halve(n):
    return 6 // n


async def ahalve(n):
    await asyncio.sleep(0)
    return 6 // n


@task(priority=7)
def urgent(n: int) -> int:
    return n


async def items():
    for n in (1, 2):
        yield n


@pytest.mark.parametrize("function", [halve, ahalve])
@pytest.mark.parametrize("concurrency", [None, 1, 3])
def test_each_gives_a_result_per_item_and_prints_one_card(function, concurrency, capsys):
    results = asyncio.run(each(function, range(4), concurrency=concurrency))

    assert isinstance(results, TaskResults)
    assert [r.status for r in results] == ["FAILED", *["SUCCESSFUL"] * 3]
    assert results.successful.return_values == [6, 3, 2]
    printed = capsys.readouterr().out
    assert "3 successful" in printed
    assert "ZeroDivisionError" in printed
    assert "%" not in printed.replace("100%", "")


def test_each_takes_tasks_async_iterables_and_the_options_of_using(capsys):
    results = asyncio.run(each(urgent, items(), priority=-3, display="none"))

    assert [(r.task.priority, r.return_value) for r in results] == [(-3, 1), (-3, 2)]
    assert capsys.readouterr().out == ""


async def nap(seconds):
    await asyncio.sleep(seconds)


def test_a_timeout_fails_the_task_alone():
    results = asyncio.run(each(nap, [0, 60], timeout=0.05))

    assert [r.status for r in results] == ["SUCCESSFUL", "FAILED"]


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "words"),
    [
        ((3, [1]), {}, TypeError, "3 can't be called"),
        ((halve, 3), {}, TypeError, "3 is none"),
        ((halve, [1]), {"concurrency": 0}, ValueError, "concurrency=0"),
        ((halve, [1]), {"concurrency": 1.5}, ValueError, "concurrency=1.5"),
        ((halve, [1]), {"timeout": -1}, ValueError, "timeout=-1"),
        ((halve, [1]), {"timeout": 5}, ValueError, "add concurrency 2"),
        ((halve, [1]), {"backend": "nowhere"}, ValueError, "'nowhere'"),
        ((halve, [1]), {"priority": 1000}, ValueError, "100"),
        ((halve, [1]), {"display": "loud"}, ValueError, "'loud'"),
    ],
)
def test_each_answers_bad_input_in_a_sentence(arguments, keywords, error, words):
    with pytest.raises(error, match=None) as raised:
        asyncio.run(each(*arguments, **keywords))

    assert words in str(raised.value)
    assert "--" not in str(raised.value)


@pytest.mark.parametrize("function", [halve, ahalve])
def test_background_returns_at_once_and_a_line_is_printed_at_the_end(function, capsys):
    result = background(function, n=2)

    [finished] = asyncio.run(wait(result))

    assert finished.return_value == 3
    printed = []
    wait_until(lambda: printed.append(capsys.readouterr().out) or "SUCCESSFUL" in "".join(printed))
    assert "%tasks" not in "".join(printed)


gate = threading.Event()


def held():
    gate.wait()


def test_background_does_not_wait():
    result = background(held)
    assert not result.is_finished
    gate.set()
    wait_until(lambda: result.is_finished)


def test_background_refuses_what_can_not_be_called():
    with pytest.raises(TypeError, match="'halve' can't be called"):
        background("halve")


def test_a_card_is_html_and_text(capsys):
    result = asyncio.run(each(halve, [2], display="none"))[0]
    shown = card(result)

    assert "SUCCESSFUL" in repr(shown)
    assert "SUCCESSFUL" in shown._repr_html_()
    assert shown._repr_mimebundle_() == {"text/plain": shown.text, "text/html": shown.html}


def test_a_card_of_several_counts_them():
    results = asyncio.run(each(halve, range(4), display="none"))

    for shown in (card(results), card(list(results)), card(results[:])):
        assert "halve(…)" in shown.html
        assert "3 successful" in repr(shown)
        assert "1 failed" in repr(shown)
    assert "No tasks" in repr(card([]))


@pytest.mark.parametrize("value", [5, "text", None, [1]])
def test_a_card_is_of_results_only(value):
    with pytest.raises(TypeError, match="shows a TaskResult"):
        card(value)


def test_the_results_of_django_shaped_classes_keep_their_shape():
    from immediate_tasks_ipy.tasks import TaskResult

    assert not [name for name in vars(TaskResult) if name.startswith("_repr_")]


def test_the_panel_is_a_function_whether_or_not_its_room_was_imported():
    importlib.import_module("immediate_tasks_ipy.panel.actions")

    made = immediate_tasks_ipy.panel()

    assert "TaskPanel" in repr(made)
    assert immediate_tasks_ipy.panel() is made
    made.close()
