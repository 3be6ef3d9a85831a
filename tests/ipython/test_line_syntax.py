"""Lines as people type them: comments, odd targets, settings that lead nowhere."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.task_history import current_recorder

_DUMMY = "immediate_tasks_ipy.tasks.backends.dummy.DummyBackend"


@pytest.fixture
def prepared(notebook):
    notebook.run("def add(a, b=0):\n    return a + b\ndef same(text):\n    return text")
    return notebook


@pytest.mark.parametrize("line", ["add(2, 3)  # five", "add(2, 3) # --raise", "--raise add(2, 3)#"])
def test_a_comment_is_no_part_of_the_call(prepared, line):
    ran = prepared.run(f"%enqueue {line}")

    assert ran.value.return_value == 5
    assert "add(2, 3) → 5" in ran.text


def test_a_semicolon_before_a_comment_suppresses_the_value(prepared):
    ran = prepared.run("%enqueue add(2, 3);  # five")

    assert ran.ok
    assert ran.value is None
    assert "add(2, 3) → 5" in ran.text


def test_a_comment_alone_leaves_the_cell_the_task(prepared):
    assert prepared.run("%%enqueue --name sum  # of two\n1 + 1").value.return_value == 2


def test_a_hash_in_a_string_begins_no_comment(prepared):
    assert prepared.run("%enqueue same('# 1')").value.return_value == "# 1"


def test_a_comment_after_a_batch_is_ignored(prepared):
    ran = prepared.run("%enqueue --each [1, 2] add  # each of them")

    assert ran.value.return_values == [1, 2]


@pytest.mark.parametrize("target", ["*a", "a.b", "a[0]", "(a, b.c)"])
def test_items_are_bound_to_names_only(prepared, target):
    sentence = prepared.usage_error(f'%enqueue --each "{target} in [(1, 2)]" add(a)')

    assert "--each 'url in urls'" in sentence
    assert len(current_recorder()) == 0


@pytest.mark.parametrize("target", ["a, b", "(a, b)", "[a, b]", "a, *b"])
def test_items_are_taken_apart_into_names(prepared, target):
    ran = prepared.run(f'%enqueue --each "{target} in [(1, 2)]" add(a)')

    assert ran.value.return_values == [1]


def test_an_argument_whose_own_methods_raise_is_named(prepared):
    prepared.run(
        "class Odd(list):\n"
        "    def __iter__(self): raise RuntimeError('iter')\n"
        "    __len__ = __repr__ = __iter__"
    )

    assert "argument 1 of add" in prepared.usage_error("%enqueue --json add(Odd([1]))")


@pytest.mark.parametrize(
    "settings",
    [{"BACKEND": "os.path.join"}, {"BACKEND": _DUMMY, "QUEUES": 5}],
    ids=["not a backend", "queues"],
)
def test_a_backend_that_can_not_be_made_is_named(prepared, settings):
    prepared.run(f"%config ImmediateTasks.backends = {{'odd': {settings!r}}}")

    assert "Backend 'odd'" in prepared.usage_error("%enqueue -b odd add(1)")
    assert "Backend 'odd'" in prepared.usage_error("%%enqueue -b odd\nran = 1")
    assert "ran" not in prepared


def test_nothing_waits_for_a_backend_that_never_tells(prepared):
    prepared.run(f"%config ImmediateTasks.backends = {{'later': {{'BACKEND': {_DUMMY!r}}}}}")
    prepared.run("%enqueue -b later add(1)")

    assert "never reports" in prepared.usage_error("%tasks wait -1")
    assert list(prepared.run("%tasks wait").value) == []
