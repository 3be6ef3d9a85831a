"""Transactions that something was done in, watched from another thread until they have ended."""

from __future__ import annotations

from typing import Any

from django.db import connections


class OpenTransactions:
    """The transactions that are open in this thread when this is made.

    Those of `atomic`: where a transaction is managed by hand, nothing tells when it ends.
    """

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: list[tuple[Any, Any]] = [
            (connection, connection.atomic_blocks[0])
            for connection in connections.all(initialized_only=True)
            if connection.atomic_blocks
        ]

    def __bool__(self) -> bool:
        return bool(self._blocks)

    @property
    def have_ended(self) -> bool:
        """Whether all of them were committed or rolled back. Thread-safe."""
        # A block is taken off before the commit, which turns autocommit on when it is done.
        return not any(
            block in connection.atomic_blocks
            or (connection.connection is not None and not connection.autocommit)
            for connection, block in self._blocks
        )
