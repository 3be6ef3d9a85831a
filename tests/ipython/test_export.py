from __future__ import annotations

import csv
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immediate_tasks_ipy.ipython import export as export_module
from immediate_tasks_ipy.ipython.export import export
from immediate_tasks_ipy.task_history import Origin, Output, TaskHistory, current_origin
from immediate_tasks_ipy.task_history.record import COLUMNS, json_safe, record
from immediate_tasks_ipy.tasks import Task


def echo(value):
    return value


def fail(value):
    raise ValueError(value)


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def history():
    history = TaskHistory()
    history.connect()
    yield history
    history.disconnect()


@pytest.fixture
def two_tasks(history):
    output = Output()
    output.write("written\n")
    token = current_origin.set(Origin(label="echo(1)", cell=7, output=output))
    Task(func=echo, priority=3).enqueue({"a": [1, 2]})
    current_origin.reset(token)
    Task(func=fail).enqueue('döner, "quoted"\nline')
    return history


def test_json_lines_hold_a_record_per_task(two_tasks, tmp_path):
    path = tmp_path / "tasks.jsonl"
    assert export(two_tasks, path) == 2
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert set(first) == set(COLUMNS)
    assert first["status"] == "SUCCESSFUL"
    assert first["return_value"] == {"a": [1, 2]}
    assert first["call"] == "echo(1)"
    assert first["cell"] == 7
    assert first["output"] == "written\n"
    assert first["priority"] == 3
    assert second["status"] == "FAILED"
    assert second["args"] == ['döner, "quoted"\nline']
    assert second["return_value"] is None
    assert "in fail" in second["errors"][0]["traceback"]


def test_csv_holds_a_row_per_task(two_tasks, tmp_path):
    path = tmp_path / "tasks.csv"
    assert export(two_tasks, str(path)) == 2
    with path.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert json.loads(first["return_value"]) == {"a": [1, 2]}
    assert first["seconds"] != ""
    assert json.loads(second["args"]) == ['döner, "quoted"\nline']
    assert second["return_value"] == ""


def test_an_empty_history_is_an_empty_file(history, tmp_path):
    assert export(history, tmp_path / "none.jsonl") == 0
    assert (tmp_path / "none.jsonl").read_text() == ""


def test_a_file_that_exists_is_not_overwritten(two_tasks, tmp_path):
    path = tmp_path / "tasks.jsonl"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="--force"):
        export(two_tasks, path)
    assert path.read_text() == "mine"
    assert export(two_tasks, path, force=True) == 2
    assert path.read_text() != "mine"
    assert names(tmp_path) == ["tasks.jsonl"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_overwritten(two_tasks, tmp_path, monkeypatch, links):
    path = tmp_path / "tasks.jsonl"

    def write(file, entries):
        path.write_text("theirs")

    def no_links(*_):
        raise OSError

    monkeypatch.setitem(export_module._WRITERS, ".jsonl", write)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(FileExistsError):
        export(two_tasks, path)
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["tasks.jsonl"]


def test_where_links_are_impossible_the_file_is_renamed(two_tasks, tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError

    monkeypatch.setattr(os, "link", no_links)
    assert export(two_tasks, tmp_path / "tasks.csv") == 2
    assert names(tmp_path) == ["tasks.csv"]


@pytest.mark.parametrize("force", [True, False])
def test_an_export_that_fails_leaves_nothing_behind(two_tasks, tmp_path, monkeypatch, force):
    def write(file, entries):
        file.write("half of it")
        raise OSError("disk full")

    monkeypatch.setitem(export_module._WRITERS, ".jsonl", write)
    with pytest.raises(OSError, match="disk full"):
        export(two_tasks, tmp_path / "tasks.jsonl", force=force)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["tasks", "tasks.xlsx", ".jsonl"])
def test_an_unknown_suffix_says_which_are_known(history, tmp_path, name):
    with pytest.raises(ValueError, match=r"use \.jsonl .* or \.csv"):
        export(history, tmp_path / name)


def test_a_missing_folder_is_named(history, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        export(history, tmp_path / "nowhere" / "tasks.csv")


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


def test_odd_results_are_exported_with_the_others(history, tmp_path):
    Task(func=echo).enqueue({1: float("nan"), "\ud800": 10**30})
    for name in ("tasks.jsonl", "tasks.csv"):
        assert export(history, tmp_path / name) == 1
        (tmp_path / name).read_text(encoding="utf-8")


def test_a_record_of_a_task_that_has_not_begun_has_no_times(history):
    from immediate_tasks_ipy.tasks.lifecycle import new_result

    entry = history.add(new_result(Task(func=echo), "default", (1,), {}))
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
