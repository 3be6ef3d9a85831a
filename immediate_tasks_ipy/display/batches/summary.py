"""What is shown of a batch at one moment: decided here, drawn by its card and its text."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from immediate_tasks_ipy.display.summary import ID_PREFIX, NOTE, TaskSummary, glyph
from immediate_tasks_ipy.display.times import duration, elapsed, estimate
from immediate_tasks_ipy.display.values import one_line
from immediate_tasks_ipy.task_history.session import current_session

from .labels import ItemLabels

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import BatchStats

TIMES = "\N{MULTIPLICATION SIGN}"
#: Kinds of exceptions that are shown, items of a kind that are named, characters of what
#: stopped a batch.
KINDS, NAMED, ERROR = 4, 8, 400


class FailureKind(NamedTuple):
    """The failures of one exception class."""

    failures: int
    #: The first of them, its label, and those of some others.
    first: TaskSummary
    label: str
    others: list[str]

    @property
    def title(self) -> str:
        """How many, and the headline of the first."""
        return f"{self.failures:,} {TIMES} {self.first.headline(96)}"

    @property
    def where(self) -> str:
        """`first: …/page/17, after 1.20 s`."""
        first = "first: " if self.failures > 1 else ""
        took = f", after {self.first.took}" if self.first.took else ""
        return f"{first}{self.label}{took}"

    @property
    def also(self) -> str:
        """`also …/page/58, …/page/204`; empty where there is one."""
        if not self.others:
            return ""
        more = self.failures - 1 - len(self.others)
        rest = f" and {more:,} more" if more > 0 else ""
        return f"also {', '.join(self.others)}{rest}"


class BatchSummary:
    """One batch at one moment; `now` (aware) is what a running one is measured to.

    Sentences have what is to be typed between backticks.
    """

    def __init__(self, batch: BatchStats, now: datetime) -> None:
        self.batch = batch
        self.now = now
        self.is_running = batch.finished_at is None
        self._seconds = batch.seconds(now)
        self.was_stopped = not self.is_running and (batch.was_interrupted or batch.was_cancelled)
        #: The status that the batch as a whole is coloured by.
        self.status = self._status()
        self.glyph = glyph(self.status)

    def _status(self) -> str:
        batch = self.batch
        if self.is_running:
            return "RUNNING"
        if batch.was_cancelled and not batch.failed:
            return "CANCELLED"
        return "FAILED" if batch.failed or batch.error else "SUCCESSFUL"

    def call(self, limit: int = 64) -> str:
        """The call as written, `fetch(url)`."""
        return one_line(self.batch.label, limit)

    @property
    def size(self) -> str:
        """How many tasks there are, with `so far` while the iterable is still being read."""
        batch = self.batch
        if batch.total is not None:
            return f"{TIMES} {batch.total:,}"
        return f"{TIMES} {batch.enqueued:,}" + (" so far" if self.is_running else "")

    @property
    def status_text(self) -> tuple[str, str]:
        """The counts, and how long: `4 FAILED, 246 SUCCESSFUL`, `in 18.4 s`."""
        batch = self.batch
        if self.is_running:
            known = batch.enqueued if batch.total is None else batch.total
            text = f"{batch.finished:,} of {known:,} finished"
            left = batch.seconds_left_at(self.now)
            if left is not None:
                text += f", about {estimate(left)} left"
            if batch.is_in_background:
                text += f", for {elapsed(self._seconds)} in the background"
            return "RUNNING:", text
        took = duration(self._seconds)
        if batch.was_interrupted:
            return "INTERRUPTED", f"after {took}"
        if batch.was_cancelled:
            return "CANCELLED", f"by you after {took}"
        if not batch.enqueued and not batch.error:
            return "SUCCESSFUL:", "nothing to run"
        early = "STOPPED early: " if batch.error else ""
        times = {0: "", 1: ", interrupted once", 2: ", interrupted twice"}
        stops = batch.interruptions
        return f"{early}{self._counts}", f"in {took}" + times.get(
            stops, f", interrupted {stops:,} times"
        )

    @property
    def _counts(self) -> str:
        batch = self.batch
        counts = []
        if batch.failed:
            counts.append(f"{batch.failed:,} FAILED")
        if batch.cancelled:
            counts.append(f"{batch.cancelled:,} CANCELLED")
        if batch.successful or not (batch.failed or batch.cancelled):
            counts.append(f"{batch.successful:,} SUCCESSFUL")
        if batch.waiting:
            counts.append(f"{batch.waiting:,} not run")
        return ", ".join(counts)

    @property
    def parts(self) -> list[tuple[str, int, str]]:
        """The parts of the bar that are not empty: (status, count, word), good news first."""
        batch = self.batch
        all_parts = [
            ("SUCCESSFUL", batch.successful, "successful"),
            ("FAILED", batch.failed, "failed"),
            ("CANCELLED", batch.cancelled, "cancelled"),
            ("RUNNING", max(0, batch.running), "running"),
            ("READY", batch.waiting, "ready" if self.is_running else "not run"),
        ]
        return [part for part in all_parts if part[1]]

    @property
    def rate(self) -> str:
        """`12.8 tasks/s`; empty before the first has finished."""
        rate = self.batch.rate_at(self.now)
        if not rate:
            return ""
        if rate >= 0.1:  # noqa: PLR2004 (slower is given by the minute)
            return f"{rate:,.1f} tasks/s" if rate < 100 else f"{rate:,.0f} tasks/s"  # noqa: PLR2004
        return f"{rate * 60:,.1f} tasks/min"

    # -- sentences ---------------------------------------------------------------

    @property
    def error(self) -> str:
        """What stopped the batch before its end; empty if nothing did, or the user."""
        batch = self.batch
        stopped_by_user = batch.was_interrupted or batch.was_cancelled
        return one_line(batch.error, ERROR) if batch.error and not stopped_by_user else ""

    @property
    def notes(self) -> list[str]:
        """What there is, and what can be done now."""
        batch, notes, has_magics = self.batch, [], current_session().has_magics
        if self.was_stopped:
            word = "Interrupted" if batch.was_interrupted else "Cancelled"
            ended = batch.successful + batch.failed
            of = "" if batch.total is None else f" of {batch.total:,}"
            notes.append(f"{word} after {ended:,}{of}: {self._kept}{self._way_on}")
        elif self.error and batch.enqueued:
            notes.append(f"{self._kept[0].upper()}{self._kept[1:]}{self._way_on}")
        elif self.is_running and batch.is_in_background and has_magics:
            notes.append(f"`%tasks cancel {batch.id[:ID_PREFIX]}` ends all of it")
        if not self.is_running and batch.failed and not self.was_stopped and has_magics:
            what = "it" if batch.failed == 1 else f"the {batch.failed:,}"
            notes.append(f"`%tasks rerun --failed` runs {what} again")
        return [*self._engine_notes(), *notes, *self._file_notes()]

    def _engine_notes(self) -> list[str]:
        """What the tasks wait for, as their engine says: a cluster without workers."""
        if self.batch.note is None:
            return []
        note, count = self.batch.note
        tasks = "1 task" if count == 1 else f"{count:,} tasks"
        return [f"{tasks}: {one_line(note, NOTE)}"]

    @property
    def _way_on(self) -> str:
        """What goes on with a batch that was ended early; empty if nothing can."""
        can_go_on = self.batch.is_resumable and current_session().has_magics
        return "; `%tasks resume -1` goes on" if can_go_on else ""

    @property
    def _kept(self) -> str:
        """`390 results are in `z``: where they are."""
        batch = self.batch
        count = batch.successful
        if not count:
            return "no results yet"
        if batch.name is None and not current_session().has_magics:
            return "1 result is kept" if count == 1 else f"{count:,} results are kept"
        place = batch.name or f"%tasks value {batch.id[:ID_PREFIX]}"
        return f"1 result is in `{place}`" if count == 1 else f"{count:,} results are in `{place}`"

    def _file_notes(self) -> list[str]:
        batch, notes = self.batch, []
        if batch.file is None:
            return []
        name = f"`{one_line(batch.file.path.name, 64)}`"
        if batch.restored:
            notes.append(f"{batch.restored:,} taken from {name}")
        if batch.file.refused:
            reason = one_line(batch.file.reason, 160)
            notes.append(f"{batch.file.refused:,} not kept in {name}: {reason}")
        return notes

    # -- single tasks ------------------------------------------------------------

    @property
    def failures_title(self) -> str:
        """How often each exception occurred, the most frequent first."""
        counts = self.batch.error_counts.most_common()
        parts = [f"{count:,} {TIMES} {one_line(str(name), 40)}" for name, count in counts[:KINDS]]
        rest = self.other_failures
        if rest:
            parts.append(f"{rest:,} {TIMES} others")
        return f"Failures: {', '.join(parts)}"

    @property
    def other_failures(self) -> int:
        """How many failures are of a kind that is not shown."""
        return sum(count for _, count in self.batch.error_counts.most_common()[KINDS:])

    def failures(self, limit: int) -> list[FailureKind]:
        """The failures by exception class, the most frequent first; `limit` cuts their labels."""
        batch = self.batch
        found = [
            (count, entries)
            for name, count in batch.error_counts.most_common()[:KINDS]
            if (entries := batch.failures_of(name))
        ]
        labels = ItemLabels(batch, [entry for _, entries in found for entry in entries])
        return [
            FailureKind(
                count,
                TaskSummary(entries[0], self.now),
                labels.label(entries[0], limit),
                [labels.label(entry, limit) for entry in entries[1 : NAMED + 1]],
            )
            for count, entries in found
        ]

    @property
    def slowest(self) -> list[TaskSummary]:
        """The slowest tasks, if some can be named slower than the others; slowest first."""
        entries = self.batch.slowest
        if self.is_running or self.batch.successful <= len(entries):
            return []
        return [TaskSummary(entry, self.now) for entry in entries]

    @property
    def durations(self) -> str:
        """`median 61 ms, 95% under 0.44 s`; empty before the first has finished."""
        seconds = sorted(self.batch.durations)
        if not seconds:
            return ""
        middle = seconds[len(seconds) // 2]
        high = seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]
        return f"median {duration(middle)}, 95% under {duration(high)}"
