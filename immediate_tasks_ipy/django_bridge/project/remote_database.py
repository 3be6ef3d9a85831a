"""A database that is not on this machine: asked about once, before a task of the notebook."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import connections

#: Puts a question to the user; may raise where there is nobody to answer.
Ask = Callable[[str], bool]

_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - names, compared


class RemoteDatabases:
    """Asks before the first task on such a database; one yes holds for this kernel."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._is_confirmed = False

    def confirm(self) -> bool:
        """Whether the task may run there."""
        if self._is_confirmed or not settings.configured:
            return True
        remote = [
            f"{alias!r} ({described(database)})"
            for alias, database in connections.settings.items()
            if is_remote(database)
        ]
        if remote and not self._ask(f"This task may write to {' and '.join(remote)}. Run it?"):
            return False
        self._is_confirmed = True
        return True


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
