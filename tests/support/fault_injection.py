"""An interrupt at every place of the framework's own code, one at a time.

A KeyboardInterrupt that a signal handler raises comes where Python looks for signals: when a
function begins or goes on, when a loop goes round, when a call has returned. `interrupted` runs a
function and raises one at the n-th of these places in the package's own code; `places` says how
many there are. `SCENARIOS` are the ways in which a task runs; `check` runs one with one interrupt
and returns what that has left wrong for good.

    python -m tests.support.fault_injection --stride 1

interrupts each of them at every place and prints what it found.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import dis
import functools
import sys
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks import finishing, task
from immediate_tasks_ipy.tasks.backends.execution import running_result
from immediate_tasks_ipy.tasks.backends.immediate import ImmediateBackend
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished
from tests.support.own_threads import own_threads
from tests.support.services import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

#: Where an interrupt is injected: the files whose names begin with this.
FOLDER = str(ROOT / "immediate_tasks_ipy") + "/"
#: Finished results that the history keeps.
LIMIT = 4


@functools.cache
def _checks(code: CodeType) -> frozenset[int]:
    """The offsets of the instructions before which a signal handler may run."""
    offsets, is_call = set(), False
    for instruction in dis.get_instructions(code):
        if is_call or instruction.opname in {"RESUME", "JUMP_BACKWARD"}:
            offsets.add(instruction.offset)
        if instruction.opname != "CACHE":
            is_call = instruction.opname.startswith("CALL")
    return frozenset(offsets)


class _Injector:
    """Counts the places of the package in this thread, and interrupts one of them."""

    def __init__(self, place: int | None) -> None:
        self.place = place
        self.count = 0
        #: Where the interrupt was raised, for messages.
        self.where = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if event == "opcode" and frame.f_lasti in _checks(frame.f_code):
            self.count += 1
            if self.count == self.place:
                code = frame.f_code
                self.where = f"{code.co_filename[len(FOLDER) :]}:{frame.f_lineno} {code.co_name}"
                raise KeyboardInterrupt
        return self


def interrupted(function: Callable[[], object], place: int | None) -> _Injector:
    """Call a function, with an interrupt at that place; never raises an interrupt."""
    injector = _Injector(place)
    previous = sys.gettrace()
    sys.settrace(injector)
    try:
        function()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(previous)
    return injector


@task
def returns(value: Any) -> Any:
    return value


@task
def fails() -> None:
    message = "out of order"
    raise ValueError(message)


@task
async def areturns(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


@task
async def afails() -> None:
    await asyncio.sleep(0)
    message = "out of order"
    raise ValueError(message)


@task
async def waits() -> None:
    await asyncio.Event().wait()


def _run(main: Callable[[], Any]) -> None:
    """Await on a loop of this thread; an interrupt ends the loop as one of a script does."""

    async def contained() -> None:
        # Else it would escape the asyncio task, and be raised twice.
        with contextlib.suppress(KeyboardInterrupt):
            await main()

    asyncio.run(contained())


def _cancelled(backend: ImmediateBackend) -> None:
    async def main() -> None:
        result = backend.submit(waits, (), {}, loop=asyncio.get_running_loop())
        await asyncio.sleep(0.001)
        try:
            backend.cancel(result)
        except TaskNotCancellable:
            pass
        finally:
            for _ in range(5):
                await asyncio.sleep(0)

    _run(main)


def _in_background(backend: ImmediateBackend) -> None:
    async def main() -> None:
        try:
            backend.submit(areturns, (1,), {}, loop=asyncio.get_running_loop())
        finally:
            for _ in range(8):
                await asyncio.sleep(0)

    _run(main)


def _in_thread(backend: ImmediateBackend) -> None:
    with own_threads():
        backend.submit(returns, (1,), {})


#: Ways in which a task runs on a backend, each to its end.
SCENARIOS: dict[str, Callable[[ImmediateBackend], object]] = {
    "a function": lambda backend: backend.enqueue(returns, ({"a": [1, (2,)]},), {}),
    "a function that fails": lambda backend: backend.enqueue(fails, (), {}),
    "a coroutine function": lambda backend: backend.enqueue(areturns, (1,), {}),
    "an awaited function": lambda backend: _run(lambda: backend.aenqueue(areturns, ((1,),), {})),
    "an awaited function that fails": lambda backend: _run(
        lambda: backend.aenqueue(afails, (), {})
    ),
    "a function that is awaited in a thread": lambda backend: _run(
        lambda: backend.aenqueue(returns, (1,), {})
    ),
    "in the background": _in_background,
    "in a thread": _in_thread,
    "cancelled": _cancelled,
}


class Observed:
    """What receivers see that are connected before the history, or after it."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.finished: collections.Counter[str] = collections.Counter()

    def on_enqueued(self, task_result: Any, **_: Any) -> None:
        self.results.append(task_result)

    def on_finished(self, task_result: Any, **_: Any) -> None:
        self.finished[task_result.id] += 1


def check(name: str, place: int | None) -> tuple[_Injector, list[str]]:
    """Run a scenario with an interrupt at that place; returns what is wrong for good."""
    observed, recorder, backend = Observed(), Recorder(LIMIT), ImmediateBackend("faults", {})
    task_enqueued.connect(observed.on_enqueued)
    recorder.connect()
    task_finished.connect(observed.on_finished)
    try:
        injector = interrupted(lambda: SCENARIOS[name](backend), place)
        wrong = list(_faults(observed, backend, injector))
        for n in range(2 * LIMIT):
            backend.enqueue(returns, (n,), {})
        # Looks at what finished unnoticed; the history does so by itself once that is many.
        recorder._store.sweep()
        wrong += _faults_of_history(recorder)
    finally:
        task_enqueued.disconnect(observed.on_enqueued)
        recorder.disconnect()
        task_finished.disconnect(observed.on_finished)
    return injector, [f"{what} ({injector.where})" for what in wrong]


def _faults(observed: Observed, backend: ImmediateBackend, injector: _Injector) -> Any:
    for result in observed.results:
        if not result.is_finished or result.finished_at is None:
            yield f"the result is {result.status}"
        if result.status == "FAILED" and len(result.errors) != 1:
            yield f"{len(result.errors)} errors"
        # An interrupt within the first instructions of a receiver is that receiver's own.
        if observed.finished[result.id] != 1 and "recorder" not in injector.where:
            yield f"task_finished was sent {observed.finished[result.id]} times"
    if backend._executions:
        yield "an execution is left"
    if finishing._sending:
        finishing._sending.clear()
        yield "a result is still finishing"
    if running_result.get() is not None:
        running_result.set(None)
        yield "a result is still running"


def _faults_of_history(recorder: Recorder) -> Any:
    store = recorder._store
    # One that was counted twice leaves room for one less until it is dropped.
    if len(recorder) not in {LIMIT, LIMIT - 1}:
        yield f"the history holds {len(recorder)}"
    if store._open:
        yield "an entry is open for good"
    if set(store.by_id.values()) != set(store.by_key.values()):
        yield "the indexes differ"
    if len(store._finished) != LIMIT:
        yield f"{len(store._finished)} are counted as finished"


def places(name: str) -> int:
    """How many places a scenario has."""
    injector, wrong = check(name, None)
    assert wrong == []
    return injector.count


def main() -> None:
    """Interrupt every scenario at every place, or at every n-th."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    total = failed = 0
    for name in SCENARIOS:
        if options.only not in name:
            continue
        count = places(name)
        wrong = collections.Counter(
            line for place in range(1, count + 1, options.stride) for line in check(name, place)[1]
        )
        total += len(range(1, count + 1, options.stride))
        failed += sum(wrong.values())
        print(f"{count:6} places, {sum(wrong.values()):4} wrong: {name}", flush=True)
        for line, times in wrong.items():
            print(f"         {times:4}  {line}", flush=True)
    print(f"{total} interrupts, {failed} wrong")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
