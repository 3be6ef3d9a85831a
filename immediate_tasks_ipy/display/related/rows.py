"""The rows of a card for what belongs to a task beside its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from immediate_tasks_ipy.display.markup import code, dim, escape, icon, row

from .lines import CHILDREN, Line, attempts, children, children_title, shown_progress

if TYPE_CHECKING:
    from immediate_tasks_ipy.display.summary import TaskSummary


def related_rows(summary: TaskSummary) -> list[str]:
    """What a cancelled task is for Django, its progress, its attempts and its child tasks."""
    entry, rows = summary.entry, []
    if summary.shown_status == "CANCELLED":
        words = "FAILED, as Django has no other word for it"
        rows.append(row("Status", f"{words}: {code(summary.exception_class)}"))
    progress = shown_progress(entry, summary.now)
    if progress and summary.status != "RUNNING":
        rows.append(row("Progress", escape(progress)))
    tried = attempts(entry)
    if tried:
        rows.append(row("Attempts", "<br>".join(map(_line, tried))))
    title = children_title(entry)
    if title:
        lines = [escape(title), *map(_line, children(entry))]
        more = len(entry.children) - CHILDREN
        if more > 0:
            lines.append(dim(f"…and {more:,} more"))
        rows.append(row("Child tasks", "<br>".join(lines)))
    return rows


def _line(line: Line) -> str:
    number = f"{line.number:,} " if line.number else ""
    took = f" {dim(escape(line.took))}" if line.took else ""
    return f"{number}{icon(line.status)} {code(line.text)}{took}"
