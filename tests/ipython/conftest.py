"""Shells with the extension loaded, fresh for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.support.shells import NotebookShell, Session, session


@pytest.fixture
def notebook() -> Iterator[Session]:
    """Return a shell that shows outputs as a kernel does."""
    with session(NotebookShell) as made:
        yield made


@pytest.fixture
def terminal() -> Iterator[Session]:
    """Return a shell that prints, as a terminal's does."""
    with session(InteractiveShell) as made:
        yield made
