"""A batch as text: for terminals, and wherever no HTML is shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from immediate_tasks_ipy.display.summary import TaskSummary, glyph
from immediate_tasks_ipy.display.text import CODES, paint
from immediate_tasks_ipy.display.values import class_name, one_line, preview

from .summary import BatchSummary

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import BatchStats

#: Characters of an item's label, and of a line.
LABEL, LINE = 48, 200


def batch_text(batch: BatchStats, *, now: datetime, color: bool = False) -> str:
    """A batch in its present state, the failures first. Never raises."""
    try:
        return "\n".join(_lines(BatchSummary(batch, now), color=color))
    except Exception as error:
        return f"○ This batch can't be shown: {class_name(error)}."


def batch_line(batch: BatchStats, *, now: datetime, color: bool = False) -> str:
    """A batch in one line. Never raises."""
    try:
        return _first_line(BatchSummary(batch, now), color=color)
    except Exception as error:
        return f"○ This batch can't be shown: {class_name(error)}."


def _first_line(summary: BatchSummary, *, color: bool) -> str:
    mark = paint(summary.glyph, CODES[summary.status], color=color)
    word, rest = summary.status_text
    return f"{mark} {summary.call()} {summary.size}  {paint(word, '1', color=color)} {rest}"


def _lines(summary: BatchSummary, *, color: bool) -> list[str]:
    lines = [_first_line(summary, color=color)]
    counts = [
        f"{paint(glyph(status), CODES[status], color=color)} {count:,} {word}"
        for status, count, word in summary.parts
    ]
    lines.append("  " + "   ".join([*counts, *([summary.rate] if summary.rate else [])]))
    if summary.error:
        lines.append(f"  The batch stopped early: {summary.error}")
    lines += [f"  {note.replace('`', '')}" for note in summary.notes]
    if summary.batch.failed:
        lines.append(f"  {summary.failures_title}")
        lines += _failures(summary, color=color)
    slowest = summary.slowest
    if slowest:
        lines.append(f"  Slowest ({summary.durations})")
        lines += [_member(task, preview(task.value)) for task in slowest]
    return lines


def _failures(summary: BatchSummary, *, color: bool) -> list[str]:
    """Each kind of failure with the user's innermost line in the first of them."""
    lines = []
    for kind in summary.failures(LABEL):
        lines.append(f"    {paint(kind.title, '1', color=color)}  {kind.where}")
        view = kind.first.traceback()
        for frame in view.exceptions[0].open_frames[-1:] if view is not None else ():
            lines.append(f"      {one_line(frame.place, LINE)}")
            lines += [
                f"      ▶ {line.number:>4}  {line.text[:LINE]}"
                for line in frame.source
                if line.failing
            ]
        if kind.also:
            lines.append(f"      {one_line(kind.also, LINE)}")
    if summary.other_failures:
        lines.append(f"    …{summary.other_failures:,} others; %tasks list --failed shows them")
    return lines


def _member(task: TaskSummary, outcome: str) -> str:
    return f"    {task.took:>9}  {task.call(64)}  {outcome}"
