"""Tracebacks: where they begin, and what hostile exceptions do to them."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from immediate_tasks_ipy.tasks import task
from immediate_tasks_ipy.tasks.failure import task_error
from tests.tasks import functions
from tests.tasks.conditions import until


def frames(text):
    return [line for line in text.splitlines() if line.startswith("  File ")]


@pytest.mark.parametrize("function", [functions.afail, functions.raise_group])
def test_a_traceback_begins_in_the_function_wherever_it_ran(backend, function):
    async def in_loop():
        return task(function).enqueue()

    background = backend.submit(task(function), (), {})
    until(lambda: background.is_finished)
    results = [
        task(function).enqueue(),
        asyncio.run(task(function).aenqueue()),
        asyncio.run(in_loop()),
        background,
    ]
    for result in results:
        first, *_ = frames(result.errors[0].traceback.replace("  | ", "").replace("  + ", "  "))
        assert f"in {function.__name__}" in first


def test_the_text_is_that_of_the_traceback_module():
    function = functions.chains
    try:
        function()
    except Exception as error:
        expected = "".join(
            traceback.format_exception(error.with_traceback(error.__traceback__.tb_next))
        )
    assert task(function).enqueue().errors[0].traceback == expected


def test_a_failure_before_the_function_has_no_frames():
    text = task(functions.echo).enqueue().errors[0].traceback
    assert frames(text) == []
    assert text.startswith("TypeError: echo() missing 1 required positional argument")


def test_an_exception_that_cannot_be_formatted_is_named():
    class Worse(BaseException):
        @property
        def __traceback__(self):
            raise LookupError("no traceback")

        def __str__(self):
            raise LookupError("no str")

    error = task_error(Worse(), functions.noop)
    assert error.exception_class_path.endswith("Worse")
    assert error.traceback


def test_notes_groups_and_causes_are_told():
    text = task(functions.chains).enqueue().errors[0].traceback
    assert "ZeroDivisionError: division by zero" in text
    assert "The above exception was the direct cause" in text
    assert text.endswith("LookupError: outer\na note\n")
