"""What the tests send to a cluster: cells, gates that hold a task, and waiting."""

from __future__ import annotations

import itertools
import linecache
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from immediate_tasks_ipy.task_history import current_recorder
from immediate_tasks_ipy.task_history.waiting import wait_blocking
from immediate_tasks_ipy.tasks import TaskResult
from tests.support.services import PATIENCE

_numbers = itertools.count(1)


def cell(source: str, **variables: object) -> dict[str, object]:
    """Run a cell as IPython would, in a notebook with these variables; returns its namespace."""
    filename = f"/tmp/ipykernel_1/{next(_numbers)}.py"
    source = textwrap.dedent(source)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"__name__": "__main__", **variables}
    exec(compile(source, filename, "exec"), namespace)
    return namespace


def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Wait until `condition()` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.01)


def finished(*results: TaskResult) -> None:
    """Wait until these results are finished, and all receivers of their signals have run."""
    wait_blocking(current_recorder(), results, timeout=PATIENCE)


def running(result: TaskResult) -> None:
    until(lambda: result.status == "RUNNING", f"the start of {result}")


def hold(gate: str) -> str:
    """Run until the file `gate` exists; its sibling with the suffix .begun says that it began."""
    path = Path(gate)
    path.with_suffix(".begun").touch()
    while not path.exists():
        time.sleep(0.01)
    path.with_suffix(".ended").touch()
    return "held"
