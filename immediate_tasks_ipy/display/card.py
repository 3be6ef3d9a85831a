"""The card: a task under its cell, as HTML that needs no script and survives in the notebook."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .failure import failure
from .markup import block, code, details, dim, escape, fold, frame, icon, paragraph, row, table
from .outcome import (
    backend_text,
    changed_places,
    changes,
    headline,
    in_background,
    lifecycle,
    placing,
    short_id,
    standing,
    status,
    value,
)
from .plain_text import clipped_lines, one_line
from .tree import fits, is_container, tree
from .values import (
    arguments_text,
    between,
    call_text,
    class_name,
    elapsed,
    full_date,
    preview,
    short_clock,
)

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

#: Characters of the call and of the exception in the first line.
CALL, HEADLINE = 96, 96
#: Lines and characters of moved output, from its end.
OUTPUT_LINES, OUTPUT = 20, 1600
#: Changed places that are named beside the result, and characters of the note.
CHANGES, NOTE = 6, 400


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
    if state == "FAILED":
        return frame(state, _failed(entry, now, see))
    rows = [_lifecycle_row(entry, now), *_argument_rows(entry)]
    tree_html, opened = "", False
    if state == "SUCCESSFUL":
        result_row, tree_html = _result(entry)
        rows.append(result_row)
        opened = bool(changes(entry, "return_value") or _argument_changes(entry))
    else:
        rows += _waiting_rows(entry, now)
    rows += _identity_rows(entry)
    body = table(rows) + ("\n" + paragraph(tree_html) if tree_html else "")
    whole = details(_summary(entry, state, now), body, opened=opened)
    # the note and moved output must be seen without opening anything
    return frame(
        state, "\n".join(part for part in (whole, _note(entry), _output(entry, see)) if part)
    )


def _failed(entry: Entry, now: datetime, see: str) -> str:
    errors = entry.result.errors
    cut = len(headline(entry)) > HEADLINE
    rows = [_lifecycle_row(entry, now), *_argument_rows(entry), *_identity_rows(entry)]
    parts = [
        _note(entry),
        failure(errors, see, cut_headline=cut),
        _output(entry, see),
        fold("Lifecycle, arguments, backend", table(rows)),
    ]
    body = "\n".join(part for part in parts if part)
    return details(_summary(entry, "FAILED", now), body, opened=True)


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


def _lifecycle_row(entry: Entry, now: datetime) -> str:
    steps = [
        f"<i>{escape(text)}</i>" if kind == "span" else escape(text)
        for kind, text in lifecycle(entry, now)
    ]
    dated = entry.lifecycle
    title = f' title="{escape(full_date(dated[0][1]))}"' if dated else ""
    return row("Lifecycle", f"<span{title}>{' → '.join(steps)}</span>")


def _argument_changes(entry: Entry) -> list[tuple[str, str]]:
    return changes(entry, "args") + changes(entry, "kwargs")


def _argument_rows(entry: Entry) -> list[str]:
    text = arguments_text(entry)
    if not text:
        return []
    inner = code(text)
    changed = _argument_changes(entry)
    if changed:
        inner += f"<br>{_told(changed)}"
    return [row("Arguments", inner)]


def _told(changed: list[tuple[str, str]]) -> str:
    """`stored as JSON; 2 values changed on the way: shape tuple → list, …`."""
    count = len(changed)
    told = [
        f"{code(where)} {escape(what)}" if where else escape(what)
        for where, what in changed[:CHANGES]
    ]
    if count > CHANGES:
        told.append(f"…{count - CHANGES:,} more")
    many = f"{count:,} value{'s' * (count != 1)} changed on the way"
    return f"stored as JSON; {many}: {', '.join(told)}"


def _result(entry: Entry) -> tuple[str, str]:
    """The row of the result, and its tree where a line does not hold it."""
    outcome = value(entry)
    changed = changes(entry, "return_value")
    see = f"%tasks value {short_id(entry)}"
    told = _told(changed) if changed else ""
    if fits(outcome):
        inner = code(preview(outcome))
        return row("Result", f"{inner}<br>{told}" if told else inner), ""
    drawn = tree(outcome, changed_places(entry, "return_value"), see)
    if not is_container(outcome):
        more = dim(f"; all of it: {code(see)}")
        return row("Result", drawn + more + (f"<br>{told}" if told else "")), ""
    return row("Result", told or "stored as JSON"), drawn


def _waiting_rows(entry: Entry, now: datetime) -> list[str]:
    rows = []
    if in_background(entry):
        wait = code(f"%tasks wait {short_id(entry)}")
        rows.append(row("Result", f"shown here when it is done; {wait} waits for it"))
    updated = f"{short_clock(now)}{_meanwhile(entry, now)}"
    rows.append(row("Last update", f"{updated}; a saved notebook keeps this line as it was then"))
    return rows


def _meanwhile(entry: Entry, now: datetime) -> str:
    """How long a task in the background has been running: its summary says where to look."""
    began = entry.result.last_attempted_at or entry.result.started_at
    seconds = between(began, now) if in_background(entry) else None
    return f", after {elapsed(seconds)}" if seconds is not None else ""


def _identity_rows(entry: Entry) -> list[str]:
    alias, workers = backend_text(entry)
    inner = escape(alias)
    if workers:
        inner += f", worker {', '.join(code(worker) for worker in workers)}"
    placed = placing(entry)
    if placed:
        inner += f", {escape(placed)}"
    rows = [row("Backend", inner)]
    if entry.result.attempts > 1:
        rows.append(row("Attempts", f"{entry.result.attempts:,}"))
    rows.append(row("Id", code(one_line(str(entry.result.id), 64))))
    return rows


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
