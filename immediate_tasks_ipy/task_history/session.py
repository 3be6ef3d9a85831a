"""What the shell that tasks are enqueued from says of itself; a plain process has none."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol


class Session(Protocol):
    """A shell with the extension loaded."""

    @property
    def has_magics(self) -> bool:
        """Whether what is shown may name magics: `%tasks` and its like."""

    @property
    def cell(self) -> int | None:
        """The execution count of the cell that runs."""

    @property
    def keeps_output(self) -> bool:
        """Whether a copy of what tasks write is kept."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop for background tasks; None for one of the backend's own."""

    def batch_shown(self, stats: Any) -> AbstractContextManager[object]:
        """Show the card of a batch, a `BatchStats`, for as long as this is entered."""


class NoSession:
    """Outside of a shell."""

    has_magics = True
    cell = None
    keeps_output = True
    loop = None

    def batch_shown(self, stats: Any) -> AbstractContextManager[object]:  # noqa: ARG002
        """Show nothing."""
        return nullcontext()


_current: Session = NoSession()


def current_session() -> Session:
    """The session of this process."""
    return _current


def set_current_session(session: Session | None) -> None:
    """Make `session` the current one; None for a plain process."""
    global _current
    _current = NoSession() if session is None else session
