"""A task as plain text: for terminals, and for whoever reads `text/plain`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from . import batch_outcome
from .failure import folded_title, place, shown_frames
from .outcome import (
    backend_text,
    changes,
    error_headline,
    glyph,
    headline,
    lifecycle,
    placing,
    short_id,
    standing,
    status,
    value,
)
from .outline import outline
from .plain_text import clipped_lines, head, one_line, visible
from .times import duration
from .tracebacks import Frame, Segment, frames
from .tree import fits
from .values import arguments_text, call_text, class_name, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Batch, Entry

#: Lines of source files, values, outputs and lists, before the rest is left to `%tasks show`.
LINES, RESULT_LINES, FULL_LINES, CHARACTERS, FAILURES = 30, 16, 10_000, 3000, 10
_CODES = {"READY": "90", "RUNNING": "34", "SUCCESSFUL": "32", "FAILED": "31"}


def line(entry: Entry, *, now: datetime, color: bool = False) -> str:
    """The task in one line. Never raises."""
    try:
        return _line(entry, now, color=color)
    except Exception as error:
        return f"○ This task can't be shown: {class_name(error)}."


def text(entry: Entry, *, now: datetime, color: bool = False, full: bool = False) -> str:
    """The task in its present state, in a few lines. Never raises.

    `color` adds ANSI codes; `full` adds what a card folds away, and cuts much later.
    """
    try:
        return "\n".join(_lines(entry, now, color=color, full=full))
    except Exception as error:
        return f"○ This task can't be shown: {class_name(error)}."


def batch_text(batch: Batch, *, now: datetime, color: bool = False) -> str:
    """A batch in its present state, the failures first. Never raises."""
    try:
        return "\n".join(_batch_lines(batch, now, color=color))
    except Exception as error:
        return f"○ This batch can't be shown: {class_name(error)}."


def batch_line(batch: Batch, *, now: datetime, color: bool = False) -> str:
    """A batch in one line. Never raises."""
    try:
        return _batch_line(batch, now, color=color)
    except Exception as error:
        return f"○ This batch can't be shown: {class_name(error)}."


def _paint(words: str, code: str, *, color: bool) -> str:
    return f"\x1b[{code}m{words}\x1b[0m" if color and words else words


def _line(entry: Entry, now: datetime, *, color: bool) -> str:
    state = status(entry)
    mark = _paint(glyph(state), _CODES.get(state, "0"), color=color)
    word, rest = standing(entry, now)
    call = call_text(entry)
    if state == "SUCCESSFUL":
        end = _paint(f"{word} {rest}", "2", color=color)
        return f"{mark} {call} → {preview(value(entry))}  {end}"
    end = f"{_paint(word, '1', color=color)} {rest}".rstrip()
    if state == "FAILED":
        return f"{mark} {call}  {_paint(headline(entry), '1', color=color)}  {end}"
    return f"{mark} {call}  {end}"


def _lines(entry: Entry, now: datetime, *, color: bool, full: bool) -> list[str]:
    state = status(entry)
    room = CHARACTERS * (300 if full else 1)
    lines = [_line(entry, now, color=color)]
    if entry.note:
        lines.append(f"  {one_line(entry.note, 400)}")
    if state == "FAILED":
        lines += _failure(entry, color=color, full=full, room=room)
    steps = " → ".join(told for _, told in lifecycle(entry, now))
    facts = [("Lifecycle", [steps])]
    arguments = arguments_text(entry, room if full else 300)
    changed = changes(entry, "args") + changes(entry, "kwargs")
    if full or state == "FAILED" or changed:
        facts.append(("Arguments", [arguments, *_told(changed)] if arguments else []))
    if state == "SUCCESSFUL":
        facts.append(("Result", _result(entry, full=full)))
    if full:
        alias, workers = backend_text(entry)
        told = [alias, *(f"worker {worker}" for worker in workers), placing(entry)]
        facts.append(("Backend", [", ".join(part for part in told if part)]))
        facts.append(("Id", [one_line(str(entry.result.id), 64)]))
    for name, parts in facts:
        for index, part in enumerate(parts):
            title = _paint(f"{name if index == 0 else '':9}", "2", color=color)
            lines.append(f"  {title}  {part}")
    moved = entry.origin is not None and entry.origin.output_moved
    if full or moved:
        lines += _output(entry, FULL_LINES if full else LINES, room)
    return lines


def _told(changed: list[tuple[str, str]]) -> list[str]:
    told = [f"{where} {what}".strip() for where, what in changed[:LINES]]
    if len(changed) > LINES:
        told.append(f"…{len(changed) - LINES:,} more changes")
    return [f"changed by JSON: {what}" for what in told]


def _result(entry: Entry, *, full: bool) -> list[str]:
    outcome = value(entry)
    told = _told(changes(entry, "return_value"))
    if fits(outcome) and not full:
        return told
    shown, complete = outline(outcome, FULL_LINES if full else RESULT_LINES)
    if not complete:
        shown.append(f"…the rest: %tasks value {short_id(entry)}")
    return shown + told


def _output(entry: Entry, count: int, room: int) -> list[str]:
    shown, left_out = clipped_lines(entry.output, count, room)
    if not shown:
        return []
    lines = ["  Output"]
    if left_out:
        lines.append(f"    …{left_out:,} characters before this: %tasks show {short_id(entry)}")
    return lines + [f"    {part}" for part in shown.split("\n")]


def _failure(entry: Entry, *, color: bool, full: bool, room: int) -> list[str]:
    errors = entry.result.errors
    if not errors:
        return []
    if full:
        whole = visible(head(errors[-1].traceback, room)).rstrip("\n")
        return [f"  {part}" for part in whole.split("\n")]
    chain = frames(errors[-1].traceback)
    lines = [f"    {part}" for part in head(chain[-1].rest, 1000).split("\n") if part.strip()]
    lines += _frames(chain[-1], color=color)
    for index in range(len(chain) - 2, max(-1, len(chain) - 5), -1):
        relation = "Caused by" if chain[index + 1].joined_by == "cause" else "While handling"
        lines.append(f"  {relation} {one_line(chain[index].headline, 200)}")
        lines += _frames(chain[index], color=color)[:8]
    lines += [
        f"  Attempt {number} failed: {error_headline(error)}"
        for number, error in enumerate(errors[:-1][-3:], max(1, len(errors) - 3))
    ]
    return lines


def _frames(segment: Segment, *, color: bool) -> list[str]:
    front, folded = shown_frames(segment)
    lines = [part for frame in front for part in _frame(frame, color=color)]
    if folded:
        lines.append(_paint(f"  … {folded_title(folded)}", "2", color=color))
    return lines


def _frame(frame: Frame, *, color: bool) -> list[str]:
    repeated = f", and {frame.repeated:,} times more" if frame.repeated else ""
    lines = [f"  {one_line(place(frame), 200)}{repeated}"]
    for source in frame.source:
        shown = f"{'▶' if source.failing else ' '} {source.number:>4}  {source.text[:200]}"
        lines.append("  " + (_paint(shown, "1", color=color) if source.failing else shown))
    return lines


def _batch_line(batch: Batch, now: datetime, *, color: bool) -> str:
    state = batch_outcome.state(batch)
    word, rest = batch_outcome.standing(batch, now)
    mark = _paint(glyph(state), _CODES[state], color=color)
    end = f"{_paint(word, '1', color=color)} {rest}"
    return f"{mark} {one_line(batch.label, 64)} {batch_outcome.size_text(batch)}  {end}"


def _batch_lines(batch: Batch, now: datetime, *, color: bool) -> list[str]:
    lines = [_batch_line(batch, now, color=color)]
    counts = [
        f"{_paint(glyph(state), _CODES[state], color=color)} {count:,} {word}"
        for state, count, word in batch_outcome.parts(batch)
    ]
    rate = batch_outcome.rate_text(batch, now)
    lines.append("  " + "   ".join([*counts, *([rate] if rate else [])]))
    if batch.error:
        lines.append(f"  The batch stopped early: {one_line(batch.error, 400)}")
    if batch.failures:
        lines.append(f"  Failures: {batch_outcome.kinds_text(batch)}")
        listed = batch.failures[:FAILURES]
        lines += [_member(entry, headline(entry, 72)) for entry in listed]
        rest = batch.failed - len(listed)
        if rest > 0:
            lines.append(f"    …{rest:,} more failed; %tasks list shows them")
    if batch_outcome.has_slow_ones(batch):
        done = batch.finished_at is not None
        spread = f" ({batch_outcome.spread_text(batch)})" if done else ""
        lines.append(f"  Slowest{spread}")
        lines += [_member(entry, preview(value(entry))) for entry in batch.slowest]
    return lines


def _member(entry: Entry, told: str) -> str:
    seconds = entry.seconds
    took = duration(seconds) if seconds is not None else ""
    return f"    {took:>9}  {call_text(entry, 64)}  {told}"
