"""How a batch stands, in words: what its card and its text have in common."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .plain_text import one_line
from .times import between, duration, estimate

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Batch

TIMES = "\N{MULTIPLICATION SIGN}"
#: Kinds of exceptions that are counted by name.
KINDS = 4


def state(batch: Batch) -> str:
    """The status that the batch as a whole is coloured by."""
    if batch.finished_at is None:
        return "RUNNING"
    return "FAILED" if batch.failed or batch.error else "SUCCESSFUL"


def size_text(batch: Batch) -> str:
    """How many tasks there are, with `so far` while the iterable is still being read."""
    if batch.total is not None:
        return f"{TIMES} {batch.total:,}"
    return f"{TIMES} {batch.enqueued:,}" + (" so far" if batch.finished_at is None else "")


def standing(batch: Batch, now: datetime) -> tuple[str, str]:
    """The counts, and how long: `4 FAILED, 246 SUCCESSFUL`, `in 18.4 s`."""
    seconds = between(batch.started_at, batch.finished_at or now) or 0.0
    if batch.finished_at is None:
        known = batch.enqueued if batch.total is None else batch.total
        told = f"{batch.finished:,} of {known:,} finished"
        left = seconds_left(batch, seconds)
        return "RUNNING:", told if left is None else f"{told}, about {estimate(left)} left"
    if not batch.enqueued and not batch.error:
        return "SUCCESSFUL:", "nothing to run"
    counts = []
    if batch.failed:
        counts.append(f"{batch.failed:,} FAILED")
    if batch.successful or not batch.failed:
        counts.append(f"{batch.successful:,} SUCCESSFUL")
    if batch.waiting:
        counts.append(f"{batch.waiting:,} not run")
    early = "STOPPED early: " if batch.error else ""
    return early + ", ".join(counts), f"in {duration(seconds)}"


def seconds_left(batch: Batch, seconds: float) -> float | None:
    """An estimate from the rate so far; None where nothing can be said."""
    if batch.total is None or not batch.finished or seconds <= 0 or batch.error:
        return None
    return max(0.0, (batch.total - batch.finished) * seconds / batch.finished)


def parts(batch: Batch) -> list[tuple[str, int, str]]:
    """The parts of the bar that are not empty: (status, count, word), good news first."""
    all_parts = [
        ("SUCCESSFUL", batch.successful, "successful"),
        ("FAILED", batch.failed, "failed"),
        ("RUNNING", max(0, batch.running), "running"),
        ("READY", batch.waiting, "ready" if batch.finished_at is None else "not run"),
    ]
    return [part for part in all_parts if part[1]]


def rate_text(batch: Batch, now: datetime) -> str:
    """`12.8 tasks/s`, or nothing before the first has finished."""
    seconds = between(batch.started_at, batch.finished_at or now) or 0.0
    if not batch.finished or seconds <= 0:
        return ""
    rate = batch.finished / seconds
    if rate >= 0.1:  # noqa: PLR2004 (slower is told by the minute)
        return f"{rate:,.1f} tasks/s" if rate < 100 else f"{rate:,.0f} tasks/s"  # noqa: PLR2004
    return f"{rate * 60:,.1f} tasks/min"


def kinds_text(batch: Batch) -> str:
    """How often each exception occurred, the most frequent first."""
    counts = batch.error_counts.most_common()
    told = [f"{count:,} {TIMES} {one_line(str(name), 40)}" for name, count in counts[:KINDS]]
    rest = sum(count for _, count in counts[KINDS:])
    if rest:
        told.append(f"{rest:,} {TIMES} others")
    return ", ".join(told)


def has_slow_ones(batch: Batch) -> bool:
    """Tell whether some tasks can be named slower than the others."""
    return batch.successful > len(batch.slowest) > 0


def spread_text(batch: Batch) -> str:
    """`median 61 ms, 95% under 0.44 s`."""
    seconds = sorted(batch.durations)
    if not seconds:
        return ""
    middle = seconds[len(seconds) // 2]
    high = seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]
    return f"median {duration(middle)}, 95% under {duration(high)}"
