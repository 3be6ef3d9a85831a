"""What comes from the browser is input."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from immediate_tasks_ipy.panel.requests import (
    BadMessage,
    Branch,
    Export,
    Rerun,
    RerunFailed,
    Search,
    Stop,
    parse,
    request_name,
)


@pytest.mark.parametrize(
    ("content", "request_"),
    [
        (
            {
                "op": "branch",
                "request": "a-1",
                "key": 7,
                "place": "args",
                "path": [0, 2],
                "offset": 100,
            },
            Branch("a-1", 7, "args", (0, 2), 100),
        ),
        ({"op": "rerun", "request": "a-1", "keys": [3, 3, 1]}, Rerun("a-1", (3, 1))),
        ({"op": "rerun_failed", "request": "a-1", "keys": [3]}, RerunFailed("a-1", (3,))),
        ({"op": "search", "request": "a-1", "text": "Ω"}, Search("a-1", "Ω")),
        ({"op": "export", "request": "a-1", "format": "csv"}, Export("a-1", "csv", None)),
        ({"op": "stop", "request": "a-2", "target": "a-1"}, Stop("a-2", "a-1")),
    ],
)
def test_a_well_formed_message_is_read(content, request_):
    assert parse(content) == request_


@pytest.mark.parametrize(
    "content",
    [
        None,
        "open",
        [],
        {},
        {"op": "open"},
        {"op": "open", "request": 7},
        {"op": "open", "request": "a" * 41},
        {"op": "open", "request": "../x"},
        {"op": ["open"], "request": "a-1"},
        {"op": "eval", "request": "a-1", "text": "1"},
        {"op": "__class__", "request": "a-1"},
        {"op": "detail", "request": "a-1"},
        {"op": "detail", "request": "a-1", "key": 0},
        {"op": "detail", "request": "a-1", "key": True},
        {"op": "detail", "request": "a-1", "key": 1.0},
        {"op": "detail", "request": "a-1", "key": 2**60},
        {"op": "rerun", "request": "a-1", "keys": "1"},
        {"op": "rerun", "request": "a-1", "keys": [None]},
        {"op": "branch", "request": "a-1", "key": 1, "place": "args", "path": [-1], "offset": 0},
        {"op": "branch", "request": "a-1", "key": 1, "place": "task", "path": [], "offset": 0},
        {"op": "search", "request": "a-1", "text": "x" * 201},
        {"op": "export", "request": "a-1", "format": "pickle", "keys": None},
        {"op": "stop", "request": "a-1"},
        {"op": "stop", "request": "a-1", "target": "../x"},
    ],
)
def test_anything_else_is_refused(content):
    with pytest.raises(BadMessage):
        parse(content)


def test_as_many_tasks_may_be_named_as_a_history_can_hold():
    keys = list(range(1, 102_001))

    assert parse({"op": "export", "request": "a-1", "format": "json", "keys": keys}).keys == tuple(
        keys
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"op": "eval", "request": "a-1"}, "a-1"),
        ({"op": "detail", "request": "a-1", "key": 0}, "a-1"),
        ({"op": "open", "request": "../x"}, None),
        ({"op": "open"}, None),
        (None, None),
    ],
)
def test_a_message_that_is_refused_can_be_answered_if_it_has_a_name(content, name):
    assert request_name(content) == name


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


# A busy machine is no failure.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(
                ["open", "detail", "branch", "rerun", "rerun_failed", "search", "export"]
            )
        },
        optional={
            "request": st.just("a-1") | anything,
            "key": anything,
            "keys": anything,
            "path": anything,
            "offset": anything,
            "place": anything,
            "text": anything,
            "format": anything,
        },
    )
    | anything
)
def test_no_message_raises_anything_but_bad_message(content):
    with suppress(BadMessage):
        parse(content)
