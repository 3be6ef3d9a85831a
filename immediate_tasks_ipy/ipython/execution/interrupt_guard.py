"""One piece of code that SIGINT is meant for, and how it is brought to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.faults.interrupts import contains_interrupts, current_guard

T = TypeVar("T")
#: An asyncio task that returns the exception or the value of what it awaits.
Outcome = asyncio.Task[tuple[BaseException | None, Any]]

#: Seconds within which several signals are one: a double click is no second interrupt.
DEBOUNCE = 0.5
#: Seconds for which a loop waits at most before it looks for a signal. One that comes right before
#: the wait, or to another thread, sets Python's flag and wakes nobody.
LOOK_INTERVAL = 0.1


class Guard:
    """The code that `run` calls, on the main thread.

    Guards nest, by the context variable that they are called in, and overlap, in asyncio tasks
    that run concurrently. A signal is for the outermost of each nest; those within end with it.
    """

    def __init__(self) -> None:
        parent = current_guard.get()
        self._parent = parent if isinstance(parent, Guard) else None
        self._is_pending = False
        #: Does it handle signals? Set while it is entered.
        self.is_active = False
        #: When the last signal came, as `time.monotonic` has it; 0 if none did.
        self.interrupted_at = 0.0
        #: The body's asyncio tasks that the pending interrupt has been raised in.
        self.reached: set[asyncio.Task[Any] | None] = set()

    @property
    def outermost(self) -> Guard:
        """The guard that is interrupted in this one's place."""
        parent = self._parent
        return self if parent is None or not parent.is_active else parent.outermost

    @property
    def is_pending(self) -> bool:
        """See InterruptGuard."""
        return self.outermost._is_pending

    def take(self) -> bool:
        """See InterruptGuard."""
        outermost = self.outermost
        was_pending, outermost._is_pending = outermost._is_pending, False
        return was_pending

    def record(self) -> None:
        """There was a signal; from now on an interrupt is pending."""
        now = time.monotonic()
        if self.interrupted_at and now - self.interrupted_at < DEBOUNCE:
            return
        self.interrupted_at = now
        self.put_back()
        self._schedule_end()

    def put_back(self) -> None:
        """What was raised has been swallowed, or there was a signal: it is to be delivered."""
        self._is_pending = True
        self.reached.clear()

    def _schedule_end(self) -> None:
        """Have the code ended where no exception can be raised in it."""

    @contains_interrupts
    def run(self, body: Callable[[], T]) -> tuple[BaseException | None, T | None]:
        """Call it; returns the exception or the value. Never raises."""
        token = current_guard.set(self)
        try:
            return None, body()
        except BaseException as error:
            return error, None
        finally:
            current_guard.reset(token)


class LoopGuard(Guard):
    """The code that `start` has awaited, in an asyncio task of its own.

    `stop` is called on the loop before the task is cancelled. A body that has survived its
    cancellation is left to itself by the next signal: `abandoned` is done then.
    """

    def __init__(self, stop: Callable[[], object]) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.stop = stop
        self.abandoned: asyncio.Future[None] = self.loop.create_future()
        self._task: Outcome | None = None
        self._is_cancelled = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, body: Callable[[], Awaitable[Any]]) -> Outcome:
        """Await the body; call it while signals are handled. Returns the asyncio task."""
        self._look()
        self._task = self.loop.create_task(self.arun(body))
        return self._task

    @contains_interrupts
    async def arun(self, body: Callable[[], Awaitable[Any]]) -> tuple[BaseException | None, Any]:
        """Await it; returns the exception or the value. Never raises."""
        current_guard.set(self)
        try:
            return None, await body()
        except BaseException as error:
            return error, None

    def _look(self) -> None:
        """Python calls the handler of a signal before this, wherever the signal was received."""
        self._timer = self.loop.call_later(LOOK_INTERVAL, self._look)

    def close(self) -> None:
        """The body has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _schedule_end(self) -> None:
        self.loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._is_pending:
            try:
                self.stop()
            finally:
                # At once: see `cancel_on_loop`.
                self._cancel()

    def _cancel(self) -> None:
        if not self._is_pending:
            return
        self._is_pending = False
        if not self._is_cancelled:
            self._is_cancelled = True
            if self._task is not None:
                self._task.cancel()
        elif not self.abandoned.done():
            self.abandoned.set_result(None)
