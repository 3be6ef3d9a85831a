"""Which thread a synchronous piece of Django runs in, when a loop runs in the caller's own.

Django's ORM refuses to work in a thread with a running event loop, and in a
notebook every cell has one. asgiref knows a *thread-sensitive* thread for such
work, one for all of it, so that connections and transactions are shared. Code
goes there; where that thread is taken by the very code that waits for us, it
goes to a thread of its own.

This module alone knows how asgiref keeps its threads.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import asgiref.sync
from asgiref.sync import AsyncToSync, SyncToAsync, ThreadSensitiveContext
from django.db import connections

T = TypeVar("T")

#: A blocked main thread sees KeyboardInterrupt between slices of this many seconds.
SLICE = 0.1
#: Seconds that a call waits for the thread-sensitive thread before it gets one of its own.
PATIENCE = 1.0

#: The thread-sensitive executor that the code of this context occupies.
_occupied: contextvars.ContextVar[Executor | None] = contextvars.ContextVar(
    "immediate_tasks_ipy.occupied", default=None
)
# asgiref's own way to carry its locals (the active language, time zone) to another thread.
_carry_locals: Callable[[contextvars.Context], None] | None = getattr(
    asgiref.sync, "_restore_context", None
)


def run_beside_loop(call: Callable[[], T]) -> T:
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


async def arun_beside_loop(call: Callable[[], T]) -> T:
    """Run `call` in the thread-sensitive thread, and await its end on the running loop."""
    return await asyncio.wrap_future(_submit(call))


def run_in_own_thread(call: Callable[[], T]) -> Future[T]:
    """Start `call` in a new daemon thread, with its own database connections, closed at its end."""
    future: Future[T] = Future()
    context = contextvars.copy_context()

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


def _submit(call: Callable[[], T]) -> Future[T]:
    executor = _executor()
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
