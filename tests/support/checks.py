"""The checks that read the code: each runs once in a test run, beside the tests where it can.

`python -m tests.support.checks NAME …` runs checks one after the other at a low priority;
`tests/packaging/conftest.py` starts it when a run begins that will ask for them. A test that
asks for a check which has not run yet runs it itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.environments import locked
from tests.support.node import node, node_modules
from tests.support.services import ROOT, RUN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

REPORTER = Path(__file__).with_name("node_reporter.mjs")

#: Where the browser-side scripts have their own tests.
SCRIPTS = sorted(path for path in ROOT.glob("tests/**/*.test.*js") if path.is_file())


def _python(*arguments: str) -> Callable[[], list[object]]:
    return lambda: [sys.executable, "-m", *arguments]


def _npm(program: str, *arguments: object) -> Callable[[], list[object]]:
    return lambda: [node(), node_modules() / program, *arguments]


#: The command of each check, asked for when it runs: what npm brings may have to be installed.
COMMANDS: dict[str, Callable[[], list[object]]] = {
    "ruff check": _python("ruff", "check", "--no-cache", "."),
    "ruff format": _python("ruff", "format", "--no-cache", "--check", "."),
    "tsc": _npm("typescript/bin/tsc", "--project", ROOT),
    "node": lambda: [
        node(),
        "--test",
        "--test-isolation=none",
        f"--test-reporter={REPORTER}",
        *SCRIPTS,
    ],
    "mypy": _python("mypy"),
    "pyright": _npm("pyright/index.js", "--pythonpath", sys.executable),
}


@dataclass(frozen=True)
class Outcome:
    """What a check came to: the exit status of its command, and what that wrote."""

    status: int
    output: str


def outcome_of(name: str) -> Outcome:
    """Return what the check came to in this test run; run it if nobody has."""
    path = RUN_FOLDER / f"{name}.json"
    with locked(path.with_suffix(".lock")):
        if not path.exists():
            done = subprocess.run(
                [str(part) for part in COMMANDS[name]()],
                cwd=ROOT,
                env=os.environ | {"NO_COLOR": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            path.write_text(json.dumps(asdict(Outcome(done.returncode, done.stdout))))
        return Outcome(**json.loads(path.read_text()))


def run_beside(names: list[str]) -> subprocess.Popen[bytes] | None:
    """Start a process that runs these checks, unless this test run has one already."""
    try:
        (RUN_FOLDER / "started").touch(exist_ok=False)
    except FileExistsError:
        return None
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *names],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    os.nice(10)
    for each in sys.argv[1:]:
        outcome_of(each)
