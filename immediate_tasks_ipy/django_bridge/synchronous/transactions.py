"""Transactions that something was done in, watched from another thread until they have ended."""

from __future__ import annotations

from typing import Any

from django.db import connections


class OpenTransactions:
    """The transactions that are open in this thread when this is made."""

    __slots__ = ("_blocks", "_is_manual")

    def __init__(self) -> None:
        opened = [
            connection
            for connection in connections.all(initialized_only=True)
            if connection.connection is not None
        ]
        self._blocks: list[tuple[Any, Any]] = [
            (connection, connection.atomic_blocks[0])
            for connection in opened
            if connection.atomic_blocks
        ]
        # Of a transaction that is managed by hand nothing tells when it ends.
        self._is_manual = any(not one.atomic_blocks and not one.autocommit for one in opened)

    def __bool__(self) -> bool:
        return bool(self._blocks) or self._is_manual

    @property
    def have_ended(self) -> bool:
        """Whether all of them are known to be committed or rolled back. Thread-safe."""
        # A block is taken off before the commit, which turns autocommit on when it is done.
        return not self._is_manual and not any(
            block in connection.atomic_blocks
            or (connection.connection is not None and not connection.autocommit)
            for connection, block in self._blocks
        )
