"""A database that is not on this machine: asked about once, before a task writes to it.

A synchronous task in the foreground is asked about when it is about to send its first statement
that writes, in the cell, which waits. Where a task can't wait for the answer (in the background,
on a loop, in a worker), the question comes before it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import connections

#: Puts a fact and a question to the user; may raise where there is nobody to answer.
Ask = Callable[[str, str], bool]

_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - names, compared


class RemoteDatabases:
    """Asks before the first task that writes to one; a yes holds for this kernel."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._is_confirmed = False
        #: The threads that execute a cell, where there is somebody to answer.
        self._cells: set[int] = set()

    def cell_begins(self) -> None:
        """This thread executes a cell from now on."""
        self._cells.add(threading.get_ident())

    def cell_ends(self) -> None:
        """It does no longer."""
        self._cells.discard(threading.get_ident())

    @property
    def asks(self) -> bool:
        """Whether there is anything left to ask."""
        return not self._is_confirmed and settings.configured

    def confirm(self) -> bool:
        """Whether a task may run that may write to any of them."""
        if not self.asks:
            return True
        remote = [
            f"{alias!r} ({described(database)})"
            for alias, database in connections.settings.items()
            if is_remote(database)
        ]
        fact = f"This task may write to {' and '.join(remote)}."
        return not remote or self._answered(fact, "Run it?")

    def refusal(self, connection: Any, what: str) -> str | None:
        """Why a task may not send a statement, described by `what`; None if it may."""
        database = connection.settings_dict
        if not self.asks or not is_remote(database):
            return None
        fact = (
            f"This task is about to write to {connection.alias!r} ({described(database)}): {what}."
        )
        if threading.get_ident() not in self._cells:
            return (
                f"{fact} Nobody can be asked in this thread: enqueue the task in a cell, or set "
                "%config ImmediateTasks.confirm_remote_database = False."
            )
        return None if self._answered(fact, "Go on?") else _DECLINED

    def _answered(self, fact: str, question: str) -> bool:
        if not self._ask(fact, question):
            return False
        self._is_confirmed = True
        return True


_DECLINED = (
    "The statement was not sent, since you did not confirm that the task may write: "
    "%enqueue --dry-run shows what it would do."
)


def is_remote(database: Mapping[str, Any]) -> bool:
    """Whether the settings of a database name another machine."""
    if database["ENGINE"].endswith((".sqlite3", ".spatialite", ".dummy")):
        return False
    host = str(database.get("HOST") or "").lower()
    local = host in _LOCAL or host.startswith(("/", "127.")) or host == socket.gethostname().lower()
    return not local


def described(database: Mapping[str, Any]) -> str:
    """`postgresql 'shop' on db.example.com`, never with a user or a password."""
    engine = str(database["ENGINE"]).rpartition(".")[2]
    host = database.get("HOST")
    where = f" on {host}" if is_remote(database) else ""
    return f"{engine} {str(database.get('NAME') or '')!r}{where}"


_current: RemoteDatabases | None = None


def ask_with(databases: RemoteDatabases | None) -> None:
    """Have `confirm` ask in that way from now on; None for never."""
    global _current
    _current = databases


def confirm() -> bool:
    """Ask, where a kernel has said how; see `RemoteDatabases.confirm`."""
    return _current is None or _current.confirm()


def asking() -> RemoteDatabases | None:
    """What asks before a statement; None where there is nothing left to ask."""
    return _current if _current is not None and _current.asks else None
