"""The facts of a task's card, one named row each: what is closed while the news is good."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .markup import code, dim, escape, row
from .outcome import (
    backend_text,
    changed_places,
    changes,
    in_background,
    lifecycle,
    placing,
    short_id,
    value,
)
from .plain_text import one_line
from .times import between, elapsed, full_date, short_clock
from .tree import fits, is_container, tree
from .values import arguments_text, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

#: Changed places that are named beside a value.
CHANGES = 6


def lifecycle_row(entry: Entry, now: datetime) -> str:
    """The states, their times, and the times between them."""
    steps = [
        f"<i>{escape(text)}</i>" if kind == "span" else escape(text)
        for kind, text in lifecycle(entry, now)
    ]
    dated = entry.lifecycle
    title = f' title="{escape(full_date(dated[0][1]))}"' if dated else ""
    return row("Lifecycle", f"<span{title}>{' → '.join(steps)}</span>")


def argument_changes(entry: Entry) -> list[tuple[str, str]]:
    """What JSON changed in the arguments, by parameter."""
    return changes(entry, "args") + changes(entry, "kwargs")


def argument_rows(entry: Entry) -> list[str]:
    """The arguments by parameter, and what JSON changed in them; none without arguments."""
    text = arguments_text(entry)
    if not text:
        return []
    inner = code(text)
    changed = argument_changes(entry)
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


def result_row(entry: Entry) -> tuple[str, str]:
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


def waiting_rows(entry: Entry, now: datetime) -> list[str]:
    """How current the card is, and how to wait for a task in the background."""
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


def identity_rows(entry: Entry) -> list[str]:
    """Where the task ran, and its id."""
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
