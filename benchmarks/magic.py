"""What the magics cost: `%load_ext` in a fresh kernel, and `%%enqueue` over the plain cell.

    python benchmarks/magic.py [--rounds N] [--kernels N]

Prints a table; ratios and differences are of one run on one machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.kernel import Kernel

# A kernel whose bytecode is compiled, as any is from its second start on.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LOAD = """
import sys as _sys, time as _time
_before = set(_sys.modules)
_start = _time.perf_counter()
get_ipython().run_line_magic("load_ext", "immediate_tasks_ipy")
_took = (_time.perf_counter() - _start) * 1000
_new = sorted(set(_sys.modules) - _before)
"""

HEAVY = ("ipywidgets", "anywidget", "django", "django_tasks", "distributed", "dask", "pandas")

# Timed by the kernel itself, from just before the cell to just after it.
CLOCK = """
import time as _time
_spans = {"plain": [], "task": [], "awaited": []}
_began = [0.0]
def _before_cell(info):
    _began[0] = _time.perf_counter()
def _after_cell(result):
    for name, cells in _cells.items():
        if result.info.raw_cell in cells:
            _spans[name].append((_time.perf_counter() - _began[0]) * 1000)
_cells = {
    "plain": ["1 + 1"],
    "task": ["%%enqueue\\n1 + 1"],
    "awaited": ["%%enqueue\\nimport asyncio\\nawait asyncio.sleep(0)"],
}
# First of all callbacks before a cell, last of all after it.
_callbacks = get_ipython().events.callbacks
_callbacks["pre_run_cell"].insert(0, _before_cell)
_callbacks["post_run_cell"].append(_after_cell)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--kernels", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["PYTHONPYCACHEPREFIX"] = f"{home}/bytecode"
        measured_loads(Path(home), 1)
        loads, new = measured_loads(Path(home), arguments.kernels)
        spans = measured_cells(Path(home), arguments.rounds)
    print(f"%load_ext in a fresh kernel: {statistics.median(loads):.1f} ms "
          f"(median of {len(loads)}; reach 15)")  # fmt: skip
    heavy = sorted({name.partition(".")[0] for name in new} & set(HEAVY))
    others = [n for n in new if not n.startswith("immediate_tasks_ipy")]
    print(f"  heavy modules imported: {', '.join(heavy) or 'none'}")
    print(f"  modules imported: {len(new)}, of others: {', '.join(others) or 'none'}")
    plain = statistics.median(spans["plain"])
    print(f"plain cell: {plain:.2f} ms (median of {len(spans['plain'])})")
    for name, words in (("task", "%%enqueue over it"), ("awaited", "%%enqueue, awaited, over it")):
        over = statistics.median(spans[name]) - plain
        print(f"{words}: {over:.2f} ms (reach 3)")


def measured_loads(home: Path, kernels: int) -> tuple[list[float], list[str]]:
    """Milliseconds that loading took in each of some fresh kernels, and what it imported."""
    took, new = [], []
    for _ in range(kernels):
        kernel = Kernel(Path(sys.executable), home=home)
        try:
            kernel.run(LOAD)
            took.append(float(kernel.value("_took")))
            new = eval(kernel.value("_new"))
        finally:
            kernel.close()
    return took, new


def measured_cells(home: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of a trivial cell, and of the same as a task, in turns."""
    kernel = Kernel(Path(sys.executable), home=home)
    try:
        assert kernel.run("%load_ext immediate_tasks_ipy").ok
        assert kernel.run(CLOCK).ok
        for _ in range(rounds):
            for cells in (
                "1 + 1",
                "%%enqueue\n1 + 1",
                "%%enqueue\nimport asyncio\nawait asyncio.sleep(0)",
            ):
                assert kernel.run(cells).ok
        # The first rounds fill caches.
        return {name: spans[5:] for name, spans in eval(kernel.value("_spans")).items()}
    finally:
        kernel.close()


if __name__ == "__main__":
    main()
