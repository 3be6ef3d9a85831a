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
from typing import Any, TypeVar

from .batch import in_item_of

T = TypeVar("T")


async def guarded(body: Callable[[], Awaitable[T]], stop: Callable[[], object]) -> T:
    """Await `body()` so that SIGINT ends it at once.

    A body that blocks gets a KeyboardInterrupt, one that awaits a cancellation;
    `stop` is called on the loop before that, to end whatever the body waits
    for. Raises KeyboardInterrupt when there was an interrupt. The
    previous handler is back in place when this returns. Off the main thread, where no signal
    arrives, it only awaits.
    """
    __tracebackhide__ = True
    if threading.current_thread() is not threading.main_thread():
        return await body()
    loop = asyncio.get_running_loop()
    interrupted = False

    async def outcome() -> tuple[BaseException | None, Any]:
        # The exception is returned: a KeyboardInterrupt that escapes an asyncio task ends the loop.
        try:
            return None, await body()
        except BaseException as error:
            return error, None

    task = loop.create_task(outcome())

    def end() -> None:
        try:
            stop()
        finally:
            # After whatever `stop` has scheduled.
            loop.call_soon(task.cancel)

    def on_sigint(_signum: int, _frame: Any) -> None:
        nonlocal interrupted
        interrupted = True
        if asyncio.current_task(loop) is task or in_item_of(task):
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(end)

    previous = signal.signal(signal.SIGINT, on_sigint)
    try:
        error, value = await task
    except asyncio.CancelledError as cancelled:
        # From outside, or before the task's first step.
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
