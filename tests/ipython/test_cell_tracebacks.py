"""A failure points at the user's own lines, numbered as in the cell, and at nothing of ours."""

from __future__ import annotations

import sys
import traceback

import pytest
from IPython.core.debugger import Pdb

#: Words of frames that are none of the user's business.
GLUE = (
    "immediate_tasks_ipy/ipython",
    "immediate_tasks_ipy/tasks",
    "get_ipython().run_cell_magic('enqueue'",
    "run_async",
    "arun",
)


def frames(error):
    return [
        (frame.name, frame.lineno, frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
    ]


def failing_lines(ran):
    """Return the lines that the text card marks."""
    return [line.split("▶")[1].split(maxsplit=1) for line in ran.text.splitlines() if "▶" in line]


@pytest.mark.parametrize(
    ("code", "marked"),
    [
        ("%%enqueue\nx = 1\n1 / 0", ["3", "1 / 0"]),
        ("%%enqueue --name n\n\n\n# comment\nx = [\n 1 / 0]", ["6", "1 / 0]"]),
        ("\n\n%%enqueue\n1 / 0", ["4", "1 / 0"]),
        ("%%enqueue\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0", ["4", "1 / 0"]),
        ("%%enqueue\ndef f():\n    return 1 / 0", ["3", "return 1 / 0"]),
        ("%%enqueue\nasync def f():\n    return 1 / 0", ["3", "return 1 / 0"]),
        ("%%enqueue f(0)\ndef f(x):\n    return 1 / x", ["3", "return 1 / x"]),
        (
            "%%enqueue\nfrom immediate_tasks_ipy.tasks import task\n\n@task\ndef f():\n    1 / 0",
            ["6", "1 / 0"],
        ),
        ("%%enqueue\né = 'ü'; 1 / 0", ["2", "é = 'ü'; 1 / 0"]),
        ("%%enqueue\nfiles = !echo a\n1 / 0", ["3", "1 / 0"]),
    ],
)
def test_the_failing_line_is_marked_with_its_number_in_the_cell(notebook, code, marked):
    ran = notebook.run(code)

    assert ran.value.status == "FAILED"
    assert failing_lines(ran)[0] == marked
    assert f"Cell [{ran.execution.execution_count}], line {marked[0]}" in ran.text
    for word in GLUE:
        assert word not in ran.text
        assert word not in ran.html
        assert word not in ran.value.errors[0].traceback


def test_an_earlier_cells_function_is_named_by_its_own_cell(notebook):
    earlier = notebook.run("# one\n# two\ndef broken():\n    return 1 / 0")
    number = earlier.execution.execution_count

    for code in ("%enqueue broken()", "%%enqueue\nbroken()"):
        ran = notebook.run(code)
        assert f"Cell [{number}], line 4" in ran.text


@pytest.mark.parametrize(
    "code",
    [
        "%%enqueue --raise\nx = 1\n1 / 0",
        "%%enqueue --raise\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0",
        "%%enqueue --raise\nasync def f():\n    1 / 0",
        "r = 1\nx = %enqueue --raise broken()",
        "x = %enqueue --raise abroken()",
        "%enqueue broken(1 / 0)",
        "%enqueue abroken(1 / 0)",
        "%%enqueue broken()\n1 / 0",
    ],
)
def test_a_raised_failure_is_shown_by_ipython_without_glue(notebook, code):
    notebook.run("def broken(): 1 / 0\nasync def abroken(): 1 / 0")

    ran = notebook.run(code)

    assert type(ran.error) is ZeroDivisionError
    shown = ran.out + ran.err
    assert "1 / 0" in shown
    for word in GLUE:
        assert word not in shown, shown
    number = 1 if "broken()" in code and "%%" not in code else len(code.splitlines())
    assert f"line {number}" in shown, shown
    assert "%enqueue" in shown


@pytest.mark.parametrize("function", ["stop", "astop"])
def test_an_interrupted_cell_is_shown_as_it_was_typed(notebook, function):
    notebook.run(
        "import asyncio, signal\n"
        "def stop(n): signal.raise_signal(signal.SIGINT)\n"
        "async def astop(n):\n    signal.raise_signal(signal.SIGINT)\n    await asyncio.sleep(60)"
    )

    for code in (f"x = %enqueue --each range(3) {function}", "1\n%tasks resume"):
        ran = notebook.run(code)
        assert type(ran.error) is KeyboardInterrupt
        shown = ran.out + ran.err
        assert code.splitlines()[-1] in shown, shown
        assert "get_ipython()" not in shown, shown


def test_the_failing_frame_is_last_in_the_live_exception(notebook):
    ran = notebook.run("%%enqueue --raise\nx = 1\n\n1 / 0")
    assert frames(ran.error)[-1] == ("<module>", 4, "1 / 0")


def test_library_frames_are_folded(notebook):
    ran = notebook.run("%%enqueue\nimport json\njson.loads('{')")

    assert failing_lines(ran)[0] == ["3", "json.loads('{')"]
    assert "raise JSONDecodeError" not in ran.text
    assert "frames" in ran.text
    assert "<details" in ran.html


def test_a_cause_and_its_own_line_are_shown(notebook):
    ran = notebook.run(
        "%%enqueue\ntry:\n    {}['missing']\nexcept KeyError as error:\n"
        "    raise ValueError('outer') from error"
    )
    assert "ValueError: outer" in ran.text
    assert "Caused by KeyError: 'missing'" in ran.text
    assert failing_lines(ran)[0] == ["5", "raise ValueError('outer') from error"]
    assert failing_lines(ran)[1][0] == "3"


def test_a_context_is_told_from_a_cause(notebook):
    ran = notebook.run(
        "%%enqueue\ntry:\n    {}['missing']\nexcept KeyError:\n    raise ValueError('outer')"
    )
    assert "While handling KeyError: 'missing'" in ran.text


def test_notes_are_shown(notebook):
    ran = notebook.run(
        "%%enqueue\ntry:\n    1 / 0\nexcept ZeroDivisionError as e:\n"
        "    e.add_note('noted: for item 7')\n    raise"
    )
    assert "noted: for item 7" in ran.text
    assert "noted: for item 7" in ran.html


def test_groups_show_their_members(notebook):
    ran = notebook.run(
        "%%enqueue\nimport asyncio\nasync def bad(n):\n    raise ValueError(f'member {n}')\n"
        "async with asyncio.TaskGroup() as group:\n"
        "    group.create_task(bad(1))\n    group.create_task(bad(2))"
    )
    assert ran.value.errors[0].exception_class_path == "builtins.ExceptionGroup"
    assert "member 1" in ran.html
    assert "member 2" in ran.html


def test_a_syntax_error_raised_by_the_task_shows_its_place(notebook):
    ran = notebook.run("%%enqueue\nx = 1\neval('1 +')")

    assert ran.value.status == "FAILED"
    assert "SyntaxError" in ran.text
    assert "1 +" in ran.html


def test_a_syntax_error_in_the_cell_is_refused_with_its_line(notebook):
    sentence = notebook.usage_error("%%enqueue\nran = 1\nif True\n    pass")

    assert "line 3" in sentence
    assert "if True" in sentence
    assert "ran" not in notebook


@pytest.mark.parametrize(
    "body",
    ["return 1", "def f():\n    await x", "'unclosed", "x = = 1", "break", "nonlocal y"],
)
def test_every_kind_of_syntax_error_is_a_usage_error(notebook, body):
    assert "syntax error" in notebook.usage_error(f"%%enqueue\nran = 1\n{body}")
    assert "ran" not in notebook


def test_a_deep_recursion_fails_the_task_alone(notebook):
    ran = notebook.run("%%enqueue\ndef f():\n    return f()\nf()")

    assert ran.value.errors[0].exception_class_path == "builtins.RecursionError"
    assert notebook.run("%%enqueue\n1").value.status == "SUCCESSFUL"


def test_the_source_is_there_for_inspect_and_the_debugger(notebook):
    notebook.run("%%enqueue\n# above\ndef f():\n    '''Found.'''\n    return 1")
    assert notebook.run("import inspect\ninspect.getsource(f)").value.startswith("def f():")
    assert notebook.run("inspect.getsourcelines(f)[1]").value == 3


@pytest.mark.parametrize("exception", ["SystemExit(3)", "GeneratorExit", "BaseException('b')"])
def test_exceptions_that_end_programs_end_the_task_alone(notebook, exception):
    ran = notebook.run(f"%%enqueue\nraise {exception}")

    assert ran.ok
    assert ran.value.status == "FAILED"
    assert failing_lines(ran)[0][0] == "2"
    assert notebook.run("1 + 1").value == 2


# -- %tasks debug --------------------------------------------------------------------------------


@pytest.fixture
def debugged(monkeypatch, notebook):
    """Return what the debugger was started on: a list of exceptions."""
    seen = []

    def debugger(force=False):
        seen.append((sys.last_value, notebook.shell.InteractiveTB.tb))

    monkeypatch.setattr(notebook.shell.InteractiveTB, "debugger", debugger)
    return seen


def test_debug_starts_post_mortem_on_the_live_exception(notebook, debugged):
    notebook.run("%%enqueue\nlocal_value = 41\ndef f(n):\n    return n / 0\nf(local_value)")

    notebook.run("%tasks debug -1")

    [(error, trace)] = debugged
    assert type(error) is ZeroDivisionError
    *_, last = traceback.walk_tb(trace)
    assert last[0].f_locals == {"n": 41}


def test_debug_finds_a_failure_that_is_not_the_latest(notebook, debugged):
    first = notebook.run("%%enqueue\nraise KeyError('first')").value
    notebook.run("%%enqueue\nraise ValueError('second')")
    notebook.run("%%enqueue\n'fine'")

    notebook.run(f"%tasks debug {first.id[:12]}")

    assert repr(debugged[0][0]) == "KeyError('first')"


def test_debug_is_refused_for_a_success_and_for_what_is_too_long_ago(notebook, debugged):
    notebook.run("%%enqueue\n1")
    assert "did not fail" in notebook.usage_error("%tasks debug -1")

    old = notebook.run("%%enqueue\n1 / 0").value
    for _ in range(8):
        notebook.run("%%enqueue\nraise ValueError")
    sentence = notebook.usage_error(f"%tasks debug {old.id}")
    assert "too many failed since" in sentence
    assert f"%tasks rerun {old.id[:8]}" in sentence
    assert debugged == []


def test_the_real_debugger_stops_in_the_failing_frame(notebook, monkeypatch):
    said = []

    class Scripted(Pdb):
        def cmdloop(self, intro=None):
            for command in ("p n + 1", "up", "p local_value", "q"):
                self.onecmd(command)

        def message(self, msg):
            said.append(msg)

    monkeypatch.setattr(notebook.shell.InteractiveTB, "pdb", Scripted())
    notebook.run("%%enqueue\nlocal_value = 41\ndef f(n):\n    return n / 0\nf(local_value)")

    ran = notebook.run("%tasks debug -1")

    assert ran.ok, ran.error
    assert [line for line in said if line in {"41", "42"}] == ["42", "41"]


@pytest.mark.parametrize(
    "line", ["%enqueue --each [1, 0] work", "x = %enqueue --background work(0)\n%tasks wait"]
)
def test_a_card_quotes_the_cell_of_a_failure_as_it_was_typed(notebook, line):
    notebook.run(f"def work(n): return 1 / n\n{line}")

    card = notebook.run("%tasks show -1").out
    assert line.splitlines()[0] in card
    assert "run_line_magic" not in card
