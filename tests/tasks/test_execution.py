"""The state machine of a run, without a loop and without a thread."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import re
from types import SimpleNamespace

import pytest

from immediate_tasks_ipy.tasks.backends import execution as module
from immediate_tasks_ipy.tasks.backends.execution import CancelAction, Execution, State

ERROR, CANCELLED = RuntimeError, asyncio.CancelledError
NONE, FAIL, INTERRUPT = CancelAction.NONE, CancelAction.FAIL, CancelAction.INTERRUPT
CANCEL_ON_LOOP, TOO_LATE = CancelAction.CANCEL_ON_LOOP, CancelAction.TOO_LATE
READY, SCHEDULED, ON_LOOP = State.READY, State.SCHEDULED, State.ON_LOOP
IN_THREAD, CANCELLING, ENDED = State.IN_THREAD, State.CANCELLING, State.ENDED

#: How a new execution comes to each state, in each of the ways that there are.
WAYS = {
    "READY": [(), ("schedule", "begin"), ("enter_loop", "retry"), ("enter_thread", "retry")],
    "SCHEDULED": [("schedule",), ("schedule", "retry"), ("enter_loop", "retry", "schedule")],
    "ON_LOOP": [
        ("enter_loop",),
        ("enter_loop", "retry", "enter_loop"),
        ("enter_loop", "enter_thread"),
        ("enter_loop", "clear_cancel"),
    ],
    "IN_THREAD": [("enter_thread",), ("schedule", "begin", "enter_thread")],
    "CANCELLING": [
        ("request_cancel",),
        ("enter_loop", "request_cancel"),
        ("enter_thread", "request_cancel with grace"),
    ],
    "ENDED": [
        ("finish",),
        ("enter_loop", "finish"),
        ("schedule", "request_cancel"),
        ("enter_thread", "request_cancel"),
        ("enter_loop", "request_cancel", "finish"),
    ],
}

#: What the same column has for the state before it was cancelled.
AGAIN = object()

#: For each method and state: the next state, and what is returned or raised.
TABLE = {
    "schedule": {
        "READY": (SCHEDULED, None),
        "SCHEDULED": (SCHEDULED, ERROR),
        "ON_LOOP": (ON_LOOP, ERROR),
        "IN_THREAD": (IN_THREAD, ERROR),
        "CANCELLING": (CANCELLING, None),
        "ENDED": (ENDED, None),
    },
    "begin": {
        "READY": (READY, True),
        "SCHEDULED": (READY, True),
        "ON_LOOP": (ON_LOOP, True),
        "IN_THREAD": (IN_THREAD, True),
        "CANCELLING": (CANCELLING, True),
        "ENDED": (ENDED, False),
    },
    "enter_loop": {
        "READY": (ON_LOOP, None),
        "SCHEDULED": (SCHEDULED, ERROR),
        "ON_LOOP": (ON_LOOP, ERROR),
        "IN_THREAD": (IN_THREAD, ERROR),
        "CANCELLING": (CANCELLING, CANCELLED),
        "ENDED": (ENDED, CANCELLED),
    },
    "enter_thread": {
        "READY": (IN_THREAD, None),
        "SCHEDULED": (SCHEDULED, ERROR),
        "ON_LOOP": (ON_LOOP, None),
        "IN_THREAD": (IN_THREAD, ERROR),
        "CANCELLING": (CANCELLING, CANCELLED),
        "ENDED": (ENDED, CANCELLED),
    },
    "retry": {
        "READY": (READY, ERROR),
        "SCHEDULED": (SCHEDULED, True),
        "ON_LOOP": (READY, True),
        "IN_THREAD": (READY, True),
        "CANCELLING": (CANCELLING, False),
        "ENDED": (ENDED, False),
    },
    "finish": {
        "READY": (ENDED, True),
        "SCHEDULED": (ENDED, True),
        "ON_LOOP": (ENDED, True),
        "IN_THREAD": (ENDED, True),
        "CANCELLING": (ENDED, True),
        "ENDED": (ENDED, False),
    },
    "request_cancel": {
        "READY": (CANCELLING, NONE),
        "SCHEDULED": (ENDED, FAIL),
        "ON_LOOP": (CANCELLING, CANCEL_ON_LOOP),
        "IN_THREAD": (ENDED, INTERRUPT),
        "CANCELLING": AGAIN,
        "ENDED": (ENDED, TOO_LATE),
    },
    "request_cancel with grace": {
        "READY": (CANCELLING, NONE),
        "SCHEDULED": (ENDED, FAIL),
        "ON_LOOP": (CANCELLING, CANCEL_ON_LOOP),
        "IN_THREAD": (CANCELLING, INTERRUPT),
        "CANCELLING": AGAIN,
        "ENDED": (ENDED, TOO_LATE),
    },
}


def call(execution, method):
    if method == "request_cancel with grace":
        return execution.request_cancel(grace=True)
    return getattr(execution, method)()


def new(*way):
    """Return an execution that went that way, and its registry."""
    registry = {}
    execution = Execution(SimpleNamespace(id="1"), registry)
    for method in way:
        call(execution, method)
    return execution, registry


CELLS = [
    (method, state, way)
    for method, (state, ways) in itertools.product(TABLE, WAYS.items())
    for way in ways
]


@pytest.mark.parametrize(("method", "state", "way"), CELLS)
def test_every_cell_of_the_table(method, state, way):
    execution, registry = new(*way)
    assert execution.state is State[state]
    cell = TABLE[method][state]
    if cell is AGAIN:
        *before, _ = way
        cell = TABLE[method][new(*before)[0].state.name]
    following, expected = cell
    if isinstance(expected, type):
        with pytest.raises(expected):
            call(execution, method)
    else:
        assert call(execution, method) is expected
    assert execution.state is following
    assert (registry == {}) == (following is ENDED)


def test_the_docstring_says_the_same():
    """The tables in the docstring of Execution, cell by cell."""
    rows = {}
    text = inspect.cleandoc(Execution.__doc__)  # as Python 3.13 keeps it
    for block in re.findall(r"^ *state  .*?(?=\n\n)", text, re.DOTALL | re.MULTILINE):
        header, _, *lines, _ = (re.split(r"\s{2,}", line.strip()) for line in block.splitlines())
        for state, *cells in lines:
            rows.setdefault(state, {}).update(zip(header[1:], cells, strict=True))
    assert list(rows) == [state.name for state in State]

    def word(value):
        return {ERROR: "error", CANCELLED: "cancelled"}.get(value) or getattr(value, "name", None)

    for method, states in TABLE.items():
        column = method.replace("request_cancel with", "... with")
        for state, cell in states.items():
            if cell is AGAIN:
                assert rows[state][column] == "again"
                continue
            following, value = cell
            parts = [following.name] if following is not State[state] else []
            if value is not None or not parts:
                parts.append(word(value) or str(value))
            assert rows[state][column] == ", ".join(parts), (method, state)
    delivered = {state: cells["deliver_cancel"] for state, cells in rows.items()}
    assert delivered == {s.name: "True or False" if s is CANCELLING else "False" for s in State}


@pytest.mark.parametrize(("state", "way"), [(s, w) for s, ways in WAYS.items() for w in ways])
def test_a_cancellation_is_delivered_only_into_an_awaited_function(state, way):
    execution, _ = new(*way)
    expected = way == ("enter_loop", "request_cancel")
    assert execution.deliver_cancel() is expected
    assert execution.cancel_pending is expected
    assert not execution.deliver_cancel()
    assert execution.state is State[state]
    assert execution.clear_cancel() is expected
    assert not execution.clear_cancel()
    assert not execution.deliver_cancel()


def test_a_function_that_was_left_gets_no_cancellation():
    execution, _ = new("enter_loop", "request_cancel", "clear_cancel")
    assert not execution.deliver_cancel()
    execution, _ = new("enter_loop", "clear_cancel")
    assert execution.request_cancel() is CANCEL_ON_LOOP
    assert not execution.deliver_cancel()


def test_a_function_is_awaited_between_entering_and_leaving_it():
    ways = {
        (): False,
        ("enter_loop",): True,
        ("enter_loop", "request_cancel"): True,
        ("enter_loop", "clear_cancel"): False,
        ("enter_thread",): False,
    }
    assert {way: new(*way)[0].is_awaited for way in ways} == ways


def test_a_delivered_cancellation_is_cleared_behind_the_end_too():
    execution, _ = new("enter_loop", "request_cancel", "deliver_cancel", "finish")
    assert execution.clear_cancel()


def test_each_request_is_delivered_once():
    execution, _ = new("enter_loop", "request_cancel", "deliver_cancel")
    assert not execution.deliver_cancel()
    assert execution.request_cancel() is CANCEL_ON_LOOP
    assert execution.deliver_cancel()
    assert not execution.deliver_cancel()
    assert execution.clear_cancel()
    assert not execution.clear_cancel()


def test_who_has_the_right_to_the_outcome_may_ask_again():
    execution, registry = new("enter_loop")
    first, second = object(), object()
    assert not execution.is_finished_by(first)
    assert [execution.finish(first), execution.finish(first)] == [True, True]
    assert not execution.finish(second)
    assert not execution.finish()
    assert execution.is_finished_by(first)
    assert not execution.is_finished_by(second)
    assert registry == {}


def test_who_cancels_may_ask_again():
    execution, _ = new("enter_thread")
    caller = object()
    assert execution.request_cancel(by=caller) is INTERRUPT
    assert execution.finish(caller)
    assert not execution.finish()


def test_the_first_outcome_wins():
    execution, registry = new("enter_loop")
    assert registry == {"1": execution}
    assert [execution.finish() for _ in range(3)] == [True, False, False]
    assert registry == {}


def test_a_cancellation_fails_with_the_error_that_was_asked_for():
    execution, _ = new("enter_loop")
    error, cancelled, other = TimeoutError(), asyncio.CancelledError(), LookupError()
    execution.request_cancel(error)
    execution.request_cancel(other)
    assert execution.final_error(cancelled) is error
    assert execution.final_error(other) is other
    execution.finish()
    assert execution.final_error(cancelled) is error


@pytest.mark.parametrize("way", [("enter_loop",), ("enter_loop", "request_cancel")])
def test_a_cancellation_without_an_error_fails_with_itself(way):
    execution, _ = new(*way)
    error = asyncio.CancelledError()
    assert execution.final_error(error) is error


def test_misuse_says_what_was_wrong():
    execution, _ = new("schedule")
    with pytest.raises(RuntimeError, match=r"An execution that is scheduled can't enter_loop\."):
        execution.enter_loop()


def test_no_loop_and_no_thread_is_needed():
    assert not hasattr(module, "threading")
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_a_signal_handler_may_cancel_while_its_thread_holds_the_lock():
    execution, _ = new("schedule")
    with module._lock:
        assert execution.request_cancel() is FAIL
    assert not execution.begin()
