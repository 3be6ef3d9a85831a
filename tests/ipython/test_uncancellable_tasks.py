"""The stop button against a task that survives its cancellation."""

from __future__ import annotations

import asyncio
import signal

from immediate_tasks_ipy.ipython.execution import interrupt_guard
from immediate_tasks_ipy.ipython.execution.interrupts import guarded
from immediate_tasks_ipy.tasks.faults.interrupts import contains_interrupts


def test_the_second_interrupt_leaves_a_body_that_survives_its_cancellation(monkeypatch):
    monkeypatch.setattr(interrupt_guard, "DEBOUNCE", 0)

    @contains_interrupts
    async def main():
        loop = asyncio.get_running_loop()
        released, ended = asyncio.Event(), asyncio.Event()
        survived = 0

        async def stubborn():
            nonlocal survived
            loop.call_soon(signal.raise_signal, signal.SIGINT)
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    survived += 1
                    if survived == 1:
                        loop.call_soon(signal.raise_signal, signal.SIGINT)
            ended.set()

        interrupted = False
        try:
            async with asyncio.timeout(20):
                await guarded(stubborn)
        except KeyboardInterrupt:
            interrupted = True
        released.set()
        await ended.wait()
        return interrupted, survived

    before = signal.getsignal(signal.SIGINT)

    interrupted, survived = asyncio.run(main())

    assert interrupted
    assert survived >= 1
    assert signal.getsignal(signal.SIGINT) is before
