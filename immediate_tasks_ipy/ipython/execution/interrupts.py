"""Interrupts that end a task, always, and never anything else.

ipykernel and IPython notice SIGINT in an awaited cell late or never, and Python loses what a
signal handler raises in a finalizer. So a SIGINT is *recorded*, and delivered once, to the code
that it is meant for:

1. In the body's own code KeyboardInterrupt is raised on the spot. "Own code" is read off the
   stack (`interrupt_place`): the interrupted frame stands above a function that calls the user's
   code, and above the guard, which keeps every exception from asyncio; it is not in asyncio, in a
   weak reference's callback or in a `__del__`.
2. In another asyncio task that the body has started, and that blocks the loop for 100 ms,
   CancelledError is raised, once a task, so that the loop goes on: a KeyboardInterrupt that escapes
   an asyncio task stops the kernel's loop. Before that the loop cancels the body, which ends all
   tasks of a `gather`: what one of them raises would leave the others running. A coroutine marked
   `contains_interrupts` gets the KeyboardInterrupt.
3. Anywhere else nothing is raised: the loop cancels the body, and until it does, a helper thread
   repeats the signal every 10 ms. After 100 ms even this package's own code is interrupted: it
   may be waiting for a user's iterator or signal receiver.
4. What Python swallows (`sys.unraisablehook` reports it) is delivered again: in the body's own
   code at its next instruction, elsewhere as in 3.
5. Signals within 0.5 s are one. The next is delivered again, and leaves a body that has survived
   its cancellation to itself.

Limits: a C call that never looks for signals ends first, as in a plain cell. A signal that comes
when the guard has left is the kernel's. A callback of `call_later`, or another cell's background
task, that blocks the loop is not interrupted. Without `signal.pthread_kill` (Windows) a repeated
signal wakes no blocking call.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .interrupt_guard import Guard, LoopGuard, Outcome
from .interrupt_place import contains_keyboard_interrupt
from .sigint import sigint

T = TypeVar("T")


def guarded_sync(body: Callable[[], T]) -> T:
    """Call `body()`; SIGINT ends it with one KeyboardInterrupt, which is raised here.

    The previous handler is back in place when this returns. Off the main thread, where no
    signal arrives, it only calls.
    """
    __tracebackhide__ = True
    if threading.current_thread() is not threading.main_thread():
        return body()
    guard = Guard()
    value: Any
    try:
        sigint.enter(guard)
        error, value = guard.run(body)
    finally:
        sigint.leave(guard)
    if error is not None:
        raise error
    if guard.interrupted_at:
        raise KeyboardInterrupt
    return value  # type: ignore[no-any-return]


async def guarded(body: Callable[[], Awaitable[T]], stop: Callable[[], object] = lambda: None) -> T:
    """Await `body()`; SIGINT ends it with one KeyboardInterrupt, which is raised here.

    In an asyncio task other than the cell's, CancelledError is raised instead. `stop` is called
    on the loop before the body is cancelled, to end what it waits for. The previous handler is
    back in place when this returns. Off the main thread, where no signal arrives, it only awaits.
    """
    __tracebackhide__ = True
    if threading.current_thread() is not threading.main_thread():
        return await body()
    guard = LoopGuard(stop)
    value: Any
    try:
        sigint.enter(guard)
        error, value = await _outcome(guard, guard.start(body))
    except asyncio.CancelledError as cancelled:
        # From outside, before the task's first step, or left to itself.
        error, value = cancelled, None
    finally:
        sigint.leave(guard)
        guard.close()
    ended = guard.interrupted_at and (error is None or isinstance(error, asyncio.CancelledError))
    interrupted = ended or isinstance(error, KeyboardInterrupt)
    if interrupted and not contains_keyboard_interrupt(sys._getframe()):
        raise asyncio.CancelledError from None
    if ended:
        raise KeyboardInterrupt from None
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return]


async def _outcome(guard: LoopGuard, task: Outcome) -> tuple[BaseException | None, Any]:
    """What the body comes to; CancelledError if it is abandoned, or was never begun."""
    awaited: list[asyncio.Future[Any]] = [task, guard.abandoned]
    try:
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        # As if the task itself were awaited.
        if guard.outermost.interrupted_at:
            guard.stop()
        task.cancel()
        return await task
    if guard.abandoned.done() and not task.done():
        task.cancel()
        raise asyncio.CancelledError
    return await task
