"""The rows of the framework, the history, `--each` and the magics in one table, in minutes.

    python benchmarks/table.py [--rounds 9] [--write docs/numbers.md]

Each row is one figure of this machine, beside what the first version reached and what is to be
reached. Both sides of a ratio are measured in turns, in one process. What needs a library that is
not installed is left out. The other rows have benchmarks of their own: `panel.py`,
`scale_out.py`, `django_bridge.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import timeit
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import each
import enqueue
import history
import magic

from immediate_tasks_ipy.tasks.jsonable import normalize_with_changes


class Row(NamedTuple):
    what: str
    #: This run's figure.
    now: float
    #: Of the first version, and what is to be reached, in the same unit.
    before: str
    reach: str
    unit: str = ""


def times_cheaper(times: dict[str, list[float]], peer: str) -> float | None:
    """How many times dearer the peer is; None where it was not measured."""
    if peer not in times:
        return None
    return statistics.median(times[peer]) / statistics.median(times["immediate_tasks_ipy"])


def of_enqueue(rounds: int) -> Iterator[Row]:
    new = sys.version_info >= (3, 12)
    known = {
        "no-op": ("no-op", "32" if new else "21", "30" if new else "20"),
        "data": ("nested data", "7.5" if new else "6.5", "10"),
        "failing": ("a failing task", "4.2" if new else "6.3", "20"),
    }
    for name, calls in enqueue.sync_cases():
        what, before, reach = known[name]
        times = enqueue.measure(calls, rounds)
        ratio = times_cheaper(times, "Django")
        if ratio is not None:
            yield Row(f"`enqueue`, {what}: Django ÷ ours", ratio, before, reach)
        if name == "no-op":
            for peer in ("huey, immediate", "Celery, eager"):
                ratio = times_cheaper(times, peer)
                if ratio is not None:
                    yield Row(f"`enqueue`, {what}: {peer} ÷ ours", ratio, "", "1")
    times = asyncio.run(enqueue.ameasure(enqueue.async_contenders(), rounds))
    for peer, before, reach in (("Django", "52 to 165", "100"), ("taskiq, in memory", "", "1")):
        ratio = times_cheaper(times, peer)
        if ratio is not None:
            yield Row(f"`await aenqueue`, async no-op: {peer} ÷ ours", ratio, before, reach)


def of_normalisation(rounds: int) -> Iterator[Row]:
    theirs = django_normalize_json()
    if theirs is None:
        return
    value = [(number, str(number)) for number in range(1_000)]
    sides: dict[str, list[float]] = {"immediate_tasks_ipy": [], "Django": []}
    for _ in range(rounds):
        for name, function in (
            ("immediate_tasks_ipy", partial(normalize_with_changes, root="value")),
            ("Django", theirs),
        ):
            sides[name].append(timeit.timeit(lambda call=function: call(value), number=20))
    ratio = times_cheaper(sides, "Django")
    assert ratio is not None
    yield Row("1,000 tuples normalised: Django ÷ ours", ratio, "1.4", "4")


def django_normalize_json() -> Callable[[Any], Any] | None:
    for module in ("django.utils.json", "django_tasks.utils"):
        try:
            return import_module(module).normalize_json  # type: ignore[no-any-return]
        except ImportError:
            continue
    return None


def of_history(rounds: int) -> Iterator[Row]:
    times = {name: statistics.median(taken) for name, taken in history.measured(rounds).items()}
    base = times["no history"]
    yield Row("history attached", times["history"] - base, "2.4 to 2.8", "2.5", "us")
    more = times["history and an observer"] - base
    yield Row("history and an open panel", more, "3", "5", "us")
    yield Row("retained per result, with its history", history.retained(), "593", "600", "bytes")


def of_batches(rounds: int) -> Iterator[Row]:
    times = {name: statistics.median(taken) for name, taken in each.measured(rounds).items()}
    ratio = times[each.ASYNC] / times[each.GATHER]
    yield Row("10,000 async no-ops, `--each` ÷ `asyncio.gather`", ratio, "2.3 to 5.7", "2")
    ratio = times[each.THREADS] / times[each.POOL]
    yield Row("10,000 sync no-ops, `--concurrency 8` ÷ `ThreadPoolExecutor`", ratio, "8 to 22", "3")


def of_magics(rounds: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        magic.measured_loads(home, 1)  # compiles
        loads, _ = magic.measured_loads(home, 5)
        spans = magic.measured_cells(home, 10 * rounds)
    yield Row("`%load_ext` in a fresh kernel", statistics.median(loads), "17 to 20", "10", "ms")
    over = statistics.median(spans["task"]) - statistics.median(spans["plain"])
    yield Row("`%%enqueue` over a plain cell", over, "0.85", "0.8", "ms")


def markdown(rows: list[Row]) -> str:
    lines = ["| what | now | before | to reach |", "|---|---|---|---|"]
    for row in rows:
        now = f"{row.now:,.0f}" if row.now >= 20 else f"{row.now:.2g}"  # noqa: PLR2004
        lines.append(f"| {row.what} | {now} {row.unit} | {row.before} | {row.reach} |")
    return "\n".join(line.replace("  |", " |") for line in lines)


PAGE = """\
# Numbers

Of one run of `python benchmarks/table.py --write docs/numbers.md`, on {day}, with Python {python}
on {cores} cores; medians of interleaved rounds. "Before" is the first version, on
other machines (times in us and ms don't compare), "to reach" the bar that this package has set
itself. A ratio "Django ÷ ours" says how many times cheaper a task is
here; see also [the peers](peers.md).

{table}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="All rows in one table.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", type=Path, help="write the page of the documentation here")
    options = parser.parse_args()
    rows: list[Row] = []
    for measure in (of_enqueue, of_normalisation, of_history, of_batches, of_magics):
        rows += measure(options.rounds)
    print(markdown(rows))
    if options.write:
        page = PAGE.format(
            day=datetime.now().astimezone().date().isoformat(),
            python=platform.python_version(),
            cores=os.cpu_count(),
            table=markdown(rows),
        )
        options.write.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
