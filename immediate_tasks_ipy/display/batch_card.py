"""The card of a batch: a bar, the counts, the failures first, then what was slow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from . import batch_outcome as outcome
from .markup import COLOURS, code, details, dim, escape, fold, frame, icon, paragraph
from .outcome import glyph, headline, value
from .plain_text import one_line
from .times import duration
from .values import call_text, class_name, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Batch, Entry

#: Failures that are listed; characters of a call, a reason, and the batch's own error.
FAILURES, CALL, WHY, ERROR = 8, 64, 72, 400

_HEAD = "padding:2px 16px 2px 0;font-weight:normal;border-bottom:1px solid rgba(128,128,128,0.4)"
_CELL = "padding:2px 16px 2px 0"


def batch_card(batch: Batch, *, now: datetime) -> str:
    """A batch in its present state. Never raises: what can't be shown says so."""
    try:
        return _batch_card(batch, now)
    except Exception as error:
        said = f"This batch can't be shown: {class_name(error)}."
        return frame("READY", f"<div>{icon('READY')} {escape(said)}</div>")


def _batch_card(batch: Batch, now: datetime) -> str:
    state = outcome.state(batch)
    running = state == "RUNNING"
    word, rest = outcome.standing(batch, now)
    quiet = state == "SUCCESSFUL"
    end = (
        f'<span style="white-space:nowrap;font-size:12px;opacity:0.75">{word} {rest}</span>'
        if quiet
        else f'<span style="white-space:nowrap;font-size:12px"><b>{word}</b> {rest}</span>'
    )
    call = code(one_line(batch.label, CALL), size=13)
    summary = f"{icon(state)} {call} {outcome.size_text(batch)}&emsp;{end}"
    body = [_bar(batch), _counts(batch, now)]
    if batch.error:
        stopped = escape(one_line(batch.error, ERROR))
        body.append(paragraph(f"<b>The batch stopped early:</b> {stopped}"))
    if batch.failures:
        title = "First failures" if running else f"Failures: {outcome.kinds_text(batch)}"
        body.append(_failures(batch, title))
    if outcome.has_slow_ones(batch):
        slowest = _slowest(batch)
        if not running:
            spread = outcome.spread_text(batch)
            slowest = fold(escape(f"Slowest, and how long tasks took ({spread})"), slowest)
        body.append(slowest)
    inner = "\n".join(body)
    if running:
        return frame(state, f"<div>{summary}</div>\n{inner}")
    return frame(state, details(summary, inner, opened=not quiet))


def _bar(batch: Batch) -> str:
    pieces = "".join(
        f'<div style="flex:{count} 1 0;min-width:3px;height:6px;background:{COLOURS[state]};'
        'border-radius:1px"></div>'
        for state, count, _ in outcome.parts(batch)
    )
    return (
        '<div style="display:flex;gap:2px;height:6px;margin:4px 0 4px 16px;max-width:560px">'
        f"{pieces}</div>"
    )


def _counts(batch: Batch, now: datetime) -> str:
    told = [
        f'<span style="white-space:nowrap"><span style="color:{COLOURS[state]};font-weight:bold">'
        f"{glyph(state)}</span> <b>{count:,}</b> {word}</span>"
        for state, count, word in outcome.parts(batch)
    ]
    rate = outcome.rate_text(batch, now)
    if rate:
        told.append(dim(rate))
    return f'<div style="margin:0 0 2px 16px;font-size:12px">{"&emsp; ".join(told)}</div>'


def _failures(batch: Batch, title: str) -> str:
    listed = batch.failures[:FAILURES]
    rows = [
        [
            (code(call_text(entry, CALL)), False),
            (code(headline(entry, WHY)), False),
            (_took(entry), True),
        ]
        for entry in listed
    ]
    drawn = _table(title, [("Task", False), ("Why", False), ("Took", True)], rows)
    rest = batch.failed - len(listed)
    if rest > 0:
        more = f"…{rest:,} more failed; {code('%tasks')} shows them all"
        drawn += "\n" + paragraph(dim(more))
    return drawn


def _slowest(batch: Batch) -> str:
    rows = [
        [
            (code(call_text(entry, CALL)), False),
            (_took(entry), True),
            (code(preview(value(entry))), False),
        ]
        for entry in batch.slowest
    ]
    return _table("Slowest", [("Task", False), ("Took", True), ("Result", False)], rows)


def _took(entry: Entry) -> str:
    seconds = entry.seconds
    return "" if seconds is None else escape(duration(seconds))


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
