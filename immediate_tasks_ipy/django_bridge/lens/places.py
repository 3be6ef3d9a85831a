"""Which line of the project a query comes from, and which relation it loads."""

from __future__ import annotations

import asyncio
import os
import sysconfig
from contextvars import ContextVar
from functools import cache
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync

#: File, line number, function.
Place = tuple[str, int, str]

#: Where the project's code awaits what asgiref runs in another thread.
awaited_at: ContextVar[Place | None] = ContextVar("immediate_tasks_ipy.awaited_at", default=None)

_PATHS = ("stdlib", "platstdlib", "purelib", "platlib")
_LIBRARIES = tuple({sysconfig.get_path(name) for name in _PATHS})
_PACKAGE = os.path.join("immediate_tasks_ipy", "")  # noqa: PTH118 - part of a path as text
# By the file's name: the hash of a code object takes in all its bytecode.
_is_users_file: dict[str, bool] = {}
#: Below these are the callers of the loop or the thread, not of the query.
_FOUNDATIONS = (asyncio.Handle._run.__code__, SyncToAsync.thread_handler.__code__)


def asked_by(frame: FrameType | None) -> tuple[Place | None, str | None]:
    """The innermost line of the project above a frame, and the relation it loads, if it does."""
    relation = None
    while frame is not None:
        code = frame.f_code
        if code is _FOUNDATIONS[0] or code is _FOUNDATIONS[1]:
            break
        if code.co_name == "__get__" and code.co_filename in _descriptor_files():
            relation = _relation(frame.f_locals["self"])
        elif _is_users(code):
            return (code.co_filename, frame.f_lineno, code.co_name), relation
        frame = frame.f_back
    return None, relation


@cache
def _descriptor_files() -> tuple[str, ...]:
    """Where Django's descriptors are that load something; nothing loads before models are there."""
    from django.db.models import query_utils
    from django.db.models.fields import related_descriptors

    return related_descriptors.__file__, query_utils.__file__


def waits_at(task: asyncio.Task[Any] | None) -> Place | None:
    """The innermost line of the project that an asyncio task waits at."""
    place = None
    inner: Any = None if task is None else task.get_coro()
    while (frame := getattr(inner, "cr_frame", None)) is not None:
        if _is_users(frame.f_code):
            place = (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        inner = inner.cr_await
    return place


def _relation(descriptor: Any) -> str:
    """`Order.customer`, of the descriptor that loads it."""
    of = getattr(descriptor, "field", None) or descriptor.related
    return f"{of.model.__name__}.{of.name}"


def _is_users(code: CodeType) -> bool:
    name = code.co_filename
    known = _is_users_file.get(name)
    if known is None:
        library = name.startswith((*_LIBRARIES, "<frozen", "<string")) or "-packages" in name
        known = _is_users_file[name] = not library and _PACKAGE not in name
    return known
