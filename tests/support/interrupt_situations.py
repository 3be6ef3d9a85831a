"""What a notebook may be doing when the stop button is pressed, and what has to follow.

Each situation is a cell that calls `up()` when it is under way and then never ends by itself.
`press` runs one, presses the button at a moment that its caller chooses, and returns what was
wrong; `tests/end_to_end/kernels` presses once in some of them, and

    python -m tests.support.interrupt_situations --rounds 20

at twenty random moments in all, in a kernel of each generation, and prints what it found. Beside
each situation it presses in a plain cell of IPython's own, which knows nothing of this package:
how long that goes on says how much of the time is the machine's.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.kernel import Kernel

#: Run once in a kernel, before any of the situations.
SETUP = """
import asyncio, contextvars, ipykernel, itertools, select, signal, sys, threading, time, weakref
from immediate_tasks_ipy import history, wait
from immediate_tasks_ipy.tasks import task
async def _loop(): return asyncio.get_running_loop()
loop = await _loop()
def up():
    global is_up
    if not is_up:
        is_up = True
        # In an empty context, where the output belongs to no task.
        contextvars.Context().run(say_up)
def say_up():
    # For ipykernel 6 what a thread writes there is of the cell that has started the thread.
    if ipykernel.version_info[0] < 7: sys.stdout.set_parent(get_ipython().get_parent())
    print('up', flush=True)
class Finalized:
    def __del__(self):
        for _ in range(2_000): pass
class Thing: pass
def called_back(_):
    for _ in range(2_000): pass
async def idle(_=None):
    up(); await asyncio.sleep(600)
async def restless(_=None):
    while True: up(); await asyncio.sleep(0)
async def blocked(_=None):
    await asyncio.sleep(0); up(); time.sleep(600)
async def busy(_=None):
    await asyncio.sleep(0); up()
    while True: pass
async def short(_=None): up()
async def numbers():
    for n in itertools.count(): yield n; await asyncio.sleep(0)
async def no_numbers():
    up(); await asyncio.sleep(600); yield
def quick(_=None): up()
def sleeps(_=None): up(); time.sleep(600)
def waits(_=None): up(); gate.wait()
def slow_numbers():
    yield 1
    up(); time.sleep(600)
@task
def blocks(): up(); time.sleep(600)
@task
async def idles(): up(); await asyncio.sleep(600)
"""

#: Run before each of them.
BEFORE = """
is_up = False; cleaned = []; gate = threading.Event()
handler, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
tasks = asyncio.all_tasks(loop); history.clear()
"""

#: The asyncio tasks that were not there before, but the kernel's own: cells are compiled under
#: file names that contain `ipykernel` too.
LEFT = (
    "[t for t in asyncio.all_tasks(loop) - tasks if not"
    " t.get_coro().cr_code.co_filename.startswith(__import__('ipykernel').__path__[0])]"
)

#: Run after each: what is not as it was, as text.
AFTER = f"""
left = {LEFT}
open_ = [r for r in history.results if not r.is_finished and r is not globals().get('kept')]
wrong = []
if signal.getsignal(signal.SIGINT) is not handler: wrong.append('another handler of SIGINT is left')
if sys.unraisablehook is not hook: wrong.append('another sys.unraisablehook is left')
if left: wrong.append(f'asyncio tasks are left: {{left}}')
if open_: wrong.append(f'results are not finished: {{open_}}')
print(wrong, end='')
"""

_ASYNC = {
    "idle": "up(); await asyncio.sleep(600)",
    "on a future": "up(); await loop.create_future()",
    "on a queue": "up(); await asyncio.Queue().get()",
    "within a timeout": "async with asyncio.timeout(600): await idle()",
    "on a thread": "up(); await asyncio.to_thread(gate.wait)",
    "without rest": "await restless()",
    "on one task after the other": "while True: await asyncio.create_task(short())",
    "through an async generator": "async for n in numbers(): up()",
    "blocked": "await blocked()",
    "blocked by a lock": "await asyncio.sleep(0); up(); gate.wait()",
    "blocked by select": "await asyncio.sleep(0); up(); select.select([], [], [], 600)",
    "busy": "await busy()",
    "busy with finalizers": "await asyncio.sleep(0)\nwhile True: up(); Finalized()",
    "with finalizers": "while True: up(); Finalized(); await asyncio.sleep(0)",
    "busy with callbacks": (
        "await asyncio.sleep(0)\nwhile True: up(); weakref.ref(Thing(), called_back)\n"
    ),
    "with callbacks": (
        "while True:\n    up(); thing = Thing(); r = weakref.ref(thing, called_back); del thing\n"
        "    await asyncio.sleep(0)"
    ),
    "with a weak set": (
        "known = weakref.WeakSet()\nwhile True: up(); known.add(Thing()); await asyncio.sleep(0)"
    ),
    "a gather": "await asyncio.gather(idle(), idle())",
    "a gather without rest": "await asyncio.gather(restless(), restless())",
    "a gather that blocks": "await asyncio.gather(idle(), blocked())",
    "a gather that is busy": "await asyncio.gather(idle(), busy())",
    "a group": "async with asyncio.TaskGroup() as g: [g.create_task(idle()) for _ in '12']",
    "a group without rest": (
        "async with asyncio.TaskGroup() as g: [g.create_task(restless()) for _ in '12']"
    ),
    "a group that blocks": (
        "async with asyncio.TaskGroup() as g: [g.create_task(f()) for f in (idle, blocked)]"
    ),
}
_SYNC = {
    "blocked": "sleeps()",
    "blocked by a lock": "waits()",
    "busy": "up()\nwhile True: pass",
    "with finalizers": "while True: up(); Finalized()",
    "with callbacks": "while True:\n    up(); t = Thing(); r = weakref.ref(t, called_back); del t",
}
_BATCHES = {
    "async, idle": "--each range(100) idle",
    "async, blocked": "--each range(100) blocked",
    "async, without rest": "--each range(100) restless",
    "async, endless": "--each itertools.count() short",
    "async, of an async iterable": "--each numbers() short",
    "async, waiting for an item": "--each no_numbers() short",
    "sync, blocked": "--each range(100) sleeps",
    "sync, endless": "--each itertools.count() quick",
    "sync, waiting for an item": "--each slow_numbers() quick",
    "in threads, blocked": "--concurrency 8 --each range(100) waits",
    "in threads, endless": "--concurrency 8 --each itertools.count() quick",
}
_OTHERS = {
    "a function": "%%enqueue\ndef function(): sleeps()",
    "a sync task": "%enqueue blocks()",
    "an async task": "%enqueue idles()",
    "an argument": "%enqueue short(sleeps())",
    "definitions that await": "%%enqueue defined()\nawait idle()\nasync def defined(): pass",
    "definitions that block": "%%enqueue defined()\nsleeps()\nasync def defined(): pass",
    "an async task in a sync one": "%%enqueue\ndef outer(): return idles.enqueue().status",
    "an async task in an async one": "%%enqueue\nawait idles.aenqueue()",
    "the synchronous path": "%%time\n%enqueue idle()",
    "a batch on the synchronous path": "%%time\n%enqueue --each range(100) idle",
    "a wait": (
        "async def waited(): await asyncio.to_thread(gate.wait)\n"
        "kept = %enqueue --background waited()\nup()\n%tasks wait -1"
    ),
    "a wait that blocks": "kept = %enqueue --background waits()\nup()\n%tasks wait -1;",
    "two lines at once": (
        "async def first():\n    %enqueue --display none idle()\n"
        "async def second():\n    %enqueue --display none restless()\n"
        "await asyncio.gather(first(), second())"
    ),
    "two lines at once, one blocked": (
        "async def first():\n    %enqueue --display none idle()\n"
        "async def second():\n    %enqueue --display none blocked()\n"
        "await asyncio.gather(first(), second())"
    ),
    "one line after the other": "while True:\n    %enqueue --display none restless()",
}


@dataclass(frozen=True)
class Situation:
    """A cell, and how the button is pressed while it runs."""

    cell: str
    #: Seconds between the presses.
    presses: tuple[float, ...] = (0.0,)
    #: What `cleaned` holds afterwards.
    cleaned: list[int] = field(default_factory=list)
    #: What the cell raises, where that may be another exception than KeyboardInterrupt.
    raises: str | None = None


SITUATIONS = {
    **{f"async: {name}": Situation(f"%%enqueue\n{body}") for name, body in _ASYNC.items()},
    **{f"sync: {name}": Situation(f"%%enqueue\n{body}") for name, body in _SYNC.items()},
    **{f"batch: {name}": Situation(f"r = %enqueue {line}") for name, line in _BATCHES.items()},
    **{name: Situation(cell) for name, cell in _OTHERS.items()},
    **{
        name: Situation(cell, raises="CancelledError")
        for name, cell in _OTHERS.items()
        # Between two lines of an awaited cell the button is the kernel's, which cancels the cell.
        if name.startswith(("two lines", "a wait"))
    },
    "pressed twice": Situation(
        "%%enqueue\ntry: await idle()\nfinally:\n    await asyncio.sleep(0.2); cleaned.append(1)",
        presses=(0.0, 0.05),
        cleaned=[1],
    ),
    "pressed twice, blocked": Situation(
        "%%enqueue\ntry: sleeps()\nfinally:\n    time.sleep(0.2); cleaned.append(1)",
        presses=(0.0, 0.05),
        cleaned=[1],
    ),
}

#: A cell that this package has no part in.
PLAIN = Situation("up(); time.sleep(600)")
#: Seconds after which a cell ends slowly, on a machine that has nothing else to do.
LIMIT = 0.5


def press(kernel: Kernel, situation: Situation, moment: float) -> tuple[list[str], float]:
    """Press the button `moment` seconds after the cell is under way.

    Returns what was wrong, and how many seconds the cell went on after the last press.
    """
    kernel.run(BEFORE)
    reply = kernel.start(situation.cell)
    kernel.wait_for(lambda: "up" in reply.stream() or reply.content)
    time.sleep(moment)
    for pause in situation.presses:
        time.sleep(pause)
        kernel.interrupt()
    pressed = time.monotonic()
    kernel.finish(reply)
    seconds = time.monotonic() - pressed
    wrong = [] if not reply.ok else ["the cell ended as if nothing had happened"]
    # A line in an asyncio task of the user's own ends that as a cancellation does.
    if reply.content.get("ename") not in {None, "KeyboardInterrupt", situation.raises}:
        wrong.append(f"the cell raised {reply.content['ename']}: {reply.content['evalue']}")
    # Long enough for an interrupt that comes late.
    late = kernel.run("time.sleep(0.03)\nawait asyncio.sleep(0.03)\ngate.set()")
    if not late.ok:
        wrong.append("the next cell was hit")
    kernel.run("if 'kept' in globals(): await wait(kept)")
    after = kernel.run(AFTER)
    if after.stream() != "[]":
        wrong.append(after.stream() or after.error)
    if (cleaned := kernel.value("cleaned")) != repr(situation.cleaned):
        wrong.append(f"cleaned up: {cleaned}")
    return wrong, seconds


def prepare(kernel: Kernel) -> None:
    """Load the extension and what the situations use."""
    for cell in ("%load_ext immediate_tasks_ipy", SETUP):
        reply = kernel.run(cell)
        assert reply.ok, reply.error


def sweep(start: Callable[[], Kernel], rounds: int, names: list[str], seed: int) -> int:
    """Press in every situation at `rounds` random moments; returns how many presses failed."""
    chance = random.Random(seed)
    kernel = start()
    failed = 0
    ours: list[float] = []
    plain: list[float] = []
    for name in names:
        slow, slowest, wrongs = 0, 0.0, []
        plain.append(press(kernel, PLAIN, chance.uniform(0, 0.05))[1])
        for _ in range(rounds):
            moment = chance.uniform(0, 0.05)
            try:
                wrong, seconds = press(kernel, SITUATIONS[name], moment)
            except AssertionError as error:
                wrong, seconds = [f"no answer: {str(error)[-200:]}"], float("inf")
                kernel.manager.shutdown_kernel(now=True)
                kernel = start()
            if wrong:
                wrongs.append(f"{moment:.4f} s, {seconds:.2f} s: {'; '.join(wrong)}")
            slow += seconds > LIMIT
            slowest = max(slowest, seconds)
            ours.append(seconds)
        failed += len(wrongs)
        held = f"{rounds - len(wrongs):3}/{rounds}"
        print(f"{held}, {slow:2} slow, slowest {slowest:5.2f} s: {name}", flush=True)
        for line in wrongs:
            print(f"       {line}", flush=True)
    kernel.close()
    print(_distribution("these situations", ours))
    print(_distribution("a plain cell", plain), flush=True)
    return failed


def _distribution(name: str, seconds: list[float]) -> str:
    """How long cells went on after the press, in words."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    shares = [f"{share:.0%}: {ordered[round(share * last)]:.3f}" for share in (0.5, 0.95, 0.99)]
    within = sum(one <= LIMIT for one in ordered)
    return (
        f"-- seconds, {name}: {', '.join(shares)}, all: {ordered[-1]:.3f}; "
        f"within {LIMIT} s: {within} of {len(ordered)}"
    )


def main() -> None:
    """Run the sweep of the command line."""
    from tests.end_to_end.kernels.conftest import GENERATIONS
    from tests.support import kernel as kernels
    from tests.support.environments import environment

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--generation", action="append", help=", ".join(GENERATIONS))
    parser.add_argument("--python", help="an interpreter to use in place of the generations'")
    parser.add_argument("--only", default="", help="situations whose names contain this")
    options = parser.parse_args()
    kernels.PATIENCE = 60
    names = [name for name in SITUATIONS if options.only in name]
    failed = 0
    for generation in options.generation or ([""] if options.python else list(GENERATIONS)):
        python = Path(options.python or environment(generation, *GENERATIONS[generation]))
        print(f"-- {generation or python}: {len(names)} situations", flush=True)
        with tempfile.TemporaryDirectory() as home:

            def start(python: Path = python, home: str = home) -> Kernel:
                kernel = kernels.Kernel(python, home=Path(home))
                prepare(kernel)
                return kernel

            failed += sweep(start, options.rounds, names, options.seed)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
