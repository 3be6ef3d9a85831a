"""`ipython -c`, a piped stdin and `ipython file.ipy`: the same magics without anyone there."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.end_to_end.terminal.conftest import ESCAPES, IPYTHON, PATIENCE

CELLS = """\
%load_ext immediate_tasks_ipy
import asyncio
async def add(a, b):
    await asyncio.sleep(0.01)
    return a + b

r = %enqueue add(2, 3)
print("value", r.return_value)
for n in range(2):
    s = %enqueue add(n, n)

print("looped", s.return_value)
"""


@pytest.fixture
def ipython(tmp_path):
    def run(*arguments, stdin=None, code=0):
        done = subprocess.run(
            [*IPYTHON, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=os.environ | {"IPYTHONDIR": str(tmp_path / "home")},
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return ESCAPES.sub("", done.stdout)

    return run


def test_a_file_runs_its_tasks(ipython, tmp_path):
    (tmp_path / "script.ipy").write_text(CELLS)

    out = ipython("script.ipy")

    assert "value 5" in out
    assert "looped 2" in out
    assert out.count("SUCCESSFUL in") == 3
    assert "\r" not in out


def test_a_command_runs_its_tasks(ipython):
    out = ipython("-c", CELLS)

    assert "value 5" in out
    assert out.count("SUCCESSFUL in") == 3


def test_a_cell_magic_in_a_command(ipython):
    out = ipython(
        "--ext=immediate_tasks_ipy", "-c", "%%enqueue\nimport asyncio\nawait asyncio.sleep(0, 7)"
    )
    assert "→ 7" in out


def test_cells_come_through_a_pipe(ipython):
    out = ipython("--simple-prompt", stdin=CELLS.replace("\nr =", "\n\nr ="))

    assert "value 5" in out
    assert "looped 2" in out


def test_a_failure_with_raise_fails_the_command(ipython):
    out = ipython("--ext=immediate_tasks_ipy", "-c", "%%enqueue --raise\n1 / 0", code=1)
    assert "ZeroDivisionError" in out


def test_a_failure_without_raise_does_not(ipython):
    assert "FAILED" in ipython("--ext=immediate_tasks_ipy", "-c", "%%enqueue\n1 / 0")


def test_a_command_does_not_wait_for_what_it_left_in_the_background(ipython):
    out = ipython(
        "--ext=immediate_tasks_ipy",
        "-c",
        "import time\ndef f(): time.sleep(600)\nr = %enqueue --background f()\nprint('left')",
    )
    assert "left" in out
