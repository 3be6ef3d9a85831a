"""The attempts of a task, its child tasks and its progress, in words."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from immediate_tasks_ipy.display.times import duration, estimate
from immediate_tasks_ipy.display.values import HEADLINE, call_text, one_line, preview
from immediate_tasks_ipy.task_history.session import current_session

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry
    from immediate_tasks_ipy.tasks.progress import Progress

#: Attempts and child tasks that are listed; characters of a child's call, and of a report.
ATTEMPTS, CHILDREN, CALL, TEXT = 10, 8, 64, 80
_ORDER = ("FAILED", "RUNNING", "READY", "CANCELLED", "SUCCESSFUL")
_SCALES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class Line(NamedTuple):
    """A related task in one line."""

    #: Which attempt it is, from 1; 0 for a child.
    number: int
    #: The status its glyph stands for.
    status: str
    text: str
    #: How long it ran; empty where that is not known.
    took: str = ""


def shown_status(entry: Entry) -> str:
    """The status, or `CANCELLED` for what the user has ended."""
    return "CANCELLED" if entry.is_cancelled else one_line(str(entry.result.status), 20)


def attempts(entry: Entry) -> list[Line]:
    """The attempts of a task, over all its runs, oldest first; none where there was only one."""
    runs = [entry] if entry.runs is None else entry.runs.entries
    lines: list[Line] = []
    for run in runs:
        lines += _attempts_of_run(run, len(lines))
    return lines[-ATTEMPTS:] if len(lines) > 1 else []


def at_attempt(entry: Entry) -> str:
    """`at attempt 2 ` of its task, for an entry's newest; empty at the first."""
    runs = [entry] if entry.runs is None else entry.runs.entries
    number = sum(_count(run) for run in runs if run.run_number <= entry.run_number)
    return f"at attempt {number:,} " if number > 1 else ""


def _count(run: Entry) -> int:
    result = run.result
    still_open = str(result.status) != "FAILED"
    return max(1, int(result.attempts), len(result.errors) + still_open)


def _attempts_of_run(run: Entry, before: int) -> list[Line]:
    from immediate_tasks_ipy.display.tracebacks import error_headline

    result, status = run.result, shown_status(run)
    count = _count(run)
    lines = []
    for index in range(count - 1):
        lost = index >= len(result.errors)
        text = "its worker was lost" if lost else error_headline(result.errors[index], HEADLINE)
        lines.append(Line(before + index + 1, "FAILED", text))
    if status == "SUCCESSFUL":
        text = preview(result.return_value)
    elif status in {"FAILED", "CANCELLED"}:
        text = error_headline(result.errors[-1], HEADLINE) if result.errors else status.lower()
    else:
        text = status.lower()
    took = "" if run.seconds is None else duration(run.seconds)
    return [*lines, Line(before + count, status, text, took)]


def children(entry: Entry) -> list[Line]:
    """The child tasks that are listed, failures first."""
    found = sorted(entry.children, key=lambda child: _ORDER.index(_known(child)))
    return [
        Line(0, _known(child), call_text(child, CALL),
             "" if child.seconds is None else duration(child.seconds))
        for child in found[:CHILDREN]
    ]  # fmt: skip


def children_title(entry: Entry) -> str:
    """`3 child tasks: 1 failed, 2 successful`; empty where there are none."""
    found = entry.children
    if not found:
        return ""
    counts = Counter(map(_known, found))
    parts = [f"{counts[status]:,} {status.lower()}" for status in _ORDER if counts[status]]
    return f"{len(found):,} child task{'s' * (len(found) != 1)}: {', '.join(parts)}"


def _known(entry: Entry) -> str:
    status = shown_status(entry)
    return status if status in _ORDER else "READY"


# -- progress ---------------------------------------------------------------


def shown_progress(entry: Entry, now: datetime) -> str:
    """How far a running task has come, with the time left; else what it reported last."""
    progress, status = entry.progress, str(entry.result.status)
    if progress is None or status == "SUCCESSFUL":
        return ""
    return progress_text(progress, now if status == "RUNNING" else None)


def shown_fraction(entry: Entry) -> float | None:
    """How much of a running task is done, from 0 to 1; None where it does not say."""
    progress = entry.progress
    return progress.fraction if progress and str(entry.result.status) == "RUNNING" else None


def progress_text(progress: Progress, now: datetime | None = None) -> str:
    """`3 of 10, epoch 3`, `62%, 84 of 135 MB`, `412 so far`; with `now`, the time left too."""
    parts = [_amount(progress)]
    if progress.text:
        parts.append(one_line(progress.text, TEXT))
    left = None if now is None else progress.seconds_left(now)
    if left is not None and progress.done != progress.total:
        parts.append(f"about {estimate(left)} left")
    return ", ".join(parts)


def _amount(progress: Progress) -> str:
    done, total = progress.done, progress.total
    if progress.unit != "B":
        return f"{_number(done)} " + ("so far" if total is None else f"of {_number(total)}")
    scale, unit = next(((s, u) for s, u in _SCALES if (total or done) >= s), (1.0, "B"))
    if total is None:
        return f"{_scaled(done / scale)} {unit} so far"
    fraction = progress.fraction or 0.0
    return f"{fraction:.0%}, {_scaled(done / scale)} of {_scaled(total / scale)} {unit}"


def _number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.6g}"


def _scaled(number: float) -> str:
    return f"{number:.1f}" if number < 10 and number != int(number) else f"{number:,.0f}"  # noqa: PLR2004


def background_words() -> str:
    """What is said of a task that nobody waits for."""
    way = "; %tasks shows it" if current_session().has_magics else ""
    return f"in the background{way}"
