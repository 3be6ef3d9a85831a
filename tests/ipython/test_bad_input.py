"""Bad input: one sentence that says what was wrong and what to write, and nothing half-run."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.task_history import current_recorder


@pytest.fixture
def prepared(notebook):
    notebook.run("def add(a, b=0):\n    return a + b\nnumber = 3\nclass Thing: ...")
    yield notebook
    assert "ran" not in notebook
    assert len(current_recorder()) == 0
    assert notebook.run("%enqueue add(2, 3)").value.return_value == 5


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("%enqueue", ["Nothing to enqueue", "%enqueue add(2, 3)"]),
        ("%%enqueue\n\n  \n", ["Nothing to enqueue"]),
        ("%enqueue add", ["'add' is a name, not a call", "add(...)"]),
        ("%enqueue 1 + 1", ["'1 + 1' is not a call", "add(2, 3)"]),
        ("%enqueue add(2, 3", ["'add(2, 3'", "not a call"]),
        ("%enqueue add(1); add(2)", ["not a call"]),
        ("%enqueue x = add(1)", ["not a call"]),
        ("%enqueue await add(1)", ["not a call"]),
        ("%enqueue add(1).real", ["not a call"]),
        ("%enqueue add(1)(2)", ["'add(1)' is not a name"]),
        ("%enqueue [add][0](1)", ["is not a name"]),
        ("%enqueue (lambda: 1)()", ["is not a name"]),
        ("%enqueue add(y := 1)", ["cell"]),
        ("%enqueue add(await x)", ["cell"]),
        ("%enqueue ad(1)", ["'ad'", "did you mean 'add'"]),
        ("%enqueue nowhere(1)", ["'nowhere'", "define it first"]),
        ("%enqueue no.such.module.task(1)", ["'no.such.module.task'"]),
        ("%enqueue json.no_such(1)", ["'no_such'", "json"]),
        ("%enqueue number(1)", ["'number' is a int"]),
        ("%enqueue --json add(object())", ["argument 1 of add", "object", "pass plain values"]),
        ("%enqueue --json add(1, b={1})", ["argument 'b' of add", "set", "pass `list(…)`"]),
        ("%enqueue --json add([1, add])", ["argument 1 of add has at `[1]`", "pass its name"]),
        ("%enqueue -x add(1)", ["Unknown option -x"]),
        ("%enqueue --prioritty 3 add(1)", ["Unknown option --prioritty", "--priority"]),
        ("%enqueue --concurrency 3 add(1)", ["--each"]),
        ("%enqueue --each", ["needs a value"]),
        ("%enqueue --each range(3)", ["needs a call"]),
        ("%enqueue --each number add", ["'number' gives no items", "its type is int"]),
        ("%enqueue --each 'no such' add", ["'no such'"]),
        ("%enqueue --each missing add", ["missing"]),
        ("%enqueue --each [1] add(1)", ["one argument", "item in [1]"]),
        ("%enqueue --each [1] add + 1", ["not a task's name"]),
        ("%enqueue --each 'n in [1]' add", ["add(...)"]),
        ("%enqueue --each 'n in [1] if n' add(n)", ["make a list"]),
        ("%enqueue --each [1] --concurrency 0 add", ["at least 1"]),
        ("%enqueue --each [1] --concurrency two add", ["'two'"]),
        ("%enqueue --each [1] --timeout 1 add", ["--concurrency"]),
        ("%enqueue --each [1] -n x add", ["--name"]),
        ("%enqueue --each [1] nowhere", ["'nowhere'"]),
        ("%enqueue --each [1] add -p 5", ["options go before the call"]),
        ("%%enqueue\nran = 1\n)", ["syntax error", "line 3"]),
        ("%%enqueue nowhere(\nran = 1", ["not a call"]),
        ("%%enqueue add\nran = 1", ["add(...)"]),
        ("%%enqueue -p 1.5\nran = 1", ["'1.5'"]),
        ("%%enqueue --timeout soon\nran = 1", ["'soon'"]),
    ],
)
def test_bad_input_is_answered_in_one_sentence(prepared, code, words):
    sentence = prepared.usage_error(code)

    for word in words:
        assert word in sentence, sentence


@pytest.mark.parametrize("code", ["%enqueue ad(1)", "%enqueue -x add(1)", "%%enqueue\nran = 1\n)"])
async def test_bad_input_is_answered_the_same_on_a_running_loop(notebook, code):
    ran = await notebook.arun(code)

    assert type(ran.error).__name__ == "UsageError"
    assert "Traceback" not in ran.out + ran.err
    assert "ran" not in notebook


def test_an_argument_that_raises_shows_its_own_exception(prepared):
    ran = prepared.run("%enqueue add(1 / 0)")

    assert type(ran.error) is ZeroDivisionError


def test_a_body_that_raises_enqueues_nothing(notebook):
    ran = notebook.run("%%enqueue f()\ndef f(): ...\n1 / 0")

    assert type(ran.error) is ZeroDivisionError
    assert len(current_recorder()) == 0


def test_a_hostile_argument_is_described_without_asking_it(prepared):
    prepared.run(
        "class Hostile:\n    def __repr__(self): raise SystemExit\n"
        "    def __getattr__(self, name): raise SystemExit\n    __str__ = __repr__"
    )
    assert "Hostile" in prepared.usage_error("%enqueue --json add(Hostile())")
    assert "at `[0]`" in prepared.usage_error("%enqueue --json add([Hostile()])")


def test_wrong_arguments_fail_the_task_as_in_django(notebook):
    notebook.run("def add(a, b):\n    return a + b")

    ran = notebook.run("%enqueue add(1)")

    assert ran.value.status == "FAILED"
    assert "missing 1 required positional argument" in ran.text
