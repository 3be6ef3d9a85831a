"""While a synchronous statement is executed, Django and asgiref see no running loop.

A kernel executes cells on a running event loop, and Django refuses the ORM in a thread that has
one. A statement without `await` is synchronous code whatever runs around it. That is so for
Django and asgiref alone: `asyncio.create_task` works there, and a coroutine that a nested loop
runs in between is asynchronous code as ever. Neither the unsafe flag nor asyncio's own running
loop is touched: with the flag, every asyncio task would get a connection of its own.

This module alone knows by which names Django and asgiref ask; a test pins them.
"""

from __future__ import annotations

import asyncio
import os
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asgiref.local
import asgiref.sync
import django.utils.asyncio

#: The loop and the asyncio task that synchronous code of this thread is executed in.
_here = threading.local()


def get_running_loop() -> asyncio.AbstractEventLoop:
    """As asyncio's; raises RuntimeError also where `synchronous_code` is executed."""
    loop = asyncio.get_running_loop()
    hidden = getattr(_here, "hidden", None)
    if hidden is not None and hidden[0] is loop and hidden[1] is asyncio.current_task(loop):
        msg = "no running event loop"
        raise RuntimeError(msg)
    return loop


def has_running_loop() -> bool:
    """Whether Django has to leave this thread to be used: a loop runs that is not hidden.

    Never where the user has allowed it all with DJANGO_ALLOW_ASYNC_UNSAFE: a task on another
    connection would miss what its caller has not committed.
    """
    if os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"):
        return False
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def synchronous_code() -> Iterator[None]:
    """Django may be used below, in this thread and in this asyncio task."""
    before = getattr(_here, "hidden", None)
    loop = asyncio._get_running_loop()
    try:
        if loop is not None:
            _here.hidden = (loop, asyncio.current_task(loop))
        yield
    finally:
        _here.hidden = before


class _Asyncio(types.ModuleType):
    """The module asyncio, as asgiref sees it."""

    get_running_loop = staticmethod(get_running_loop)

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


_seen_by_asgiref = _Asyncio("asyncio")
#: The modules of asgiref that ask theirs.
_ASKING: tuple[Any, ...] = (asgiref.local, asgiref.sync)


def hide_loops() -> None:
    """Have Django and asgiref ask `get_running_loop` of this module. Idempotent."""
    django.utils.asyncio.get_running_loop = get_running_loop
    for module in _ASKING:
        module.asyncio = _seen_by_asgiref


def show_loops() -> None:
    """Have them ask asyncio again."""
    django.utils.asyncio.get_running_loop = asyncio.get_running_loop
    for module in _ASKING:
        module.asyncio = asyncio
