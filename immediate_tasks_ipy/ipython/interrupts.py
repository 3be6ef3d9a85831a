"""Interrupts that stop an awaited cell at once.

ipykernel and IPython notice SIGINT in an awaited cell late or never: an idle
loop does not wake for it, a blocking body swallows it. So the body runs as an
asyncio task of its own, with a SIGINT handler for its duration.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def guarded(body: Callable[[], Awaitable[T]], stop: Callable[[], object]) -> T:
    """Await `body()` so that SIGINT ends it at once.

    A body that blocks gets a KeyboardInterrupt, one that awaits a cancellation;
    `stop` is called on the loop before that, to end whatever the body waits
    for. A body that survives its cancellation is left to itself by the next
    SIGINT. Raises KeyboardInterrupt when there was an interrupt. The
    previous handler is back in place when this returns. Off the main thread, where no signal
    arrives, it only awaits.
    """
    __tracebackhide__ = True
    if threading.current_thread() is not threading.main_thread():
        return await body()
    from .batch import in_item_of

    loop = asyncio.get_running_loop()
    interrupted = False

    async def outcome() -> tuple[BaseException | None, Any]:
        # The exception is returned: a KeyboardInterrupt that escapes an asyncio task ends the loop.
        try:
            return None, await body()
        except BaseException as error:
            return error, None

    task = loop.create_task(outcome())
    left: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        try:
            stop()
        finally:
            # After whatever `stop` has scheduled.
            loop.call_soon(task.cancel)

    def on_sigint(_signum: int, _frame: Any) -> None:
        nonlocal interrupted
        again, interrupted = interrupted, True
        if asyncio.current_task(loop) is task or in_item_of(task):
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(partial(_settle, left) if again else end)

    previous = signal.signal(signal.SIGINT, on_sigint)
    try:
        error, value = await _outcome(task, left)
    except asyncio.CancelledError as cancelled:
        # From outside, before the task's first step, or left to itself.
        task.cancel()
        error, value = cancelled, None
    finally:
        signal.signal(
            signal.SIGINT, previous if previous is not None else signal.default_int_handler
        )
    if interrupted and (error is None or isinstance(error, asyncio.CancelledError)):
        raise KeyboardInterrupt from None
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return]


async def _outcome(task: asyncio.Task[T], left: asyncio.Future[None]) -> T:
    """What a task comes to; CancelledError once `left` is done and the task is not."""
    try:
        awaited: list[asyncio.Future[Any]] = [task, left]
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        # As if the task itself were awaited.
        task.cancel()
        return await task
    if left.done() and not task.done():
        raise asyncio.CancelledError
    return await task


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
