"""An entry as a record that any reader of JSON can read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.task_history.records import json_safe, record
from immediate_tasks_ipy.tasks import Task


def echo(value):
    return value


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (-float("inf"), "-Infinity"),
        ("\ud800", "\\ud800"),
        (2**63, str(2**63)),
        (-(2**63), -(2**63)),
        pytest.param(10**5000, hex(10**5000), id="huge"),
        ({1: "a", "1": "b", None: "c", False: "d", (1, 2): "e"}, None),
        ({"\ud800": 1}, {"\\ud800": 1}),
        (b"bytes", "b'bytes'"),
    ],
)
def test_odd_values_are_written_so_that_any_reader_reads_them(value, safe):
    text = json.dumps(json_safe(value), allow_nan=False)
    text.encode()
    if safe is not None:
        assert json.loads(text) == safe
    else:
        assert len(json.loads(text)) == len(value)


def test_deep_nesting_is_cut_with_a_note():
    value = []
    for _ in range(5000):
        value = [value]
    assert "nested deeper than" in json.dumps(json_safe(value))


def test_a_hostile_value_spoils_only_itself():
    class Hostile:
        def __repr__(self):
            raise RuntimeError

    assert json_safe([1, Hostile()]) == [1, "<Hostile that could not be read>"]


def test_a_record_of_a_task_that_has_not_begun_has_no_times():
    from immediate_tasks_ipy.tasks.lifecycle import new_result

    entry = Recorder().add(new_result(Task(func=echo), "default", (1,), {}))
    made = record(entry)
    assert made["status"] == "READY"
    assert made["started_at"] is made["seconds"] is made["return_value"] is None
    json.dumps(made, allow_nan=False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda children: (
        st.lists(children)
        | st.dictionaries(st.text(st.characters(codec=None)) | st.integers() | st.none(), children)
    ),
    max_leaves=20,
)


@given(json_values)
def test_whatever_a_task_may_return_is_written_and_read_back(value):
    text = json.dumps(json_safe(value), allow_nan=False)
    text.encode("utf-8")
    read = json.loads(text)
    if isinstance(value, dict | list):
        assert len(read) == len(value)
