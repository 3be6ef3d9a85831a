"""Which thread a synchronous piece of Django runs in, when a loop runs in the caller's own.

Django's ORM refuses to work in a thread with a running event loop, and in a
notebook every cell has one. asgiref knows a *thread-sensitive* thread for such
work, one for all of it, so that connections and transactions are shared. Code
goes there; where that thread is taken by the very code that waits for us, it
goes to a thread of its own. On a platform without threads it runs where it is.

This module alone knows how asgiref keeps its threads.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import asgiref.sync
from asgiref.sync import AsyncToSync, SyncToAsync, ThreadSensitiveContext
from django.db import connections

from immediate_tasks_ipy.tasks import sync

from .synchronous import InPlaceExecutor, has_database_in_memory, work_in_this_thread

T = TypeVar("T")

#: A blocked main thread sees KeyboardInterrupt between slices of this many seconds.
SLICE = 0.1
#: Seconds that a call waits for the thread-sensitive thread before it gets one of its own.
PATIENCE = 1.0
#: Seconds between two looks at a condition that is waited for.
_INTERVAL = 0.01

#: Where receivers of a signal are called, other than on the running loop itself.
THREAD, LOOP = "in the thread-sensitive thread", "on the loop, awaited"
#: The modules whose receivers neither block nor use the ORM.
_LIGHT = {"django.tasks.signals", "django_tasks.signals", f"{__package__}.signals"}

#: The thread-sensitive executor that the code of this context occupies.
_occupied: contextvars.ContextVar[Executor | None] = contextvars.ContextVar(
    "immediate_tasks_ipy.occupied", default=None
)
# asgiref's own way to carry its locals (the active language, time zone) to another thread.
_carry_locals: Callable[[contextvars.Context], None] | None = getattr(
    asgiref.sync, "_restore_context", None
)

if not sync.HAS_THREADS:
    work_in_this_thread()


def run_thread_sensitive(call: Callable[[], T]) -> T:
    """Run `call` in the thread-sensitive thread, and block until it is done.

    For a thread with a running loop. Raises what `call` raises; a
    KeyboardInterrupt of this thread gets through while `call` runs on.
    """
    future = _submit(call)
    patience = PATIENCE
    while True:
        try:
            return future.result(SLICE)
        except TimeoutError:
            if future.done():
                return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise
        patience -= SLICE
        if patience <= 0 < patience + SLICE and future.cancel():
            # Whoever holds the thread may be waiting for the loop that we block.
            future = run_in_own_thread(call)


async def arun_thread_sensitive(call: Callable[[], T]) -> T:
    """Run `call` in the thread-sensitive thread, and await its end on the running loop."""
    return await asyncio.wrap_future(_submit(call))


def run_in_own_thread(call: Callable[[], T]) -> Future[T]:
    """Start `call` in a new daemon thread, with its own database connections, closed at its end.

    Where there are no threads it is done when this returns, on this thread's connections.
    """
    context = contextvars.copy_context()
    if not sync.HAS_THREADS:
        return InPlaceExecutor().submit(context.run, call)
    future: Future[T] = Future()

    def body() -> None:
        future.set_running_or_notify_cancel()
        try:
            value = context.run(_with_own_connections, call)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=body, name="immediate-task", daemon=True).start()
    return future


def wait_for(seconds: float, condition: Callable[[], bool]) -> None:
    """Block until the condition holds, at most that long."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(_INTERVAL)


@contextmanager
def thread_sensitive_work() -> Iterator[None]:
    """Let the awaited code below use `sync_to_async` and the async ORM wherever it is.

    Where the thread-sensitive thread is taken by a caller further up, that
    code gets one of its own; asgiref would deadlock or refuse.
    """
    if not _thread_is_taken():
        yield
        return
    with _own_sensitive_thread():
        yield


@contextmanager
def connections_of_its_own() -> Iterator[None]:
    """Let the awaited code below have connections that nothing else uses meanwhile.

    Below a synchronous caller, which waits, they are the caller's, and a database in memory has
    one alone.
    """
    is_below = getattr(AsyncToSync.executors, "current", None) is not None
    if is_below or not sync.HAS_THREADS or has_database_in_memory():
        yield
        return
    with _own_sensitive_thread():
        yield


def receiver_places(sender: Any, *signals: Any) -> set[str]:
    """Where the receivers of these signals have to be called; empty if they may be on the loop.

    Sync ones may use the ORM, and need a thread; those of the framework,
    which log, and of the bridge do not.
    """
    places = set()
    for signal in signals:
        sync_receivers, async_receivers = signal._live_receivers(sender)
        if async_receivers:
            places.add(LOOP)
        if any(getattr(one, "__module__", "") not in _LIGHT for one in sync_receivers):
            places.add(THREAD)
    return places


def _submit(call: Callable[[], T]) -> Future[T]:
    executor = _executor() if sync.HAS_THREADS else None
    if executor is None:
        return run_in_own_thread(call)
    context = contextvars.copy_context()
    try:
        return executor.submit(context.run, _in_sensitive_thread, executor, call)
    except RuntimeError:
        # It is this very thread, or asgiref has given it up.
        return run_in_own_thread(call)


def _executor() -> Executor | None:
    """Where `sync_to_async` would run thread-sensitive code; None if that would deadlock."""
    parent: Executor | None = getattr(AsyncToSync.executors, "current", None)
    if parent is not None:
        return parent
    if _thread_is_taken():
        return None
    scope = SyncToAsync.thread_sensitive_context.get(None)
    if scope is not None:
        executor = SyncToAsync.context_to_thread_executor.get(scope)
        if executor is None:
            executor = ThreadPoolExecutor(max_workers=1)
            SyncToAsync.context_to_thread_executor[scope] = executor
        return executor
    return AsyncToSync.loop_thread_executors.get(
        asyncio.get_running_loop(), SyncToAsync.single_thread_executor
    )


def _thread_is_taken() -> bool:
    if not sync.HAS_THREADS:
        return False
    if getattr(AsyncToSync.executors, "current", None) is not None:
        return False
    scope = SyncToAsync.thread_sensitive_context.get(None)
    if scope is not None:
        executor = SyncToAsync.context_to_thread_executor.get(scope)
        return executor is not None and executor is _occupied.get()
    return SyncToAsync.deadlock_context.get(False) or (
        _occupied.get() is SyncToAsync.single_thread_executor
    )


def _in_sensitive_thread(executor: Executor, call: Callable[[], T]) -> T:
    _carry()
    _occupied.set(executor)
    if executor is SyncToAsync.single_thread_executor:
        SyncToAsync.deadlock_context.set(True)
    with _no_loop_to_return_to():
        return call()


@contextmanager
def _no_loop_to_return_to() -> Iterator[None]:
    """Keep `async_to_sync` off the loop that this thread remembers: it may be blocked by us."""
    local = SyncToAsync.threadlocal
    loop = getattr(local, "main_event_loop", None)
    local.main_event_loop = None
    try:
        yield
    finally:
        local.main_event_loop = loop


def _with_own_connections(call: Callable[[], T]) -> T:
    _carry()
    try:
        with _own_sensitive_thread():
            return call()
    finally:
        connections.close_all()


@contextmanager
def _own_sensitive_thread() -> Iterator[None]:
    parent = getattr(AsyncToSync.executors, "current", None)
    if parent is not None:
        AsyncToSync.executors.current = None
    scope = ThreadSensitiveContext()
    fresh: dict[contextvars.ContextVar[Any], Any] = {
        SyncToAsync.thread_sensitive_context: scope,
        SyncToAsync.deadlock_context: False,
        _occupied: None,
    }
    tokens = [(variable, variable.set(value)) for variable, value in fresh.items()]
    try:
        yield
    finally:
        executor = SyncToAsync.context_to_thread_executor.pop(scope, None)
        if executor is not None:
            executor.submit(connections.close_all)
            executor.shutdown(wait=False)
        for variable, token in tokens:
            variable.reset(token)
        if parent is not None:
            AsyncToSync.executors.current = parent


def _carry() -> None:
    if _carry_locals is not None:
        _carry_locals(contextvars.copy_context())
