from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from immediate_tasks_ipy.task_history import (
    Origin,
    Output,
    Submission,
    current_submission,
)
from immediate_tasks_ipy.task_history import export as export_module
from immediate_tasks_ipy.task_history.export import csv_pieces, export, json_pieces
from immediate_tasks_ipy.task_history.records import COLUMNS
from immediate_tasks_ipy.tasks import Task


def echo(value):
    return value


def fail(value):
    raise ValueError(value)


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def two_tasks(recorder):
    output = Output()
    output.write("written\n")
    token = current_submission.set(Submission(Origin("echo(1)", 7), output=output))
    Task(func=echo, priority=3).enqueue({"a": [1, 2]})
    current_submission.reset(token)
    Task(func=fail).enqueue('döner, "quoted"\nline')
    return recorder


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


def test_an_empty_history_is_an_empty_file(recorder, tmp_path):
    assert export(recorder, tmp_path / "none.jsonl") == 0
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


def test_a_file_that_appears_meanwhile_is_not_overwritten(two_tasks, tmp_path, monkeypatch):
    path = tmp_path / "tasks.jsonl"

    def pieces(entries):
        path.write_text("theirs")
        yield ""

    monkeypatch.setitem(export_module.PIECES, ".jsonl", pieces)
    with pytest.raises(FileExistsError):
        export(two_tasks, path)
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["tasks.jsonl"]


def test_no_link_is_needed(two_tasks, tmp_path, monkeypatch):
    monkeypatch.delattr("os.link", raising=False)
    assert export(two_tasks, tmp_path / "tasks.csv") == 2
    assert names(tmp_path) == ["tasks.csv"]


def test_a_rename_that_fails_leaves_nothing_behind(two_tasks, tmp_path, monkeypatch):
    def replace(self, target):
        raise PermissionError(target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(PermissionError):
        export(two_tasks, tmp_path / "tasks.csv")
    assert names(tmp_path) == []


@pytest.mark.parametrize("force", [True, False])
def test_an_export_that_fails_leaves_nothing_behind(two_tasks, tmp_path, monkeypatch, force):
    def pieces(entries):
        yield "half of it"
        raise OSError("disk full")

    monkeypatch.setitem(export_module.PIECES, ".jsonl", pieces)
    with pytest.raises(OSError, match="disk full"):
        export(two_tasks, tmp_path / "tasks.jsonl", force=force)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["tasks", "tasks.xlsx", ".jsonl"])
def test_an_unknown_suffix_says_which_are_known(recorder, tmp_path, name):
    with pytest.raises(ValueError, match=r"use \.jsonl .* or \.csv"):
        export(recorder, tmp_path / name)


def test_a_missing_folder_is_named(recorder, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        export(recorder, tmp_path / "nowhere" / "tasks.csv")


def test_odd_results_are_exported_with_the_others(recorder, tmp_path):
    Task(func=echo).enqueue({1: float("nan"), "\ud800": 10**30})
    for name in ("tasks.jsonl", "tasks.json", "tasks.csv"):
        assert export(recorder, tmp_path / name) == 1
        (tmp_path / name).read_text(encoding="utf-8")


def test_json_is_one_list(two_tasks, tmp_path):
    path = tmp_path / "tasks.json"
    assert export(two_tasks, path) == 2
    first, second = json.loads(path.read_text())
    assert first["return_value"] == {"a": [1, 2]}
    assert second["status"] == "FAILED"
    assert len(path.read_text().splitlines()) == 4


def test_json_of_no_entries_is_an_empty_list():
    assert json.loads("".join(json_pieces([]))) == []


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_csv_is_a_formula(recorder, tmp_path, formula):
    Task(func=echo).enqueue(formula)
    path = tmp_path / "tasks.csv"
    export(recorder, path)
    with path.open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert row["return_value"] == f"'{formula}"


def test_a_csv_is_written_an_entry_at_a_time(two_tasks):
    file = io.StringIO()
    seen = []

    def entries():
        for entry in two_tasks:
            seen.append(file.getvalue().count("SUCCESSFUL"))
            yield entry

    file.writelines(csv_pieces(entries()))
    assert seen == [0, 1]
