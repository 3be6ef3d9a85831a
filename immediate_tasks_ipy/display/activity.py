"""What is said of a task's queries, mails and dry run: decided here, drawn by card and text."""

from __future__ import annotations

from immediate_tasks_ipy.task_history.activity import Activity, DryRunReport, Mail, Query

from .times import duration
from .values import one_line

#: Queries, pieces of advice and mails that are shown; characters of a statement and of a line.
QUERIES, ADVICE, MAILS = 12, 3, 10
SQL, LINE = 160, 200
#: Lines of a kind in a dry run's report.
REPORTED = 20


def count_text(activity: Activity) -> str:
    """`23 queries`, for the first line of a card; empty where there are none."""
    return _counted(activity.query_count, "query", "queries") if activity.query_count else ""


def queries_text(activity: Activity) -> str:
    """`23 queries, 41.2 ms, 17 duplicates`; empty where there are none."""
    if not activity.query_count:
        return ""
    text = f"{count_text(activity)}, {duration(activity.seconds)}"
    duplicates = activity.duplicates
    return f"{text}, {_counted(duplicates, 'duplicate')}" if duplicates else text


def query_lines(activity: Activity) -> list[str]:
    """The slowest queries: how often, how long, how many rows, and the line that asked."""
    shown = activity.slow_first
    lines = [_query(query) for query in shown[:QUERIES]]
    if len(shown) > QUERIES:
        lines.append(f"…{len(shown) - QUERIES:,} more statements")
    return lines


def advice_lines(activity: Activity) -> list[str]:
    """What is wrong with some queries, `shop/tasks.py:31 in bill: N+1: …`."""
    return [f"{place_text(query)}: {query.advice}" for query in activity.advice[:ADVICE]]


def mails_text(activity: Activity) -> str:
    """`2 mails sent`, or in a dry run `2 mails, not sent`; empty where there are none."""
    if not activity.mail_count:
        return ""
    text = _counted(activity.mail_count, "mail")
    return f"{text} sent" if activity.dry_run is None else f"{text}, not sent"


def mail_lines(activity: Activity) -> list[str]:
    """The mails, `Invoice 7 to ada@example.com`."""
    lines = [mail_text(mail) for mail in activity.mails[:MAILS]]
    if activity.mail_count > len(lines):
        lines.append(f"…{activity.mail_count - len(lines):,} more")
    return lines


def mail_text(mail: Mail) -> str:
    """A mail in one line."""
    recipients = ", ".join(mail.recipients) or "nobody"
    return one_line(f"{mail.subject} to {recipients}", LINE)


#: What stands above everything that a dry run shows.
ROLLED_BACK = "Dry run: rolled back. Nothing was saved or sent."


def dry_run_lines(report: DryRunReport) -> list[tuple[str, list[str]]]:
    """What a real run would have done, by kind; first what would have broken."""
    counted = {
        (alias, verb, table): rows
        for (alias, table), each in report.counted.items()
        for verb, rows in zip(("INSERT", "UPDATE", "DELETE"), each, strict=True)
        if rows
    }
    written = {key: rows for key, (_, rows) in report.written.items()} | counted
    kinds = [
        ("Would fail", [*report.broken]),
        ("Would write", [_written(*key, rows) for key, rows in written.items()]),
        ("Would enqueue", [*report.enqueued]),
        ("Would call on commit", [*report.on_commit]),
        ("Not undone", [*report.warnings]),
    ]
    return [(kind, _cut(lines)) for kind, lines in kinds if lines]


def activity_lines(activity: Activity, *, full: bool, finished: bool) -> list[str]:
    """The lines below a task's first one; with `full`, the statements too."""
    lines: list[str] = []
    if activity.dry_run is not None and finished:
        lines.append(f"  {ROLLED_BACK}")
        for kind, reported in dry_run_lines(activity.dry_run):
            lines += [f"    {kind}: {line}" for line in reported]
    lines += [f"  {line}" for line in advice_lines(activity)]
    if full or activity.is_detailed:
        queries = queries_text(activity)
        lines += [f"  {queries}"] if queries else []
        lines += [f"    {line}" for line in query_lines(activity)]
    mails = mails_text(activity)
    if mails:
        lines += [f"  {mails}", *(f"    {line}" for line in mail_lines(activity))]
    return lines


def place_text(query: Query) -> str:
    """`shop/tasks.py:31 in bill`; empty where no line of the project asked."""
    if query.place is None:
        return ""
    file, number, function = query.place
    if "ipykernel_" in file or file.startswith("<ipython-input"):
        return f"the notebook, line {number} in {function}"
    parts = file.replace("\\", "/").split("/")
    return one_line(f"{'/'.join(parts[-2:])}:{number} in {function}", LINE)


def _query(query: Query) -> str:
    times = f"{query.count:,} times: " if query.count > 1 else ""
    facts = [duration(query.seconds)]
    if query.rows:
        facts.append(_counted(query.rows, "row"))
    if query.failed:
        facts.append(f"{query.failed:,} failed")
    place = place_text(query)
    if place:
        facts.append(place)
    return f"{times}{one_line(query.sql, SQL)}  ({', '.join(facts)})"


def _written(alias: str, verb: str, table: str, rows: int) -> str:
    where = "" if alias == "default" else f" on {alias}"
    return f"{verb} {table}: {_counted(rows, 'row')}{where}"


def _cut(lines: list[str]) -> list[str]:
    shown = [one_line(line, LINE) for line in lines[:REPORTED]]
    return shown + [f"…{len(lines) - REPORTED:,} more"] * (len(lines) > REPORTED)


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
