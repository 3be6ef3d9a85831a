"""How tasks and batches look at one moment, in every form a screen may want."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from immediate_tasks_ipy.task_history import Batch, Entry

# What draws is imported with the first picture, so that `%load_ext` is quick.


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
        from immediate_tasks_ipy.display.card import card

        return card(self._entry, now=self._now)

    def text(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.text import text

        return text(self._entry, now=self._now, color=color)

    def line(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.text import line

        return line(self._entry, now=self._now, color=color)


class BatchPicture:
    """How a batch looks at a time."""

    def __init__(self, batch: Batch, now: datetime) -> None:
        self._batch = batch
        self._now = now

    def html(self) -> str:
        from immediate_tasks_ipy.display.batch_card import batch_card

        return batch_card(self._batch, now=self._now)

    def text(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.text import batch_text

        return batch_text(self._batch, now=self._now, color=color)

    def line(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.text import batch_line

        return batch_line(self._batch, now=self._now, color=color)
