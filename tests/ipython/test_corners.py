"""What the magics leave as it was: history, line counts, debugging, prints, settings."""

from __future__ import annotations

import asyncio
import sys

import pytest

from immediate_tasks_ipy.ipython.execution.debugging import post_mortem
from immediate_tasks_ipy.task_history import current_recorder
from tests.support.shells import COLORS


@pytest.mark.parametrize("above", ["\x0c", "text = 'a\u2028b'", "\u2028# note", "# \x0b \x1c"])
async def test_a_form_feed_or_a_line_separator_above_changes_nothing(notebook, above):
    notebook.run("async def f(n):\n    return n\nasync def bad():\n    1 / 0")
    ran = await notebook.arun(f"{above}\nr = %enqueue f(3)\ndone = True")
    assert ran.ok, ran.error
    assert notebook["r"].return_value == 3
    assert notebook["done"]

    ran = await notebook.arun(f"{above}\n%enqueue --raise bad()")
    assert type(ran.error) is ZeroDivisionError


async def test_a_form_feed_in_the_body_leaves_line_numbers_right(notebook):
    ran = await notebook.arun("%%enqueue\nx = 1\x0c\nawait __import__('asyncio').sleep(0)\n1 / 0")
    assert "line 4" in ran.value.errors[0].traceback


async def test_the_history_shows_no_sign_of_awaiting(notebook):
    notebook.run("async def f(n):\n    return n")
    for code in (
        "%enqueue f(3)",
        "%%enqueue f(4)\nasync def f(n):\n    return n",
        "r = %tasks wait",
    ):
        ran = await notebook.arun(code)
        assert ran.ok, ran.error
        stored = notebook.shell.history_manager.input_hist_parsed[-1]
        assert stored == notebook["In"][-1]
        assert "\x00" not in stored
        assert "await get_ipython" not in stored
        assert "get_ipython().run_" in stored


async def test_a_macro_of_an_awaited_cell_runs_again(notebook):
    notebook.run("calls = []\nasync def f(n):\n    calls.append(n)")
    ran = await notebook.arun("%enqueue f(3);")
    number = ran.execution.execution_count
    await notebook.arun(f"%macro again {number}")
    await notebook.arun("again")
    assert notebook["calls"] == [3, 3]


def test_the_shells_history_is_given_back(notebook):
    assert "store_inputs" in vars(notebook.shell.history_manager)
    notebook.run("%reload_ext immediate_tasks_ipy")
    assert notebook.run("%%enqueue\n1").ok
    notebook.run("%unload_ext immediate_tasks_ipy")
    assert "store_inputs" not in vars(notebook.shell.history_manager)
    assert "info" not in vars(notebook.shell.inspector)


def test_post_mortem_stands_in_the_tasks_own_exception(notebook, monkeypatch):
    seen = []
    monkeypatch.setattr(
        notebook.shell.InteractiveTB, "debugger", lambda force: seen.append(sys.last_exc)
    )
    notebook.run("%%enqueue\n1 / 0")
    notebook.run("raise LookupError")
    notebook.run("%tasks debug -1")

    [entry] = current_recorder()
    assert seen == [current_recorder().exception(entry.result)]
    assert sys.last_value is seen[0]
    with pytest.raises(AttributeError):
        post_mortem(notebook.shell, None)


async def test_a_plain_cells_tasks_keep_what_they_print(notebook):
    await notebook.arun(
        "import asyncio\nfrom immediate_tasks_ipy.tasks import task\n"
        "@task\nasync def atalk(n):\n    print('async', n)\n    await asyncio.sleep(0)\n"
        "    print('then', n)\n"
        "@task\ndef talk(n):\n    print('sync', n)\n"
    )
    ran = await notebook.arun(
        "a, b = await asyncio.gather(atalk.aenqueue(1), atalk.aenqueue(2))\n"
        "c = await talk.aenqueue(3)\nd = talk.enqueue(4)\nprint('own')"
    )
    assert sorted(ran.out.split("\n")[:-1]) == sorted(
        ["async 1", "async 2", "then 1", "then 2", "sync 3", "sync 4", "own"]
    )
    outputs = {name: current_recorder().entry_of(notebook[name]).output for name in "abcd"}
    assert outputs == {
        "a": "async 1\nthen 1\n",
        "b": "async 2\nthen 2\n",
        "c": "sync 3\n",
        "d": "sync 4\n",
    }


def test_a_child_keeps_what_it_prints_and_so_does_its_parent(notebook):
    notebook.run(
        "from immediate_tasks_ipy.tasks import task\n@task\ndef talk():\n    print('child')"
    )
    ran = notebook.run("%%enqueue\nr = talk.enqueue()\nprint('parent')")
    assert ran.out == "child\nparent\n"
    assert current_recorder().entry_of(notebook["r"]).output == "child\n"
    assert current_recorder().entry_of(ran.value).output == "child\nparent\n"


def test_no_copy_is_kept_where_none_is_wanted(notebook):
    notebook.run("%config ImmediateTasks.capture = False")
    notebook.run(
        "from immediate_tasks_ipy.tasks import task\n@task\ndef talk():\n    print(1)\n"
        "r = talk.enqueue()"
    )
    assert current_recorder().entry_of(notebook["r"]).output == ""


def test_a_refused_setting_never_costs_the_magics(notebook, caplog):
    notebook.run("%config ImmediateTasks.display = 'text'")
    notebook.run("%config ImmediateTasks.display = 'html'")

    ran = notebook.run("%reload_ext immediate_tasks_ipy")

    assert ran.ok, ran.error
    assert "ImmediateTasks.display = 'html' does not count" in caplog.text
    assert list(notebook.run("%%enqueue\n1").outputs[0]) == ["text/plain"]
    notebook.run("%config ImmediateTasks.display = 'none'")
    assert notebook.run("%%enqueue\n1").outputs == []


def test_results_that_finished_unobserved_can_be_cleared(notebook):
    notebook.run(
        "from immediate_tasks_ipy.tasks import task\n@task\ndef f():\n    return 1\nr = f.enqueue()"
    )
    result = notebook["r"]
    recorder = current_recorder()
    recorder.clear()
    recorder.add(result)

    assert recorder.clear() == 1
    assert len(recorder) == 0


async def test_so_can_one_that_finished_while_the_extension_was_unloaded(notebook):
    notebook.run("import asyncio\ngate = asyncio.Event()\nasync def f():\n    await gate.wait()")
    ran = await notebook.arun("r = %enqueue --background f()")
    assert ran.ok, ran.error
    await asyncio.sleep(0)
    recorder = current_recorder()
    recorder.disconnect()
    notebook["gate"].set()
    while not notebook["r"].is_finished:
        await asyncio.sleep(0)
    recorder.connect()

    assert recorder.clear() == 1
    assert len(recorder) == 0


def test_a_question_mark_shows_the_functions_own_signature_and_docstring(notebook):
    notebook.run(
        "from immediate_tasks_ipy.tasks import task\n"
        "@task\ndef send(number: int, *, copies=2):\n    '''Send an invoice.'''\n"
    )
    for detail in (0, 1):
        text = COLORS.sub("", notebook.shell.object_inspect_mime("send", detail)["text/plain"])
        assert "send(number: int, *, copies=2)" in text
        assert "Send an invoice." in text
    assert "Task" in notebook.shell.object_inspect_mime("send")["text/plain"]
    assert "Return the number of items" in notebook.shell.object_inspect_mime("len")["text/plain"]
