"""How tasks and batches look at one moment, in every form a screen may want."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from immediate_tasks_ipy.display.batch_card import batch_card
from immediate_tasks_ipy.display.card import card
from immediate_tasks_ipy.display.text import batch_line, batch_text, line, text
from immediate_tasks_ipy.task_history import Batch, Entry


class Picture(Protocol):
    """Something to show; each form is drawn when it is asked for."""

    def html(self) -> str:
        """For a notebook."""

    def text(self, *, color: bool = False) -> str:
        """For anything; in a terminal with colours."""

    def line(self, *, color: bool = False) -> str:
        """For a terminal's status line."""


class EntryPicture:
    """How one task looks at a time."""

    def __init__(self, entry: Entry, now: datetime) -> None:
        self._entry = entry
        self._now = now

    def html(self) -> str:
        return card(self._entry, now=self._now)

    def text(self, *, color: bool = False) -> str:
        return text(self._entry, now=self._now, color=color)

    def line(self, *, color: bool = False) -> str:
        return line(self._entry, now=self._now, color=color)


class BatchPicture:
    """How a batch looks at a time."""

    def __init__(self, batch: Batch, now: datetime) -> None:
        self._batch = batch
        self._now = now

    def html(self) -> str:
        return batch_card(self._batch, now=self._now)

    def text(self, *, color: bool = False) -> str:
        return batch_text(self._batch, now=self._now, color=color)

    def line(self, *, color: bool = False) -> str:
        return batch_line(self._batch, now=self._now, color=color)
