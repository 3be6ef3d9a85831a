"""Many tasks enqueued together, counted: what a card of a batch shows."""

from __future__ import annotations

import heapq
import weakref
from array import array
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.tasks.lifecycle import random_id

#: Entries kept for the tables of failures and of slow tasks.
SHOWN_FAILURES, SHOWN_SLOWEST = 20, 3
#: Exception classes of which the first failures are kept, and how many of each.
KINDS, SHOWN_OF_KIND = 8, 9


class BatchStats:
    """Counts and extremes of the tasks of one `--each`, updated as they start and end.

    An item that runs again, after an interrupt or a failure, is counted by its newest run.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        #: What `%tasks resume` and `%tasks cancel` name it by.
        self.id = random_id()
        #: The call as written, `fetch(url)`.
        self.label = label
        #: The text of the cell that started it; None if no magic did.
        self.source: str | None = None
        #: The variable that its results are bound to, where that is known.
        self.name: str | None = None
        #: How many items there are; None while an iterable of unknown length is read.
        self.total = total
        self.started_at = datetime.now(UTC)
        self.finished_at: datetime | None = None
        #: What stopped the batch before its end, in one sentence.
        self.error: str | None = None
        #: Did the user stop it? And how often, so far?
        self.was_interrupted = self.was_cancelled = False
        self.interruptions = 0
        #: Has it ended early, and can go on?
        self.is_resumable = False
        #: The file that keeps its results, a `ResumeFile`.
        self.file: Any = None
        #: Does no cell wait for it?
        self.is_in_background = False
        self.enqueued = 0
        self.running = 0
        self.successful = 0
        self.failed = 0
        #: Tasks that the user has stopped.
        self.cancelled = 0
        #: Items that have run again, and results that were taken from a file.
        self.rerun = 0
        self.restored = 0
        #: How often each exception class ended a task, by its short name.
        self.error_counts: Counter[str] = Counter()
        #: Seconds that each finished task ran.
        self.durations = array("d")
        #: The first failures, in order of arrival.
        self.failures: list[Entry] = []
        self._first_of_kind: dict[str, list[Entry]] = {}
        #: What items were counted as that were no success: the kind of the failure, or "".
        self._kinds: dict[int, str] = {}
        #: What the items that have not ended wait for, as their engine says, by their indexes.
        self._notes: dict[int, str] = {}
        self._slowest: list[tuple[float, int, Entry]] = []
        self._resumed_at: datetime | None = None
        self._seconds_before = 0.0
        self._followed_by: Any = None

    @property
    def finished(self) -> int:
        """How many tasks have ended, whichever way."""
        return self.successful + self.failed + self.cancelled

    @property
    def waiting(self) -> int:
        """How many tasks are known and have not begun."""
        known = self.enqueued if self.total is None else self.total
        return max(0, known - self.finished - self.running)

    def failures_of(self, kind: str) -> list[Entry]:
        """The first failures with that exception class, by its short name."""
        return list(self._first_of_kind.get(kind, ()))

    @property
    def note(self) -> tuple[str, int] | None:
        """What most of the items that wait for something wait for, and how many of them."""
        notes = Counter(list(self._notes.values())).most_common(1)
        return notes[0] if notes else None

    @property
    def slowest(self) -> list[Entry]:
        """The successful tasks that took longest, slowest first."""
        return [entry for _, _, entry in sorted(self._slowest, reverse=True)]

    def seconds(self, now: datetime) -> float:
        """How long the batch has been running, pauses after interrupts left out."""
        end = self.finished_at or now
        began = self._resumed_at or self.started_at
        return self._seconds_before + max(0.0, (end - began).total_seconds())

    def rate_at(self, now: datetime) -> float:
        """Tasks finished per second so far, those from a file left out."""
        seconds, finished = self.seconds(now), self.finished - self.restored
        return finished / seconds if seconds > 0 else 0.0

    def seconds_left_at(self, now: datetime) -> float | None:
        """An estimate from the rate so far; None where nothing can be said."""
        rate = self.rate_at(now)
        if self.total is None or self.finished_at is not None or self.error or not rate:
            return None
        return max(0.0, (self.total - self.finished) / rate)

    @property
    def rate(self) -> float:
        """Tasks finished per second so far, as of now."""
        return self.rate_at(datetime.now(UTC))

    @property
    def seconds_left(self) -> float | None:
        """An estimate as of now; None where nothing can be said."""
        return self.seconds_left_at(datetime.now(UTC))

    def sample(self, count: int) -> list[Any]:
        """Some of the results, from all over the batch, as far as somebody holds them."""
        items = None if self._followed_by is None else self._followed_by()
        results = [] if items is None else items.live
        step = max(1, len(results) // count)
        return [result for result in results[::step][:count] if result is not None]

    # -- what feeds it: see ItemResults ----------------------------------------

    def follow(self, items: Any) -> None:
        """Let the results that are collected in `items` know of runs from elsewhere."""
        self._followed_by = weakref.ref(items)

    def adopt(self, entry: Entry) -> None:
        """An item's task runs again, from elsewhere."""
        items = None if self._followed_by is None else self._followed_by()
        if items is not None:
            items.adopt(entry)

    def begin(self) -> None:
        """Jobs follow, for the first time or again."""
        if self.finished_at is not None:
            self._seconds_before = self.seconds(self.finished_at)
            self.finished_at = None
            self._resumed_at = datetime.now(UTC)
        self.error = None
        self.was_interrupted = self.was_cancelled = False

    def end(self) -> None:
        """All tasks have ended, and none follows."""
        self.finished_at = datetime.now(UTC)
        items = None if self._followed_by is None else self._followed_by()
        if self.total is not None and items is not None:
            # `len` said it before they were read: a list may have grown meanwhile.
            least = self.total if self.error else 0
            self.total = max(least, len(items.live))

    def started(self) -> None:
        """A task was enqueued, and runs."""
        self.enqueued += 1
        self.running += 1

    def noted(self, index: int, entry: Entry) -> None:
        """What an item waits for has changed, or it has ended."""
        if entry.note and not entry.result.is_finished:
            self._notes[index] = entry.note
        else:
            self._notes.pop(index, None)

    @property
    def has_notes(self) -> bool:
        """Whether some items wait for something."""
        return bool(self._notes)

    def ended(self, entry: Entry) -> None:
        """A running task has ended."""
        self.running -= 1
        has_failed = entry.result.status == "FAILED"
        if has_failed and entry.is_cancelled:
            self.cancelled += 1
            self._count_as(entry, "")
            return
        seconds = entry.seconds or 0.0
        self.durations.append(seconds)
        if has_failed:
            self._failed(entry)
            return
        self.successful += 1
        candidate = (seconds, entry.key, entry)
        if len(self._slowest) < SHOWN_SLOWEST:
            heapq.heappush(self._slowest, candidate)
        elif candidate > self._slowest[0]:
            heapq.heapreplace(self._slowest, candidate)

    def _failed(self, entry: Entry) -> None:
        self.failed += 1
        path = entry.result.errors[-1].exception_class_path if entry.result.errors else "?"
        kind = path.rpartition(".")[2]
        self.error_counts[kind] += 1
        self._count_as(entry, kind)
        if len(self.failures) < SHOWN_FAILURES:
            self.failures.append(entry)
        if kind in self._first_of_kind or len(self._first_of_kind) < KINDS:
            first = self._first_of_kind.setdefault(kind, [])
            if len(first) < SHOWN_OF_KIND:
                first.append(entry)

    def _count_as(self, entry: Entry, kind: str) -> None:
        if entry.item is not None:
            self._kinds[entry.item] = kind

    def runs_again(self, index: int) -> None:
        """An item that has ended runs again: it no longer counts as it did."""
        self.rerun += 1
        kind = self._kinds.pop(index, None)
        if kind is None:
            self.successful -= 1
        elif not kind:
            self.cancelled -= 1
        else:
            self.failed -= 1
            self.error_counts[kind] -= 1
            if not self.error_counts[kind]:
                del self.error_counts[kind]
            self.failures = [entry for entry in self.failures if entry.item != index]
            first = [one for one in self._first_of_kind.pop(kind, ()) if one.item != index]
            if first:
                self._first_of_kind[kind] = first
