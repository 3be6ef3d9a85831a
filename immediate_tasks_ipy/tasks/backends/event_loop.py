"""Event loops on threads of their own: one for background tasks, one for this package's service.

Where no thread can be started (`sync.HAS_THREADS`), both are the loop that is running.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks import sync

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy")

#: Seconds that are never over: ten years. A longer delay, infinity too, is cut to it.
_FAR = 10 * 365 * 86_400.0


class EventLoopThread:
    """An event loop that a daemon thread runs, started when it is first used.

    Thread-safe. After a fork the child starts a loop of its own.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        _instances.add(self)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop; the caller's own where no thread can be started.

        Raises RuntimeError if there is neither.
        """
        if not sync.HAS_THREADS:
            return asyncio.get_running_loop()
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                loop = asyncio.new_event_loop()
                try:
                    # A plain thread: `start_thread` would keep the caller's context alive in it.
                    threading.Thread(target=_run, args=(loop,), name=self.name, daemon=True).start()
                except BaseException as error:
                    loop.close()
                    running = asyncio._get_running_loop()
                    if running is None or not isinstance(error, RuntimeError):
                        raise
                    return running  # too many threads by now; the next call tries again
                self._loop = loop
            return self._loop

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this loop."""
        running = asyncio._get_running_loop()
        return running is not None and (running is self._loop or not sync.HAS_THREADS)

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call back on the loop. What the callback raises is logged."""
        self.loop.call_soon_threadsafe(_call, callback, args)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Timer:
        """Call back on the loop after `delay` seconds; returns the timer, to cancel that.

        What the callback raises is logged.
        """
        timer = Timer(self.loop, callback, args)
        self.loop.call_soon_threadsafe(timer.start, delay)
        return timer

    def flush(self, timeout: float) -> bool:
        """Block until all that is due has been called; False if that took over `timeout` seconds.

        Returns at once on the loop itself, and where nothing was ever scheduled.
        """
        if self._loop is None or self.is_current:
            return True
        reached = threading.Event()
        # A timer that was just started by the first round is called in the second one.
        self.call_soon(self.call_soon, self.call_soon, reached.set)
        return reached.wait(timeout)

    def _forget(self) -> None:
        """Start over, in a forked child: it has neither the thread nor the lock's owner."""
        self._lock = threading.Lock()
        if self._loop is not None:
            # Kept for good: to close it here would take its sockets from the parent's loop.
            _inherited.append(self._loop)
            self._loop = None


class Timer:
    """A call that is due later; `cancel` may come from any thread, also when it is too late."""

    __slots__ = ("_args", "_callback", "_handle", "_loop", "cancelled")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        callback: Callable[..., object],
        args: tuple[Any, ...],
    ) -> None:
        self._loop = loop
        self._callback = callback
        self._args = args
        self._handle: asyncio.TimerHandle | None = None
        self.cancelled = False

    def start(self, delay: float) -> None:
        """Schedule the call, `delay` seconds from now. Called by the loop."""
        self._handle = self._loop.call_later(min(_FAR, delay), self._fire)
        if self.cancelled:
            self._handle.cancel()

    def cancel(self) -> None:
        """Take the call back. Thread-safe."""
        self.cancelled = True
        if self._handle is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._handle.cancel)

    def _fire(self) -> None:
        if not self.cancelled:
            _call(self._callback, self._args)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for good: nothing that runs on it can end it for all the rest."""
    while not loop.is_closed():
        try:
            loop.run_forever()
        except BaseException:
            logger.exception("An event loop of this package goes on after an error.")


def _call(callback: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        callback(*args)
    except BaseException:
        logger.exception("%r failed.", callback)


def _after_fork() -> None:
    for instance in _instances:
        instance._forget()


_instances: weakref.WeakSet[EventLoopThread] = weakref.WeakSet()
_inherited: list[asyncio.AbstractEventLoop] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def run_without_suspending(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that awaits nothing which would suspend it.

    Lets one text serve where a loop runs and where none does. Raises
    RuntimeError if it suspends all the same.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    coroutine.close()
    msg = f"{coroutine!r} waits for something, and no event loop is running here."
    raise RuntimeError(msg)


#: Where background tasks run, if their caller has no loop.
background_loop = EventLoopThread("immediate-tasks-background")
#: Cards, deadlines, polling and the panel's feed: short callbacks that never block.
service_loop = EventLoopThread("immediate-tasks-service")
