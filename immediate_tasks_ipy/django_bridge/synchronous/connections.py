"""Database connections that outlive a cell: replaced when the server has closed them."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connections

from .hidden_loop import synchronous_code

#: Seconds after which a connection that was not used is asked whether it is still open.
RESTED = 30.0

_last_use = time.monotonic()
#: How often a connection was found closed, and by thread what was known of it at its last look:
#: a server that restarts closes those of all threads.
_closed = 0
_known = threading.local()


def revive(*, rested: bool = False) -> None:
    """Close the connections of this thread that the server has closed: the next use opens one.

    Only those are asked that a statement has failed on since, all of them if they have `rested`,
    or if another thread has found one closed. One with an open transaction is left alone.
    """
    global _closed
    rested = rested or getattr(_known, "closed", 0) != _closed
    # Not `close_old_connections`: with CONN_MAX_AGE = 0 it closes every one, and after
    # `set_autocommit(False)` rolls back what another cell began.
    for connection in connections.all(initialized_only=True):
        if not (rested or connection.errors_occurred):
            continue
        if connection.connection is None or connection.in_atomic_block:
            continue
        if connection.get_autocommit() != connection.settings_dict["AUTOCOMMIT"]:
            continue
        if not connection.is_usable():
            connection.close()
            _closed += 1
        connection.errors_occurred = False
    _known.closed = _closed


def revive_everywhere() -> None:
    """`revive` in this thread and in asgiref's, before a cell; the latter is not waited for."""
    global _last_use
    if not settings.configured:
        return
    now = time.monotonic()
    rested, _last_use = now - _last_use > RESTED, now
    with synchronous_code():
        revive(rested=rested)
    with suppress(RuntimeError):  # it has been shut down
        SyncToAsync.single_thread_executor.submit(revive, rested=rested)


def has_database_in_memory() -> bool:
    """Whether a database of the project exists once per connection: SQLite's `:memory:`."""
    return any(_is_in_memory(alias) for alias in connections.settings)


def share_in_memory_databases() -> None:
    """Give asgiref's thread this thread's connections to databases in memory.

    What awaits would see another database.
    """
    for alias in filter(_is_in_memory, connections.settings):
        with synchronous_code():  # or it would be the connection of this asyncio task
            connection = connections[alias]
        connection.inc_thread_sharing()
        put = connections.__setitem__
        SyncToAsync.single_thread_executor.submit(put, alias, connection)


def _is_in_memory(alias: str) -> bool:
    """As `is_in_memory_db` of a connection, of which none is made."""
    database = connections.settings[alias]
    name = database["NAME"]
    if not database["ENGINE"].endswith((".sqlite3", ".spatialite")) or not isinstance(name, str):
        return False
    return name == ":memory:" or "mode=memory" in name
