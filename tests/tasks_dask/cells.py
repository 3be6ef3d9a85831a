"""What the tests send to a cluster: cells, gates that hold a task, and waiting."""

from __future__ import annotations

import itertools
import linecache
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from immediate_tasks_ipy.tasks import TaskResult

_numbers = itertools.count(1)

#: Seconds after which a test stops waiting; an upper bound, not an expectation.
PATIENCE = 60.0


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
    """Wait until these results are finished."""
    until(lambda: all(r.is_finished for r in results), f"the end of {results}")


def running(result: TaskResult) -> None:
    until(lambda: result.status == "RUNNING", f"the start of {result}")


def hold(gate: str) -> str:
    """Run until the file `gate` exists; its sibling with the suffix .begun tells of the start."""
    path = Path(gate)
    path.with_suffix(".begun").touch()
    while not path.exists():
        time.sleep(0.01)
    path.with_suffix(".ended").touch()
    return "held"
