"""Async code called from sync code, and the reverse, each without blocking a running loop.

Like `asgiref.sync`, with two differences: `async_to_sync` also works in a thread
whose loop is running, and every call has a daemon thread of its own, so that none
waits for another, or holds the interpreter at exit. `HAS_THREADS` is the one
place that knows of platforms without threads.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from .faults.interrupts import calls_user_code
from .threads.worker_threads import worker_threads

T = TypeVar("T")

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Can this platform start threads? Pyodide can't.
HAS_THREADS = sys.platform != "emscripten"

#: Seconds between two looks for an interrupt while a thread waits.
_SLICE = 0.1
#: Seconds after which a thread that keeps a loop waiting says so.
_PATIENCE = 5.0
#: Seconds that an interrupted coroutine has for its clean-up.
_GRACE = 1.0


class Outcome:
    """The outcome of a call, a value or an exception, and an event for its arrival."""

    __slots__ = ("done", "error", "value")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: Any = None
        self.error: BaseException | None = None

    def capture(self, function: Callable[[], Any]) -> None:
        """Call the function and keep its outcome. Never raises."""
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


def start_thread(function: Callable[[], object], name: str) -> None:
    """Run a function in a daemon thread of its own, with the caller's context variables.

    On a platform without threads it runs on the running loop, once that is free. Raises
    RuntimeError where no thread can be started.
    """
    context = contextvars.copy_context()
    if HAS_THREADS:
        worker_threads.start(partial(context.run, function), name)
        return
    loop = asyncio._get_running_loop()
    if loop is None:
        raise RuntimeError(
            "Python can't start threads on this platform: make the function async, and await it."
        )
    loop.call_soon(function, context=context)


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
    thread. An interrupt cancels the coroutine and is raised here. Raises RuntimeError
    where no thread can be started.
    """
    if not has_running_loop():
        return _run(function, args, kwargs)
    if not HAS_THREADS:
        return _run_suspended(function, args, kwargs)
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
        error, value = runner.run(_contained(function, args, kwargs))
    if error is None:
        return value  # type: ignore[return-value]
    try:
        raise error
    finally:
        del error  # or the exception's own frames would keep it alive


async def _contained(
    function: Callable[..., Coroutine[Any, Any, T]], args: Any, kwargs: Any
) -> tuple[Exception | None, T | None]:
    """The exception or the value: an asyncio task never ends with one that refuses attributes."""
    try:
        return None, await function(*args, **kwargs)
    except Exception as error:
        return error, None


@calls_user_code
def _run_suspended(function: Callable[..., Coroutine[Any, Any, T]], args: Any, kwargs: Any) -> T:
    """Suspend this whole stack, while the browser's loop goes on (JSPI)."""
    try:
        ffi: Any = importlib.import_module("pyodide.ffi")  # a part of that platform
    except ImportError:
        ffi = None
    if ffi is None or not ffi.can_run_sync():
        raise RuntimeError(
            "This platform can't wait for async code in sync code: await it, for a task with "
            "`await task.aenqueue()`."
        )
    value: T = ffi.run_sync(function(*args, **kwargs))
    return value


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
    """The result of a function, called in a daemon thread with the caller's context.

    If this is cancelled, the function runs on, and its outcome is dropped.
    """
    outcome = await run_in_thread(partial(function, *args, **kwargs))
    value: T = outcome.get()
    return value


async def run_in_thread(function: Callable[[], Any]) -> Outcome:
    """As `sync_to_async`, for exceptions that no coroutine can raise: StopIteration."""
    outcome = Outcome()
    if not HAS_THREADS:
        contextvars.copy_context().run(outcome.capture, function)
        return outcome
    loop = asyncio.get_running_loop()
    arrived = loop.create_future()

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
