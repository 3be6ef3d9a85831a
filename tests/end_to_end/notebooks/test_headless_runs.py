"""Notebooks run by machines: the same outputs each time, and a failure that fails the run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.support.services import script

CELLS = (
    "%load_ext immediate_tasks_ipy\n%config ImmediateTasks.live = False",
    "%%enqueue --name slow\nimport asyncio\nawait asyncio.sleep(0.5)\n'slept'",
    "def work(n):\n    return n * n\n\nresults = %enqueue --each range(20) work",
)
RAISING = "%%enqueue --raise\nraise LookupError('no such shelf')"
#: What differs from run to run in a card.
VARYING = re.compile(r"\d\d:\d\d:\d\d\.\d+|\b[\d.,]+ (?:ms|s|tasks/s)\b|\b[0-9a-zA-Z]{32}\b|<")

COLOUR = re.compile(r"\x1b\[[\d;]*m")


def write(path: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(notebook, path)
    return path


def execute(runner: str, source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = {
        "jupyter execute": [script("jupyter"), "execute", f"--output={target}", str(source)],
        "papermill": [
            *(sys.executable, "-m", "papermill", "--no-progress-bar", "--kernel", "python3"),
            *(str(source), str(target)),
        ],
    }[runner]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def displays(path: Path) -> list[list[str]]:
    notebook = nbformat.read(path, as_version=4)
    return [
        [VARYING.sub("#", output.data["text/plain"]) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("runner", ["jupyter execute", "papermill"])
def test_a_run_shows_each_card_once_and_alike_each_time(runner: str, tmp_path: Path) -> None:
    source = write(tmp_path / "source.ipynb", *CELLS)
    runs = []
    for number in (1, 2):
        target = tmp_path / f"run-{number}.ipynb"
        done = execute(runner, source, target)
        assert done.returncode == 0, done.stderr
        runs.append(displays(target))
    first, second = runs
    assert [len(outputs) for outputs in first] == [0, 1, 1]
    assert "SUCCESSFUL" in first[1][0]
    assert "20 SUCCESSFUL" in first[2][0]
    assert [o[0].split("#")[0] for o in first[1:]] == [o[0].split("#")[0] for o in second[1:]]


@pytest.mark.parametrize("runner", ["jupyter execute", "papermill"])
def test_raise_fails_the_run_with_the_tasks_own_exception(runner: str, tmp_path: Path) -> None:
    source = write(tmp_path / "source.ipynb", CELLS[0], RAISING, "print('never')")
    done = execute(runner, source, tmp_path / "run.ipynb")
    assert done.returncode != 0
    assert "LookupError: no such shelf" in COLOUR.sub("", done.stderr)
