"""Identifiers that never come twice; tracebacks, and what hostile exceptions do to them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import traceback

import pytest

from immediate_tasks_ipy.tasks import task
from immediate_tasks_ipy.tasks.faults.task_error import task_error
from immediate_tasks_ipy.tasks.lifecycle import random_id
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


def test_notes_groups_and_causes_are_shown():
    text = task(functions.chains).enqueue().errors[0].traceback
    assert "ZeroDivisionError: division by zero" in text
    assert "The above exception was the direct cause" in text
    assert text.endswith("LookupError: outer\na note\n")


def test_identifiers_are_32_hexadecimal_characters():
    for _ in range(1000):
        identifier = random_id()
        assert len(identifier) == 32
        int(identifier, 16)


def test_identifiers_do_not_come_twice():
    assert len({random_id() for _ in range(5000)}) == 5000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="No fork on this platform")
def test_a_forked_child_has_identifiers_of_its_own():
    program = """
import os
from immediate_tasks_ipy.tasks.lifecycle import random_id
random_id()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, "\\n".join(random_id() for _ in range(300)).encode())
    os._exit(0)
os.wait()
os.close(writer)
child = set(os.fdopen(reader).read().split())
assert len(child) == 300
assert not child & {random_id() for _ in range(300)}
"""
    subprocess.run([sys.executable, "-c", program], check=True)
