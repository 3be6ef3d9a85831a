"""The stop button ends a task at once, whatever it is doing, and leaves everything in order."""

from __future__ import annotations

import random

import pytest

from tests.support.interrupt_situations import LEFT, SETUP, SITUATIONS, press

#: What a task may be doing when the button is pressed; each prints `up` first.
BODIES = {
    "idle": "print('up', flush=True)\nawait asyncio.sleep(600)",
    "idle on a future": "print('up', flush=True)\nawait asyncio.get_running_loop().create_future()",
    "blocking in an async cell": "await asyncio.sleep(0)\nprint('up', flush=True)\ntime.sleep(600)",
    "busy in an async cell": "await asyncio.sleep(0)\nprint('up', flush=True)\nwhile True: pass",
    "sync": "print('up', flush=True)\ntime.sleep(600)",
    "sync function": "def f():\n    print('up', flush=True)\n    time.sleep(600)",
    "async function": "async def f():\n    print('up', flush=True)\n    await asyncio.sleep(600)",
    "a task group": (
        "async with asyncio.TaskGroup() as group:\n"
        "    group.create_task(asyncio.sleep(600))\n    print('up', flush=True)"
    ),
}

#: The previous SIGINT handler is back; no asyncio task is left but the kernel's own.
STATE = f"signal.getsignal(signal.SIGINT) is handler, {LEFT}"


#: Of the situations of the sweep, those in which an interrupt was lost most often.
SAMPLE = (
    "async: without rest",
    "async: blocked by a lock",
    "async: busy with finalizers",
    "async: with callbacks",
    "async: a gather that blocks",
    "async: a group without rest",
    "sync: with finalizers",
    "batch: async, endless",
    "batch: sync, waiting for an item",
    "batch: in threads, endless",
    "definitions that await",
    "an argument",
    "two lines at once, one blocked",
    "pressed twice",
)


@pytest.fixture(scope="module")
def prepared(loaded):
    loaded.run("import asyncio, signal, time, threading")
    loaded.run("async def of(): return asyncio.get_running_loop()\nloop = await of()")
    return loaded


def interrupted(kernel, code):
    """Run a cell, press the stop button once it has printed `up`; return its reply."""
    kernel.run("handler = signal.getsignal(signal.SIGINT)\ntasks = asyncio.all_tasks(loop)")
    reply = kernel.start(code)
    kernel.wait_for(lambda: "up" in reply.stream())
    kernel.interrupt()
    # Far less than the bodies' 600 s: a cell that is not stopped fails here.
    kernel.finish(reply)
    return reply


@pytest.mark.parametrize("what", list(BODIES))
def test_an_interrupt_ends_a_task(prepared, what):
    reply = interrupted(prepared, f"%%enqueue -o r\n{BODIES[what]}")

    assert not reply.ok
    assert reply.content["ename"] == "KeyboardInterrupt"
    assert "immediate_tasks_ipy/" not in reply.error
    assert "FAILED" in reply.html
    assert "KeyboardInterrupt" in reply.html
    assert "RUNNING</b>" not in reply.html
    assert len(reply.outputs) == 1
    latest = "__import__('immediate_tasks_ipy').history.results[-1]"
    assert prepared.value(f"str({latest}.status)") == "'FAILED'"
    path = f"{latest}.errors[-1].exception_class_path"
    assert prepared.value(path) == "'builtins.KeyboardInterrupt'"
    assert prepared.value(STATE) == "(True, [])"
    assert prepared.run("%%enqueue\nawait asyncio.sleep(0, 1)").ok


@pytest.mark.parametrize("kind", ["async", "sync", "threads"])
def test_an_interrupt_ends_a_batch(prepared, kind):
    prepared.run("import threading\nup = threading.Event()")
    rest = "await asyncio.sleep(600)" if kind == "async" else "time.sleep(600)"
    prefix = "async " if kind == "async" else ""
    prepared.run(
        f"{prefix}def item(n):\n    if n:\n        up.set()\n        {rest}\n    return n\n"
        "def tell():\n    up.wait()\n    out.write('up\\n'); out.flush()"
    )
    option = "--concurrency 2" if kind == "threads" else ""
    # The batch's own prints are moved to its tasks: another thread says that one is up.
    code = (
        "import sys\nout = sys.stdout\nthreading.Thread(target=tell, daemon=True).start()\n"
        f"r = %enqueue {option} --each range(3) item"
    )
    reply = interrupted(prepared, code)

    assert not reply.ok
    assert reply.content["ename"] == "KeyboardInterrupt"
    assert len(reply.outputs) == 1
    assert "RUNNING</b>" not in reply.html
    statuses = prepared.value(
        "[str(r.status) for r in __import__('immediate_tasks_ipy').history.results[-3:]]"
    )
    assert "RUNNING" not in statuses
    assert "FAILED" in statuses
    assert prepared.value(STATE) == "(True, [])"


def test_a_task_that_cleans_up_is_given_the_time(prepared):
    reply = interrupted(
        prepared,
        "%%enqueue\ntry:\n    print('up', flush=True)\n    await asyncio.sleep(600)\n"
        "finally:\n    await asyncio.sleep(0.01)\n    cleaned = True",
    )
    assert not reply.ok
    assert prepared.value("cleaned") == "True"


def test_a_task_on_the_synchronous_path_is_interrupted_too(prepared):
    reply = interrupted(
        prepared,
        "%%time\nget_ipython().run_cell_magic('enqueue', '', "
        "\"print('up', flush=True)\\nawait asyncio.sleep(600)\")",
    )
    assert not reply.ok
    assert prepared.value(STATE) == "(True, [])"


def test_waiting_is_interrupted_and_the_task_goes_on(prepared):
    prepared.run("gate = asyncio.Event()")
    prepared.run("%%enqueue --background -o r\nawait gate.wait()\n'opened'")

    reply = interrupted(prepared, "print('up', flush=True)\nx = %tasks wait -1")

    assert not reply.ok
    assert prepared.value("r.is_finished") == "False"
    prepared.run("gate.set()")
    assert prepared.run("%tasks wait -1").ok
    assert prepared.value("r.return_value") == "'opened'"


def test_a_rerun_is_interrupted(prepared):
    interrupted(prepared, f"%%enqueue\n{BODIES['idle']}")

    reply = interrupted(prepared, "%tasks rerun -1")

    assert not reply.ok
    assert "KeyboardInterrupt" in reply.html


def test_run_all_stops_at_an_interrupt(prepared):
    first = prepared.start(f"%%enqueue\n{BODIES['idle']}")
    second = prepared.start("went_on = True")
    prepared.wait_for(lambda: "up" in first.stream())
    prepared.interrupt()
    prepared.finish(first)
    prepared.wait_for(lambda: second.content)

    assert second.content["status"] == "aborted"
    assert prepared.value("'went_on' in globals()") == "False"


def test_an_interrupt_between_cells_harms_nothing(prepared):
    prepared.run("%%enqueue\nawait asyncio.sleep(0)")
    prepared.interrupt()

    assert prepared.run("%%enqueue\nawait asyncio.sleep(0, 5)").ok


@pytest.fixture(scope="module")
def situated(prepared):
    assert prepared.run(SETUP).ok
    return prepared


@pytest.mark.parametrize("name", SAMPLE)
def test_an_interrupt_at_a_random_moment_ends_the_cell(situated, name):
    wrong, _ = press(situated, SITUATIONS[name], random.uniform(0, 0.03))

    assert wrong == []
