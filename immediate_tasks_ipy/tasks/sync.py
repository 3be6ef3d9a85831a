"""Async code called from sync code, and the reverse, each without blocking a running loop.

Like `asgiref.sync`, with two differences: `async_to_sync` also works in a thread
whose loop is running, and all threads are daemons of their own, so that none of
them waits for another, or holds the interpreter at exit.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Seconds between two looks for an interrupt while a thread waits.
_SLICE = 0.1
#: Seconds after which a thread that keeps a loop waiting says so.
_PATIENCE = 5.0
#: Seconds that an interrupted coroutine has for its clean-up.
_GRACE = 1.0


class Outcome:
    """What a call came to: a value or an exception, and an event when it is there."""

    __slots__ = ("done", "error", "value")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: Any = None
        self.error: BaseException | None = None

    def capture(self, function: Callable[[], Any]) -> None:
        """Call, keep what comes of it, and raise nothing."""
        try:
            self.value = function()
        except BaseException as error:
            self.error = error
        finally:
            self.done.set()

    def get(self) -> Any:
        """The value. Raises the exception, if there was one."""
        if self.error is None:
            return self.value
        try:
            raise self.error
        finally:
            self.error = None  # or the exception's own frames would keep it alive


def start_thread(function: Callable[[], object], name: str) -> threading.Thread:
    """Run a function in a new daemon thread, with the caller's context variables."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(function,), name=name, daemon=True)
    thread.start()
    return thread


def has_running_loop() -> bool:
    """Whether an event loop is running in this thread."""
    return asyncio._get_running_loop() is not None


def current_task() -> asyncio.Task[Any] | None:
    """The asyncio task that runs in this thread, if there is one."""
    loop = asyncio._get_running_loop()
    return None if loop is None else asyncio.current_task(loop)


def async_to_sync(function: Callable[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any) -> T:
    """The result of a coroutine function, on a loop of its own.

    The loop is run in this thread; if a loop runs here already, in a helper
    thread. An interrupt cancels the coroutine and is raised here.
    """
    if not has_running_loop():
        return _run(function, args, kwargs)
    loop: asyncio.AbstractEventLoop | None = None
    asyncio_task: asyncio.Task[Any] | None = None
    abandoned = False

    async def body() -> T:
        nonlocal loop, asyncio_task
        loop, asyncio_task = asyncio.get_running_loop(), asyncio.current_task()
        if abandoned:
            raise asyncio.CancelledError
        return await function(*args, **kwargs)

    outcome = Outcome()
    name = getattr(function, "__name__", "coroutine")
    try:
        start_thread(partial(outcome.capture, partial(_run, body, (), {})), f"async_to_sync {name}")
        _wait(outcome, name)
    except BaseException:
        abandoned = True
        if loop is not None and asyncio_task is not None and not outcome.done.is_set():
            with suppress(RuntimeError):  # it has just ended, and its loop is closed
                loop.call_soon_threadsafe(asyncio_task.cancel)
            outcome.done.wait(_GRACE)
        raise
    value: T = outcome.get()
    return value


def _run(function: Callable[..., Coroutine[Any, Any, T]], args: Any, kwargs: Any) -> T:
    # A loop factory keeps the Runner from touching the thread's current event loop.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(function(*args, **kwargs))


def _wait(outcome: Outcome, name: str) -> None:
    waited = 0.0
    while not outcome.done.wait(_SLICE):
        waited += _SLICE
        if _PATIENCE <= waited < _PATIENCE + _SLICE:
            logger.warning(
                "Still waiting for %r, which keeps this thread's event loop from running: "
                "use `await task.aenqueue()`.",
                name,
            )


async def sync_to_async(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """The result of a function, called in a new daemon thread with the caller's context.

    If this is cancelled, the function runs on, and what becomes of it is dropped.
    """
    outcome = await outcome_in_thread(partial(function, *args, **kwargs))
    value: T = outcome.get()
    return value


async def outcome_in_thread(function: Callable[[], Any]) -> Outcome:
    """As `sync_to_async`, for exceptions that no coroutine can raise: StopIteration."""
    loop = asyncio.get_running_loop()
    arrived = loop.create_future()
    outcome = Outcome()

    def call() -> None:
        outcome.capture(function)
        try:
            loop.call_soon_threadsafe(_arrive, arrived)
        except RuntimeError:  # the loop was closed meanwhile
            logger.debug("The event loop that waited for %r is closed.", function)

    start_thread(call, "sync_to_async")
    await arrived
    return outcome


def _arrive(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
