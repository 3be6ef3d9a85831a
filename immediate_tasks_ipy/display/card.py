"""The card: a task under its cell, as HTML that needs no script and survives in the notebook."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .facts import (
    argument_changes,
    argument_rows,
    identity_rows,
    lifecycle_row,
    result_row,
    waiting_rows,
)
from .failure import failure
from .markup import block, code, details, escape, fold, frame, icon, paragraph, table
from .outcome import changes, headline, in_background, short_id, standing, status, value
from .plain_text import clipped_lines, one_line
from .tree import is_container
from .values import call_text, class_name, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

#: Bytes of any card: an ordinary one has a third.
CAP = 16_000
#: What the first line and the frame around it may take of them.
_SUMMARY = 3000
#: Characters of the call and of the exception in the first line.
CALL, HEADLINE = 96, 96
#: Lines and characters of moved output, from its end; characters of the note.
OUTPUT_LINES, OUTPUT, NOTE = 20, 1600, 400


def card(entry: Entry, *, now: datetime) -> str:
    """A task in its present state. Never raises: what can't be shown says so.

    `now` (aware) is what a running task is measured to.
    """
    try:
        return _card(entry, now)
    except Exception as error:
        said = f"This task can't be shown: {class_name(error)}."
        return frame("READY", f"<div>{icon('READY')} {escape(said)}</div>")


def _card(entry: Entry, now: datetime) -> str:
    state = status(entry)
    see = f"%tasks show {short_id(entry)}"
    beside: list[str] = []
    if state == "FAILED":
        inside, opened = _failed(entry, now, see), True
    else:
        inside, opened = _quiet(entry, state, now)
        # these two must be seen without opening anything
        beside = [_note(entry), _output(entry, see)]
    inside, beside = _bounded(inside, beside, see)
    summary = _summary(entry, state, now)
    return frame(state, "\n".join([details(summary, "\n".join(inside), opened=opened), *beside]))


def _quiet(entry: Entry, state: str, now: datetime) -> tuple[list[str], bool]:
    """What opens below the first line, and whether it is open from the start."""
    rows = [lifecycle_row(entry, now), *argument_rows(entry)]
    drawn, opened = "", False
    if state == "SUCCESSFUL":
        result, drawn = result_row(entry)
        rows.append(result)
        opened = bool(changes(entry, "return_value") or argument_changes(entry))
    else:
        rows += waiting_rows(entry, now)
    rows += identity_rows(entry)
    return [table(rows), paragraph(drawn) if drawn else ""], opened


def _failed(entry: Entry, now: datetime, see: str) -> list[str]:
    cut = len(headline(entry)) > HEADLINE
    rows = [lifecycle_row(entry, now), *argument_rows(entry), *identity_rows(entry)]
    return [
        _note(entry),
        *failure(entry.result.errors, see, cut_headline=cut),
        _output(entry, see),
        fold("Lifecycle, arguments, backend", table(rows)),
    ]


def _bounded(inside: list[str], beside: list[str], see: str) -> tuple[list[str], list[str]]:
    """The parts that fit, the largest left out first, with a line that says so."""
    inside, beside = [part for part in inside if part], [part for part in beside if part]
    left_out = 0
    while sum(len(part.encode()) for part in inside + beside) > CAP - _SUMMARY:
        largest = max(inside + beside, key=len)
        left_out += len(largest)
        (inside if largest in inside else beside).remove(largest)
    if left_out:
        said = f"{left_out / 1000:,.0f} kB left out to keep the notebook small: {code(see)}"
        inside.append(paragraph(said))
    return inside, beside


def _summary(entry: Entry, state: str, now: datetime) -> str:
    call = code(call_text(entry, CALL), size=13)
    word, rest = standing(entry, now)
    rest = escape(rest).replace("%tasks", code("%tasks"))
    if state == "SUCCESSFUL":
        outcome = value(entry)
        bold = not is_container(outcome)
        shown = code(preview(outcome), bold=bold, size=13)
        end = f'<span style="white-space:nowrap;font-size:12px;opacity:0.75">{word} {rest}</span>'
        return f"{icon(state)} {call} → {shown}&emsp;{end}"
    end = f'<span style="white-space:nowrap;font-size:12px"><b>{escape(word)}</b> {rest}</span>'
    if state == "FAILED":
        why = code(headline(entry, HEADLINE), bold=True, size=13)
        return f"{icon(state)} {call}&ensp;{why}&emsp;{end}"
    return f"{icon(state)} {call}&emsp;{end}"


def _note(entry: Entry) -> str:
    return paragraph(escape(one_line(entry.note, NOTE))) if entry.note else ""


def _output(entry: Entry, see: str) -> str:
    """The end of what the task wrote, where no cell shows it."""
    if not in_background(entry):
        return ""
    text, left_out = clipped_lines(entry.output, OUTPUT_LINES, OUTPUT)
    if not text:
        return ""
    more = f"…{left_out:,} characters before this: {see}\n" if left_out else ""
    return block(escape(more + text), wrap=True)
