"""How tasks and batches look at one moment, in every form a screen may want."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from immediate_tasks_ipy.display.batch_card import batch_card
from immediate_tasks_ipy.display.card import card
from immediate_tasks_ipy.display.text import batch_text, line, text
from immediate_tasks_ipy.task_history import Batch, Entry


@dataclass(frozen=True, slots=True)
class Picture:
    """`html` for a notebook, `text` for anything, `line` for a terminal's status line."""

    html: str
    text: str
    line: str


def entry_picture(entry: Entry, now: datetime) -> Picture:
    """How one task looks now."""
    return Picture(html=card(entry, now=now), text=text(entry, now=now), line=line(entry, now=now))


def batch_picture(batch: Batch, now: datetime) -> Picture:
    """How a batch looks now."""
    plain = batch_text(batch, now=now)
    return Picture(html=batch_card(batch, now=now), text=plain, line=plain.partition("\n")[0])
