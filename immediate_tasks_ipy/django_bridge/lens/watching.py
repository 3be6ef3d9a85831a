"""What every connection and every mailer of the process lets watch, once a task asks for it."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any
from weakref import WeakSet

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from . import dry_run as dry_runs
from . import mailers
from .dry_run import check_statement, current_dry_run, on_connection
from .lens import current_lens
from .places import asked_by, awaited_at

_lock = threading.Lock()
#: The connections that are watched; None while nothing is.
_watched: WeakSet[BaseDatabaseWrapper] | None = None
_original_call: Callable[..., Any] = SyncToAsync.__call__


def install() -> None:
    """Watch every connection, of every thread: those to come, and those that are open.

    Idempotent, and cheap when repeated. A statement of no task costs two look-ups.
    """
    global _watched
    if _watched is not None:
        return
    with _lock:
        if _watched is not None:
            return
        _watched = WeakSet()
        connection_created.connect(_created, dispatch_uid=__name__, weak=False)
        for connection in connections.all(initialized_only=True):
            _watch_connection(connection)
        # No handler lists the connections of other threads.
        for found in gc.get_objects():
            if issubclass(type(found), BaseDatabaseWrapper):
                _watch_connection(found)
        SyncToAsync.__call__ = _call  # type: ignore[method-assign]
        mailers.install()


def uninstall() -> None:
    """Take all of it away again."""
    global _watched
    with _lock:
        watched, _watched = _watched, None
        if watched is None:
            return
        connection_created.disconnect(dispatch_uid=__name__)
        for connection in list(watched):
            wrappers = connection.execute_wrappers
            wrappers[:] = [wrapper for wrapper in wrappers if wrapper is not _watch]
        SyncToAsync.__call__ = _original_call  # type: ignore[method-assign]
        mailers.uninstall()


def _created(connection: BaseDatabaseWrapper, **_: Any) -> None:
    _watch_connection(connection)
    on_connection(connection)


def _watch_connection(connection: BaseDatabaseWrapper) -> None:
    if _watched is not None and _watch not in connection.execute_wrappers:
        # In front: code that adds one for a while removes the last one.
        connection.execute_wrappers.insert(0, _watch)
        _watched.add(connection)


def _watch(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute a statement, for the lens and the dry run of the task that asks."""
    lens = current_lens.get()
    dry_run = current_dry_run.get()
    if lens is None and dry_run is None:
        if dry_runs._running:
            check_statement(sql)
        return execute(sql, params, many, context)
    sql = str(sql)  # psycopg's `sql.Composed`, too
    if lens is not None:
        lens.check(sql)
        if dry_run is None and lens.confirm_write is not None:
            lens.check_write(sql, context["connection"])
    started, failed = perf_counter(), 1
    try:
        if dry_run is None:
            result = execute(sql, params, many, context)
        else:
            result = dry_run.execute(execute, sql, params, many, context)
        failed = 0
        return result
    finally:
        if lens is not None:
            took = perf_counter() - started
            rows = context["cursor"].rowcount
            lens.add(context["connection"].alias, sql, params, took, rows, failed)


async def _call(self: Any, *args: Any, **kwargs: Any) -> Any:
    """As `SyncToAsync.__call__`; notes who awaits what will run in another thread."""
    if current_lens.get() is not None:
        awaited_at.set(asked_by(sys._getframe(1))[0])
    return await _original_call(self, *args, **kwargs)
