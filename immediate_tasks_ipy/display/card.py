"""The card: a task under its cell, as HTML that needs no script and survives in the notebook."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .changes import changed_places
from .markup import (
    block,
    cannot_be_shown,
    card_container,
    code,
    details,
    dim,
    disclosure,
    escape,
    icon,
    live_preview,
    paragraph,
    progress_bar,
    row,
    status_end,
    table,
)
from .previews.live_value import KEPT_AS_IS
from .related.lines import shown_fraction
from .related.rows import related_rows
from .summary import TaskSummary
from .values import fits, is_container, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

#: Bytes of any card: an ordinary one has a third.
CAP = 16_000
#: What the first line and the frame around it may take of them.
_SUMMARY = 3000
#: Characters of the call and of the exception in the first line.
CALL, HEADLINE = 96, 96
#: Lines and characters of redirected output, from its end.
OUTPUT_LINES, OUTPUT = 20, 1600
#: Changed places that are named beside a value.
CHANGES = 6


def card(entry: Entry, *, now: datetime) -> str:
    """A task in its present state. Never raises: what can't be shown says so.

    `now` (aware) is what a running task is measured to.
    """
    try:
        return _card(TaskSummary(entry, now))
    except Exception as error:
        return cannot_be_shown("task", error)


def _card(summary: TaskSummary) -> str:
    beside: list[str] = []
    if summary.shown_status == "FAILED":
        inside, opened = _failed(summary), True
    else:
        inside, opened = _quiet(summary)
        # these must be seen without opening anything
        beside = [_dry_run(summary), _advice(summary), _note(summary), _output(summary)]
    inside, beside = _bounded(inside, beside, summary.command("show"))
    drawn = details(_first_line(summary), "\n".join(inside), opened=opened)
    return card_container(summary.shown_status, "\n".join([drawn, *beside]))


def _first_line(summary: TaskSummary) -> str:
    call = code(summary.call(CALL), size=13)
    word, rest = summary.status_text
    rest = escape(rest).replace("%tasks", code("%tasks"))
    if summary.status == "SUCCESSFUL":
        value = summary.value
        shown = code(preview(value), bold=not is_container(value), size=13)
        end = status_end(word, rest, quiet=True)
        return f"{icon(summary.status)} {call} → {shown}&emsp;{end}"
    mark = icon(summary.shown_status)
    if summary.shown_status == "CANCELLED":
        end = status_end(word, rest, quiet=True)
        return f"{mark} {call}&emsp;{end}"
    fraction = shown_fraction(summary.entry)
    if fraction is not None:
        rest = f"{progress_bar(fraction)} {rest}"
    end = status_end(word, rest, quiet=False)
    if summary.status == "FAILED":
        why = code(summary.headline(HEADLINE), bold=True, size=13)
        return f"{mark} {call}&ensp;{why}&emsp;{end}"
    return f"{mark} {call}&emsp;{end}"


def _quiet(summary: TaskSummary) -> tuple[list[str], bool]:
    """What opens below the first line, and whether it is open from the start."""
    rows = [*related_rows(summary), _lifecycle(summary), *_arguments(summary)]
    drawn, opened = "", False
    if summary.status == "SUCCESSFUL":
        result, drawn = _result(summary)
        rows.append(result)
        opened = bool(summary.result_changes or summary.argument_changes)
    elif summary.status != "FAILED":
        rows += _waiting(summary)
    rows += [*_activity(summary), *_identity(summary)]
    return [table(rows), paragraph(drawn) if drawn else "", _queries(summary)], opened


def _failed(summary: TaskSummary) -> list[str]:
    from .traceback_card import traceback_parts

    view = summary.traceback()
    parts = []
    if view is not None:
        cut_headline = len(summary.headline()) > HEADLINE
        parts = traceback_parts(view, summary.command("show"), cut_headline=cut_headline)
    rows = [
        *related_rows(summary),
        _lifecycle(summary),
        *_arguments(summary),
        *_activity(summary),
        *_identity(summary),
    ]
    return [
        _dry_run(summary),
        _note(summary),
        *parts,
        _advice(summary),
        _queries(summary),
        _output(summary),
        disclosure("Lifecycle, arguments, backend", table(rows)),
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
        size = f"{left_out / 1000:,.0f} kB left out to keep the notebook small: {code(see)}"
        inside.append(paragraph(size))
    return inside, beside


def _note(summary: TaskSummary) -> str:
    note = summary.note
    return paragraph(escape(note)) if note else ""


def _output(summary: TaskSummary) -> str:
    """The end of what the task wrote, where no cell shows it."""
    if not summary.in_background:
        return ""
    text, left_out = summary.output(OUTPUT_LINES, OUTPUT)
    if not text:
        return ""
    see = summary.command("show")
    more = f"…{left_out:,} characters before this: {see}\n" if left_out else ""
    return block(escape(more + text), wrap=True)


# -- queries, mails and what a dry run would have done ----------------------


def _activity(summary: TaskSummary) -> list[str]:
    """The rows that count queries and mails."""
    activity = summary.entry.activity
    if activity is None:
        return []
    from .activity import mail_lines, mails_text, queries_text

    rows = []
    if queries := queries_text(activity):
        rows.append(row("Queries", escape(queries)))
    if mails := mails_text(activity):
        rows.append(row("Mails", "<br>".join(map(escape, [mails, *mail_lines(activity)]))))
    return rows


def _queries(summary: TaskSummary) -> str:
    """The statements, where the user asked for them."""
    activity = summary.entry.activity
    if activity is None or not (activity.is_detailed and activity.query_count):
        return ""
    from .activity import queries_text, query_lines

    lines = "\n".join(query_lines(activity))
    return paragraph(escape(queries_text(activity))) + block(escape(lines), wrap=True)


def _advice(summary: TaskSummary) -> str:
    activity = summary.entry.activity
    if activity is None or not activity.queries:
        return ""
    from .activity import advice_lines

    lines = advice_lines(activity)
    return paragraph("<br>".join(map(escape, lines))) if lines else ""


def _dry_run(summary: TaskSummary) -> str:
    activity = summary.entry.activity
    if activity is None or activity.dry_run is None or not summary.entry.result.is_finished:
        return ""
    from .activity import ROLLED_BACK, dry_run_lines

    rows = [
        row(kind, "<br>".join(map(escape, lines)))
        for kind, lines in dry_run_lines(activity.dry_run)
    ]
    return paragraph(f"<b>{escape(ROLLED_BACK)}</b>") + table(rows)


# -- the facts, one named row each: closed while the news is good ---------


def _lifecycle(summary: TaskSummary) -> str:
    """The states, their times, and the times between them."""
    steps = [
        f"<i>{escape(text)}</i>" if kind == "span" else escape(text)
        for kind, text in summary.lifecycle
    ]
    began = summary.began
    title = f' title="{escape(began)}"' if began else ""
    return row("Lifecycle", f"<span{title}>{' → '.join(steps)}</span>")


def _arguments(summary: TaskSummary) -> list[str]:
    """The arguments by parameter, and what JSON changed in them; none without arguments."""
    text = summary.arguments()
    if not text:
        return []
    live = KEPT_AS_IS if summary.live_arguments else ""
    below = _kept_as(summary.argument_changes, summary.argument_change_count, live=live)
    return [row("Arguments", f"{code(text)}<br>{below}" if below else code(text))]


def _kept_as(changed: list[tuple[str, str]], count: int, *, live: str = "") -> str:
    """How values were kept: what JSON changed of them, and `live`, what it could not hold."""
    return "; ".join(part for part in (_changes(changed, count) if changed else "", live) if part)


def _changes(changed: list[tuple[str, str]], count: int) -> str:
    """`stored as JSON; 2 values changed on the way: shape tuple → list, …`."""
    named = [
        f"{code(where)} {escape(what)}" if where else escape(what)
        for where, what in changed[:CHANGES]
    ]
    if count > CHANGES:
        named.append(f"…{count - CHANGES:,} more")
    values = f"{count:,} value{'s' * (count != 1)} changed on the way"
    return f"stored as JSON; {values}: {', '.join(named)}"


def _result(summary: TaskSummary) -> tuple[str, str]:
    """The row of the result, and its tree where a line does not hold it."""
    value = summary.value
    view = summary.live_value
    live = escape(view.note) if view is not None else ""
    changes = _kept_as(summary.result_changes, summary.result_change_count, live=live)
    below = f"<br>{changes}" if changes else ""
    if view is not None and not is_container(value):
        return row("Result", code(view.title) + below), live_preview(view)
    if fits(value):
        return row("Result", code(preview(value)) + below), ""
    from .tree import tree

    see = summary.command("value")
    drawn = tree(value, changed_places(summary.entry, "return_value"), see)
    if not is_container(value):
        return row("Result", drawn + dim(f"; all of it: {code(see)}") + below), ""
    return row("Result", changes or "stored as JSON"), drawn


def _waiting(summary: TaskSummary) -> list[str]:
    """How current the card is, and how to wait for a task in the background."""
    rows = []
    if summary.in_background:
        wait = code(summary.command("wait"))
        rows.append(row("Result", f"shown here when it is done; {wait} waits for it"))
    kept = "a saved notebook keeps this line as it was then"
    rows.append(row("Last update", f"{summary.last_update}; {kept}"))
    return rows


def _identity(summary: TaskSummary) -> list[str]:
    """Where the task ran, and its id."""
    inner = escape(summary.backend)
    workers = ", ".join(code(worker) for worker in summary.workers)
    if workers:
        inner += f", worker {workers}"
    queue_and_priority = summary.queue_and_priority
    if queue_and_priority:
        inner += f", {escape(queue_and_priority)}"
    return [row("Backend", inner), row("Id", code(summary.id))]
