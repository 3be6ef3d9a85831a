"""The card of a batch: a bar, the counts, the failures by kind, then what was slow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from immediate_tasks_ipy.display.markup import (
    COLOURS,
    cannot_be_shown,
    card_container,
    code,
    details,
    dim,
    disclosure,
    escape,
    icon,
    paragraph,
    status_end,
)
from immediate_tasks_ipy.display.summary import TaskSummary, glyph
from immediate_tasks_ipy.display.traceback_card import innermost_frames
from immediate_tasks_ipy.display.values import preview

from .summary import BatchSummary, FailureKind

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import BatchStats

#: Characters of a call, and of an item's label.
CALL, LABEL = 64, 48

_HEAD = "padding:2px 16px 2px 0;font-weight:normal;border-bottom:1px solid rgba(128,128,128,0.4)"
_CELL = "padding:2px 16px 2px 0"


def batch_card(batch: BatchStats, *, now: datetime) -> str:
    """A batch in its present state. Never raises: what can't be shown says so."""
    try:
        return _batch_card(BatchSummary(batch, now))
    except Exception as error:
        return cannot_be_shown("batch", error)


def _batch_card(summary: BatchSummary) -> str:
    """The first line, bar and counts, then what went wrong: in one height, also when it ends.

    What is worth a look only when all is done is folded into the first line.
    """
    first_line = _first_line(summary)
    news = [_bar(summary), _counts(summary), *_notes(summary), _failures(summary)]
    shown = "\n".join(part for part in news if part)
    slowest = _slowest(summary)
    if summary.status == "FAILED":
        body = details(first_line, f"{shown}\n{slowest}".rstrip(), opened=True)
        return card_container(summary.status, body)
    head = details(first_line, slowest) if slowest else f"<div>{first_line}</div>"
    return card_container(summary.status, f"{head}\n{shown}")


def _first_line(summary: BatchSummary) -> str:
    word, rest = summary.status_text
    end = status_end(word, rest, quiet=summary.status in {"SUCCESSFUL", "CANCELLED"})
    call = code(summary.call(CALL), size=13)
    return f"{icon(summary.status)} {call} {summary.size}&emsp;{end}"


def _notes(summary: BatchSummary) -> list[str]:
    notes = [paragraph(_with_code(note)) for note in summary.notes]
    if summary.error:
        early = f"<b>The batch stopped early:</b> {escape(summary.error)}"
        notes.insert(0, paragraph(early))
    return notes


def _with_code(sentence: str) -> str:
    """A sentence as HTML, what stands between backticks as code."""
    parts = sentence.split("`")
    return "".join(code(part) if index % 2 else escape(part) for index, part in enumerate(parts))


def _bar(summary: BatchSummary) -> str:
    pieces = "".join(
        f'<div style="flex:{count} 1 0;min-width:3px;height:6px;background:{COLOURS[status]};'
        'border-radius:1px"></div>'
        for status, count, _ in summary.parts
    )
    return (
        '<div style="display:flex;gap:2px;height:6px;margin:4px 0 4px 16px;max-width:560px">'
        f"{pieces}</div>"
    )


def _counts(summary: BatchSummary) -> str:
    parts = [
        f'<span style="white-space:nowrap"><span style="color:{COLOURS[status]};font-weight:bold">'
        f"{glyph(status)}</span> <b>{count:,}</b> {word}</span>"
        for status, count, word in summary.parts
    ]
    if summary.rate:
        parts.append(dim(summary.rate))
    return f'<div style="margin:0 0 2px 16px;font-size:12px">{"&emsp; ".join(parts)}</div>'


def _failures(summary: BatchSummary) -> str:
    """A disclosure for each kind of failure, the first of them open."""
    if not summary.batch.failed:
        return ""
    title = "First failures" if summary.is_running else summary.failures_title
    drawn = [paragraph(f"<b>{escape(title)}</b>")]
    drawn += [
        _failure_kind(kind, opened=index == 0) for index, kind in enumerate(summary.failures(LABEL))
    ]
    if summary.other_failures:
        drawn.append(
            paragraph(dim(f"…{summary.other_failures:,} others; {code('%tasks')} shows them all"))
        )
    return "\n".join(drawn)


def _failure_kind(kind: FailureKind, *, opened: bool) -> str:
    view = kind.first.traceback()
    body = [] if view is None else innermost_frames(view)
    if kind.also:
        body.append(paragraph(dim(escape(kind.also))))
    title = f"{code(kind.title, bold=True)}&emsp;{dim(escape(kind.where))}"
    return disclosure(title, "\n".join(body), opened=opened, faint=False)


def _slowest(summary: BatchSummary) -> str:
    tasks = summary.slowest
    if not tasks:
        return ""
    drawn = _table(
        "Slowest",
        [("Task", False), ("Took", True), ("Result", False)],
        [_row(task) for task in tasks],
    )
    title = f"Slowest, and how long tasks took ({summary.durations})"
    return disclosure(escape(title), drawn)


def _row(task: TaskSummary) -> list[tuple[str, bool]]:
    return [
        (code(task.call(CALL)), False),
        (escape(task.took), True),
        (code(preview(task.value)), False),
    ]


def _table(title: str, heads: list[tuple[str, bool]], rows: list[list[tuple[str, bool]]]) -> str:
    """A small table; each cell is HTML with whether it is a number, to be set right."""
    head = "".join(
        f'<th scope="col" style="text-align:{_side(number)};{_HEAD}">{dim(name)}</th>'
        for name, number in heads
    )
    body = "\n".join(
        '<tr style="background:transparent">'
        + "".join(
            f'<td style="text-align:{_side(number)};{_CELL}'
            f'{";white-space:nowrap" if number else ""}">{inner}</td>'
            for inner, number in cells
        )
        + "</tr>"
        for cells in rows
    )
    return (
        '<div style="overflow-x:auto;margin:8px 0 4px 16px">'
        '<table style="border-collapse:collapse;margin:0;font-size:12px">\n'
        f'<caption style="text-align:left;caption-side:top;padding:0 0 2px 0;font-weight:600">'
        f"{escape(title)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n"
        "</tbody></table></div>"
    )


def _side(number: bool) -> str:
    return "right" if number else "left"
