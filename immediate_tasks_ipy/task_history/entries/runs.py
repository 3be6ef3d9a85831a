"""What belongs together: the runs of one task, and the tasks that a task has enqueued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from immediate_tasks_ipy.task_history.entry import Entry


class Runs:
    """The runs of one task, oldest first, as far as the history holds them."""

    __slots__ = ("_entries", "_last_number", "planned")

    def __init__(self, first: Entry) -> None:
        self._entries: dict[int, Entry] = {first.key: first}
        self._last_number = first.run_number
        #: Of each run that is about to be enqueued: the number of the last one before it.
        self.planned: list[int] = []

    def add(self, entry: Entry) -> None:
        """The task runs again."""
        self._last_number += 1
        entry.run_number = self._last_number
        entry.runs = self
        self._entries[entry.key] = entry

    def discard(self, entry: Entry) -> None:
        """The history has dropped a run."""
        self._entries.pop(entry.key, None)

    @property
    def entries(self) -> list[Entry]:
        """The runs that the history holds, oldest first."""
        return list(self._entries.values())

    @property
    def last_number(self) -> int:
        """The number of the newest run."""
        return self._last_number

    def supersede(self, entry: Entry) -> bool:
        """Whether a later run has made this one's failure good, or is about to.

        One that was cancelled has not. One that failed too has its own failure for that.
        """
        if any(entry.run_number <= last for last in self.planned):
            return True
        later = [run for run in self.entries if run.run_number > entry.run_number]
        return any(not run.is_cancelled for run in later)


def runs_of(entry: Entry) -> Runs:
    """The runs that an entry is one of; made if it is the only one so far."""
    if entry.runs is None:
        entry.runs = Runs(entry)
    return cast("Runs", entry.runs)


def link(entry: Entry) -> None:
    """Make a new entry known to the first run of its task, and to its parent."""
    submission = entry.submission
    if submission is None:
        return
    if submission.rerun_of is not None:
        runs_of(submission.rerun_of).add(entry)
        if submission.batch is not None:
            submission.batch.adopt(entry)
    parent = submission.parent
    if parent is not None:
        if parent.children_by_key is None:
            parent.children_by_key = {}
        parent.children_by_key[entry.key] = entry


def unlink(entry: Entry) -> None:
    """The history has dropped an entry."""
    if entry.runs is not None:
        entry.runs.discard(entry)
    parent = entry.parent
    if parent is not None and parent.children_by_key is not None:
        parent.children_by_key.pop(entry.key, None)


@contextmanager
def planned(entries: Iterable[Entry]) -> Iterator[None]:
    """Count failures as about to be made good, so that nobody else runs them again."""
    plans = [(runs, runs.last_number) for runs in map(runs_of, entries)]
    for runs, last in plans:
        runs.planned.append(last)
    try:
        yield
    finally:
        for runs, last in plans:
            runs.planned.remove(last)


def entry_of(recorder: Any, result: Any) -> Entry:
    """The entry of a result, from a recorder; one for itself if the history has dropped it."""
    return cast("Entry | None", recorder.entry_of(result)) or Entry(0, result)
