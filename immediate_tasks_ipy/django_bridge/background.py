"""Coroutines in the background, on the caller's loop or on one of a helper thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

_lock = threading.Lock()
_helper: asyncio.AbstractEventLoop | None = None
#: A loop keeps only weak references to its tasks.
_running: set[asyncio.Task[Any]] = set()


def run_on(
    loop: asyncio.AbstractEventLoop | None, function: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Start a coroutine function on that loop; None is a loop that all share. From any thread."""
    loop = loop or _helper_loop()
    start = partial(_start, loop, function, contextvars.copy_context())
    if asyncio._get_running_loop() is loop:
        start()
    else:
        loop.call_soon_threadsafe(start)


def _start(
    loop: asyncio.AbstractEventLoop,
    function: Callable[[], Coroutine[Any, Any, None]],
    context: contextvars.Context,
) -> None:
    task = loop.create_task(function(), context=context)
    _running.add(task)
    task.add_done_callback(_running.discard)


def _helper_loop() -> asyncio.AbstractEventLoop:
    global _helper
    with _lock:
        if _helper is None or _helper.is_closed():
            _helper = asyncio.new_event_loop()
            threading.Thread(
                target=_helper.run_forever, name="immediate-tasks-loop", daemon=True
            ).start()
        return _helper
