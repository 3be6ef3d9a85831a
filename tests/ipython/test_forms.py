"""The four forms of a task: a call, `@task` functions, a last plain function, the cell itself."""

from __future__ import annotations

import pytest


def test_a_call_on_the_line_is_a_task(notebook):
    notebook.run("def add(a, b):\n    return a + b")

    ran = notebook.run("%enqueue add(2, 3)")

    assert ran.value.return_value == 5
    assert ran.value.task.name == "add"
    assert ran.value.args == [2, 3]
    assert "add(2, 3)" in ran.html


def test_the_cell_of_a_call_runs_first(notebook):
    ran = notebook.run("%%enqueue add(two, 3)\ntwo = 2\ndef add(a, b):\n    return a + b")

    assert ran.value.return_value == 5
    assert notebook["two"] == 2
    assert callable(notebook["add"])


def test_a_call_takes_positional_and_keyword_and_unpacked_arguments(notebook):
    notebook.run(
        "def f(*args, **kwargs):\n    return [list(args), kwargs]\nrow = {'x': 1}\nt = (7,)"
    )

    ran = notebook.run("%enqueue f(-1, *t, name='a b', **row)")

    assert ran.value.return_value == [[-1, 7], {"name": "a b", "x": 1}]


@pytest.mark.parametrize(
    ("written", "args"),
    [
        ("f(-1, - 2)", [-1, -2]),
        ("f('two  words', \"it's\")", ["two  words", "it's"]),
        ("f('{x} and $x')", ["{x} and $x"]),
        ("f('%d %s')", ["%d %s"]),
        ("f('--priority 5', '-b')", ["--priority 5", "-b"]),
        ("f({'a': [1, 2]}, x)", [{"a": [1, 2]}, "expanded"]),
        ("f('a;b')", ["a;b"]),
        ("f('# no comment')", ["# no comment"]),
        (r"f('\n', r'\d')", ["\n", "\\d"]),
        ("f('\N{SNOWMAN}', 'é')", ["\N{SNOWMAN}", "é"]),
    ],
)
def test_a_call_is_taken_as_it_is_written(notebook, written, args):
    notebook.run("x = 'expanded'\ndef f(*args):\n    return list(args)")

    assert notebook.run(f"%enqueue {written}").value.return_value == args
    assert notebook.run(f"%%enqueue {written}\npass").value.return_value == args


def test_a_task_a_dotted_name_and_a_path_can_be_called(notebook):
    notebook.run(
        "from immediate_tasks_ipy.tasks import task\n"
        "@task(priority=7)\ndef t(x):\n    return x\n"
        "class Holder:\n    inner = t\n"
    )
    assert notebook.run("%enqueue t(1)").value.task.priority == 7
    assert notebook.run("%enqueue Holder.inner(2)").value.return_value == 2
    # Never imported by the notebook.
    assert notebook.run("%enqueue tests.ipython.importable.double(4)").value.return_value == 8
    assert notebook.run("%enqueue tests.ipython.importable.half(4)").value.task.priority == 3


def test_functions_with_the_task_decorator_are_enqueued_by_priority(notebook):
    ran = notebook.run(
        "%%enqueue\n"
        "from immediate_tasks_ipy.tasks import task\n"
        "order = []\n"
        "@task\ndef first_normal():\n    order.append('first normal')\n"
        "@task(priority=10)\ndef high():\n    order.append('high')\n"
        "@task(priority=-5)\ndef low():\n    order.append('low')\n"
        "@task()\nasync def second_normal():\n    order.append('second normal')\n"
    )
    assert notebook["order"] == ["high", "first normal", "second normal", "low"]
    assert [result.task.name for result in ran.value] == [
        "high", "first_normal", "second_normal", "low",
    ]  # fmt: skip
    assert len(ran.outputs) == 4


def test_one_decorated_function_gives_its_result_itself(notebook):
    ran = notebook.run(
        "%%enqueue\nfrom immediate_tasks_ipy import tasks\n@tasks.task\ndef f():\n    return 1"
    )
    assert ran.value.return_value == 1


def test_a_decorated_function_that_is_not_last_leaves_the_cell_the_task(notebook):
    ran = notebook.run(
        "%%enqueue\n"
        "from immediate_tasks_ipy.tasks import task\n"
        "@task\ndef f():\n    return 'not me'\n"
        "f.name.upper()"
    )
    assert ran.value.return_value == "F"
    assert len(notebook.run("import immediate_tasks_ipy as i; i.history.results").value) == 1


def test_a_decorator_that_only_is_called_task_leaves_a_plain_function(notebook):
    ran = notebook.run(
        "%%enqueue\ndef task(f):\n    return f\n"
        "@task\ndef one():\n    return 1\n"
        "@task\ndef two():\n    return 2"
    )
    assert ran.value.return_value == 2
    assert ran.value.task.name == "two"


def test_a_last_plain_function_is_the_task(notebook):
    ran = notebook.run("%%enqueue\nx = 20\ndef f(extra=1):\n    return x + extra")

    assert ran.value.return_value == 21
    assert ran.value.task.name == "f"
    assert notebook["f"]() == 21


def test_a_last_async_function_is_the_task(notebook):
    ran = notebook.run(
        "%%enqueue\nimport asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 'done'"
    )
    assert ran.value.return_value == "done"


def test_the_cell_itself_is_the_task_and_runs_in_the_notebook(notebook):
    notebook.run("x = 1")

    ran = notebook.run("%%enqueue\nx = x + 1\ny = [x * n for n in range(3)]\n{'y': y}")

    assert ran.value.return_value == {"y": [0, 2, 4]}
    assert notebook["x"] == 2
    assert notebook["y"] == [0, 2, 4]


def test_a_cell_may_await_and_import_everything(notebook):
    ran = notebook.run(
        "%%enqueue\nfrom math import *\nimport asyncio\n"
        "def fact(n):\n    return n * fact(n - 1) if n else 1\n"
        "async def numbers():\n    yield 1\n    yield 2\n"
        "async with asyncio.timeout(30):\n    x = await asyncio.sleep(0, floor(pi))\n"
        "[x, fact(4), [await asyncio.sleep(0, n) async for n in numbers()]]"
    )
    assert ran.value.return_value == [3, 24, [1, 2]], ran.text


def test_a_future_import_works_and_leaks_as_in_a_plain_cell(notebook):
    ran = notebook.run(
        "%%enqueue\nfrom __future__ import annotations\ndef f(x: Unknown): ...\nf.__name__"
    )
    assert ran.value.return_value == "f"


def test_a_cell_without_a_last_expression_returns_none(notebook):
    ran = notebook.run("%%enqueue\nz = 3")

    assert ran.value.return_value is None
    assert ran.value.status == "SUCCESSFUL"
    assert notebook["z"] == 3


def test_a_cell_uses_the_shells_own_syntax(notebook):
    ran = notebook.run("%%enqueue\nname = !echo hello\nresult = %time 1 + 1\nlen?\nname[0]")

    assert ran.value.return_value == "hello"


def test_a_last_value_that_is_no_json_is_shown_and_kept_as_it_is(notebook):
    ran = notebook.run("%%enqueue\nclass Thing:\n    def __repr__(self): return 'a thing'\nThing()")

    assert ran.value.status == "SUCCESSFUL"
    assert repr(ran.value.return_value) == "a thing"
    assert ran.outputs[0]["text/plain"] == "a thing"
    assert "kept as it is" in ran.outputs[1]["text/html"]


def test_a_functions_value_that_is_no_json_is_kept_as_it_is(notebook):
    ran = notebook.run("%%enqueue\ndef f():\n    return {1, 2}")

    assert ran.value.return_value == {1, 2}
    assert notebook.run("%tasks value -1").value == {1, 2}


def test_calling_a_task_in_a_cell_fails_with_the_hint(notebook):
    notebook.run("from immediate_tasks_ipy.tasks import task\n@task\ndef add(a, b):\n    return a")

    ran = notebook.run("%%enqueue\nadd(2, 3)")

    assert ran.value.status == "FAILED"
    assert "%enqueue add(2, 3)" in ran.text


def test_a_task_as_the_last_value_says_that_it_was_not_enqueued(notebook):
    notebook.run("from immediate_tasks_ipy.tasks import task\n@task\ndef add(a, b):\n    return a")

    ran = notebook.run("%%enqueue\nadd")

    assert "was not enqueued" in ran.text


def test_a_cell_task_is_labelled_by_its_name_its_last_expression_or_its_number(notebook):
    assert "✓ cleanup" in notebook.run("%%enqueue --name cleanup\n1 + 1").text
    assert "✓ sum([2, 3])" in notebook.run("%%enqueue\nsum([2,\n     3])").text
    ran = notebook.run("%%enqueue\nx = 1")
    assert f"cell [{ran.execution.execution_count}]" in ran.text


def test_a_decorated_function_that_needs_arguments_is_refused_before_anything_runs(notebook):
    sentence = notebook.usage_error(
        "%%enqueue\nfrom immediate_tasks_ipy.tasks import task\nran = True\n"
        "@task(takes_context=True)\ndef f(context, a, b=1, *, c):\n    pass"
    )
    assert "%%enqueue f(a, c=…)" in sentence
    assert "ran" not in notebook


def test_a_plain_function_that_needs_arguments_is_refused_before_anything_runs(notebook):
    sentence = notebook.usage_error("%%enqueue\nran = True\ndef f(a, b=1):\n    pass")

    assert "%%enqueue f(a)" in sentence
    assert "ran" not in notebook
