"""Interrupts that Python swallows are delivered where the code goes on."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
import weakref

import pytest

from immediate_tasks_ipy.ipython.execution.interrupts import guarded, guarded_sync
from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code

#: The user's code, in a file that is not this package's: all but an instant of it in finalizers.
BODIES = """
import signal, weakref
def interrupt(_):
    signal.raise_signal(signal.SIGINT)
    while True:
        pass
class Finalized:
    def __del__(self):
        interrupt(None)
def finalizer():
    Finalized()
    went_on.append(True)
class Thing:
    pass
def callback():
    thing = Thing()
    reference = weakref.ref(thing, interrupt)
    del thing
    went_on.append(True)
"""


@pytest.mark.parametrize("name", ["finalizer", "callback"])
def test_an_interrupt_that_is_swallowed_ends_the_code_at_its_next_instruction(name):
    namespace = {"went_on": [], "weakref": weakref}
    exec(compile(BODIES, "<cell>", "exec"), namespace)
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook, sys.gettrace()

    @calls_user_code
    def call():
        namespace[name]()

    with pytest.raises(KeyboardInterrupt):
        guarded_sync(call)

    assert namespace["went_on"] == []
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook, sys.gettrace()) == before


#: A gather whose second task blocks the loop when the signal comes.
GATHER = """
import asyncio, signal, time
tasks = []
async def idle():
    tasks.append(asyncio.current_task())
    await asyncio.sleep(600)
async def blocked():
    tasks.append(asyncio.current_task())
    await asyncio.sleep(0)
    signal.raise_signal(signal.SIGINT)
    time.sleep(600)
async def both(_=None):
    await asyncio.gather(idle(), blocked())
"""


async def test_all_tasks_of_a_gather_end_where_one_of_them_was_interrupted():
    tasks = []

    async def restless(*, is_interrupted):
        tasks.append(asyncio.current_task())
        await asyncio.sleep(0)
        if is_interrupted:
            signal.raise_signal(signal.SIGINT)
        while True:
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(restless(is_interrupted=True), restless(is_interrupted=False))

    # In an asyncio task that is no cell's, in place of KeyboardInterrupt.
    with pytest.raises(asyncio.CancelledError):
        await guarded(both)
    assert [task.cancelled() for task in tasks] == [True, True]


@pytest.mark.parametrize("line", ["both()", "--each [1] both"])
async def test_all_tasks_of_a_gather_end_where_one_of_them_blocks_the_loop(notebook, line):
    await notebook.arun(GATHER)

    ran = await notebook.arun(f"%enqueue {line}")

    assert type(ran.error) is KeyboardInterrupt
    assert [task.cancelled() for task in notebook["tasks"]] == [True, True]


#: A task that waits as gevent does: in a greenlet of its own, which has another stack and context.
GREENLET = """
import signal
from greenlet import greenlet
def waits():
    signal.raise_signal(signal.SIGINT)
    while True:
        pass
def function(_=None):
    greenlet(waits).switch()
"""


@pytest.mark.parametrize("line", ["function()", "--each [1] function"])
async def test_an_interrupt_ends_a_task_that_waits_for_a_greenlet(notebook, line):
    pytest.importorskip("greenlet")
    await notebook.arun(GREENLET)

    ran = await notebook.arun(f"%enqueue {line}")

    assert type(ran.error) is KeyboardInterrupt
    assert ("CANCELLED" if line == "function()" else "INTERRUPTED") in ran.text


@pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="This platform has no threads' signals."
)
def test_a_signal_that_wakes_no_waiting_loop_is_noticed():
    """As one that another thread receives, or that comes right before the loop waits."""
    waits = threading.Event()

    def receive():
        waits.wait()
        time.sleep(0.05)  # in all likelihood, the loop waits by then
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    async def body():
        waits.set()
        await asyncio.get_running_loop().create_future()

    async def main():
        # Outside of a cell, where a KeyboardInterrupt would end the loop.
        with pytest.raises(asyncio.CancelledError):
            await guarded(body)

    receiver = threading.Thread(target=receive)
    receiver.start()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        receiver.join()
        loop.close()
