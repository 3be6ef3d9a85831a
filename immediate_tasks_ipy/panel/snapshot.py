"""The saved copy of the panel: a folded HTML table for readers without a kernel or widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from immediate_tasks_ipy.display.markup import (
    card_container,
    code,
    details,
    dim,
    escape,
    icon,
    paragraph,
)
from immediate_tasks_ipy.display.summary import TaskSummary
from immediate_tasks_ipy.display.times import full_date, short_clock
from immediate_tasks_ipy.display.tracebacks import error_headline
from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.task_history import Entry

#: Tasks in the table, characters of a call and of a result, and bytes in all.
ROWS, CALL, RESULT, MOST_BYTES = 20, 64, 48, 16_000
#: The order of the counts, and of the rows.
_OUTCOMES = ("ready", "running", "successful", "failed", "cancelled")

_CELL = "text-align:left;padding:1px 16px 1px 0;white-space:nowrap"
_NUMBER = "text-align:right;padding:1px 16px 1px 0;white-space:nowrap"


def snapshot_html(entries: Sequence[Entry], *, now: datetime) -> str:
    """The tasks, failures first, then the newest; folded to one line."""
    shown, counts = _chosen(entries)
    when = full_date(now).partition(".")[0]
    title = f"<b>Tasks</b>&emsp;{dim(f'as of {escape(when)}')}"
    if not shown:
        empty = "No tasks yet. Put <code>%%enqueue</code> above a call in a cell and run it."
        return card_container("SUCCESSFUL", details(title, paragraph(empty)))
    title += dim("; run %tasks for the live panel")
    for count in range(len(shown), 0, -1):
        html = card_container("SUCCESSFUL", details(title, _body(shown[:count], counts, now)))
        if len(html.encode()) <= MOST_BYTES:
            break
    return html


def snapshot_text(entries: Sequence[Entry]) -> str:
    """The counts, for where there is no HTML."""
    _, counts = _chosen(entries)
    return "Tasks: " + (", ".join(_count_texts(counts)) or "none")


def _chosen(entries: Sequence[Entry]) -> tuple[list[Entry], Counter[str]]:
    """The tasks to show, in order, and how many there are of each outcome.

    Of several runs of a task only the newest counts.
    """
    rerun = {first.key for entry in entries if (first := entry.rerun_of) is not None}
    newest: dict[int, Entry] = {}
    for entry in entries:
        first = entry.rerun_of
        newest[entry.key if first is None else first.key] = entry
    counts: Counter[str] = Counter()
    failed: list[Entry] = []
    others: list[Entry] = []
    tasks = newest.values() if rerun else entries
    for entry in reversed(list(tasks)):
        outcome = entry.outcome
        counts[outcome] += 1
        wanted = failed if outcome == "failed" else others
        if len(wanted) < ROWS:
            wanted.append(entry)
    return [*failed, *others][:ROWS], counts


def _count_texts(counts: Counter[str]) -> list[str]:
    return [f"{counts[outcome]:,} {outcome}" for outcome in _OUTCOMES if counts[outcome]]


def _body(shown: Sequence[Entry], counts: Counter[str], now: datetime) -> str:
    total = counts.total()
    failed = sum(entry.outcome == "failed" for entry in shown)
    parts = [
        f"{icon(outcome.upper())} <b>{counts[outcome]:,}</b> {outcome}"
        for outcome in _OUTCOMES
        if counts[outcome]
    ]
    rest = len(shown) - failed
    latest = f"the latest {rest:,} of {total:,} {'task' if total == 1 else 'tasks'}"
    heading = f"{failed:,} failed, then {latest}" if failed else latest.capitalize()
    rows = "\n".join(_row(TaskSummary(entry, now)) for entry in shown)
    body = [
        paragraph("&emsp;".join(parts)),
        paragraph(f"<b>{escape(heading)}</b>"),
        _table(rows),
    ]
    missing = total - len(shown)
    if missing:
        tasks = "1 more task is" if missing == 1 else f"{missing:,} more tasks are"
        body.append(paragraph(dim(f"{tasks} not in this snapshot")))
    return "\n".join(body)


def _table(rows: str) -> str:
    return (
        '<div style="overflow-x:auto;margin:2px 0 4px 16px">'
        '<table style="border-collapse:collapse;margin:0;font-size:12px">\n'
        f'<thead><tr style="background:transparent">{_head()}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _head() -> str:
    columns = [("Status", _CELL), ("Task", _CELL), ("Enqueued", _NUMBER)]
    columns += [("Took", _NUMBER), ("Result", _CELL)]
    return "".join(
        f'<th scope="col" style="{style};font-weight:normal">{dim(name)}</th>'
        for name, style in columns
    )


def _row(summary: TaskSummary) -> str:
    """One task. What can't be read of it says so."""
    entry = summary.entry
    try:
        outcome = entry.outcome
        enqueued = entry.result.enqueued_at
        cells = [
            (f"{icon(outcome.upper())} {outcome.capitalize()}", _CELL),
            (code(summary.call(CALL)), _CELL),
            (short_clock(enqueued) if enqueued else "", _NUMBER),
            (escape(summary.took) + ("+" * (outcome == "running")), _NUMBER),
            (_result(entry), _CELL),
        ]
    except Exception as error:
        cells = [("?", _CELL), (escape(f"could not be read: {type(error).__name__}"), _CELL)]
    inner = "".join(f'<td style="{style}">{text}</td>' for text, style in cells)
    return f'<tr style="background:transparent">{inner}</tr>'


def _result(entry: Entry) -> str:
    """The value, the error, or that it was cancelled; nothing of a live value but its type."""
    result, outcome = entry.result, entry.outcome
    if outcome == "failed" and result.errors:
        return code(error_headline(result.errors[-1], RESULT))
    if outcome == "cancelled":
        return dim("Cancelled by you")
    return code(preview(result._return_value, RESULT)) if outcome == "successful" else ""
