"""Many tasks enqueued together, as far as a card needs to know them."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from datetime import UTC, datetime

from .entry import Entry

#: Entries kept for the tables of failures and of slow tasks.
SHOWN_FAILURES, SHOWN_SLOWEST = 20, 3


class Batch:
    """Counts and extremes of the tasks of one `--each`, updated as they start and end."""

    def __init__(self, label: str, total: int | None = None) -> None:
        #: The call as written, `fetch(url)`.
        self.label = label
        #: How many items there are; None while an iterable of unknown length is read.
        self.total = total
        self.started_at = datetime.now(UTC)
        self.finished_at: datetime | None = None
        #: What stopped the batch before its end, in one sentence.
        self.error: str | None = None
        self.enqueued = 0
        self.running = 0
        self.successful = 0
        self.failed = 0
        #: The first failures, in order of arrival.
        self.failures: list[Entry] = []
        #: How often each exception class ended a task, by its short name.
        self.error_counts: Counter[str] = Counter()
        #: Seconds that each finished task ran.
        self.durations = array("d")
        self._slowest: list[tuple[float, int, Entry]] = []

    @property
    def finished(self) -> int:
        """How many tasks have ended, whichever way."""
        return self.successful + self.failed

    @property
    def waiting(self) -> int:
        """How many tasks are known and have not begun."""
        known = self.enqueued if self.total is None else self.total
        return max(0, known - self.finished - self.running)

    @property
    def slowest(self) -> list[Entry]:
        """The successful tasks that took longest, slowest first."""
        return [entry for _, _, entry in sorted(self._slowest, reverse=True)]

    @property
    def rate(self) -> float:
        """Tasks finished per second so far."""
        elapsed = ((self.finished_at or datetime.now(UTC)) - self.started_at).total_seconds()
        return self.finished / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rate so far; None where nothing can be said."""
        if self.total is None or not self.finished or self.finished_at is not None:
            return None
        return (self.total - self.finished) / self.rate if self.rate else None

    def started(self) -> None:
        self.enqueued += 1
        self.running += 1

    def ended(self, entry: Entry) -> None:
        self.running -= 1
        seconds = entry.seconds or 0.0
        self.durations.append(seconds)
        if entry.result.status == "FAILED":
            self.failed += 1
            path = entry.result.errors[-1].exception_class_path if entry.result.errors else "?"
            self.error_counts[path.rpartition(".")[2]] += 1
            if len(self.failures) < SHOWN_FAILURES:
                self.failures.append(entry)
            return
        self.successful += 1
        candidate = (seconds, entry.key, entry)
        if len(self._slowest) < SHOWN_SLOWEST:
            heapq.heappush(self._slowest, candidate)
        elif candidate > self._slowest[0]:
            heapq.heapreplace(self._slowest, candidate)
