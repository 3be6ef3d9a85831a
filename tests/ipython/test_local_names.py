"""A line inside a function sees the function's own variables."""

from __future__ import annotations

DEFINE = "def add(a, b):\n    return a + b\n"


def test_arguments_may_be_a_functions_variables(notebook):
    ran = notebook.run(
        DEFINE + "def total(x):\n    y = 2\n    r = %enqueue add(x, y)\n    return r\ntotal(40)"
    )
    assert ran.value.return_value == 42


def test_a_local_function_may_be_the_task(notebook):
    ran = notebook.run(
        "def outer(x):\n    def inner():\n        return x\n    r = %enqueue inner()\n"
        "    return r\nouter(1)"
    )
    assert ran.value.return_value == 1


def test_an_async_function_awaits_with_its_own_variables(notebook):
    ran = notebook.run(
        "async def double(n):\n    return 2 * n\n"
        "async def total(x):\n    r = %enqueue double(x)\n    return r\nawait total(21)"
    )
    assert ran.value.return_value == 42


def test_items_may_be_a_functions_variables(notebook):
    ran = notebook.run(
        DEFINE + "def totals(ys, x):\n"
        "    rs = %enqueue --each 'y in ys' add(x, y)\n    return rs\ntotals([1, 2], 40)"
    )
    assert ran.value.return_values == [41, 42]


def test_what_a_function_assigns_later_does_not_leak_into_the_notebook(notebook):
    notebook.run(DEFINE + "def total(x):\n    r = %enqueue add(x, 1)\n    return r\ntotal(1)")
    assert "x" not in notebook.shell.user_ns
