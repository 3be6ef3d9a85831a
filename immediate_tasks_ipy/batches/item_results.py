"""The results of a batch by item, and its counts, as the recorder reports them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from immediate_tasks_ipy.task_history import Entry, Job, Recorder
from immediate_tasks_ipy.task_history.entries.runs import entry_of

from .batch_stats import BatchStats

#: How far a task has come; one that has ended is forgotten.
_NEW, _ENQUEUED, _RUNNING = range(3)

#: Called with the index of an item and its entry.
ItemCallback = Callable[[int, Entry], object]


class ItemResults:
    """Collects results in the order of the items, and counts into `stats`.

    It follows each task to its end, which may be long after the last one was enqueued; the
    run of an item that runs again takes the place of the one before. Every method may be
    called from any thread.
    """

    def __init__(self, stats: BatchStats, recorder: Recorder, *, capture: bool) -> None:
        self.stats = stats
        stats.follow(self)
        #: None where nothing is enqueued yet, or never was: at the indexes in `holes`.
        self.live: list[Any] = []
        self.holes: set[int] = set()
        #: Called when a task starts, and when one has ended, on the thread that brings it about.
        self.on_start: ItemCallback | None = None
        self.on_end: ItemCallback | None = None
        self._recorder = recorder
        self._capture = capture
        self._lock = threading.Lock()
        self._stages: dict[int, int] = {}
        self._is_complete = False
        # Ends that have been counted, and not reported to the listeners yet.
        self._unreported = 0
        self._listeners: tuple[Callable[[Any | None], object], ...] = ()

    @property
    def results(self) -> list[Any]:
        """The results so far, in the order of the items."""
        if not self.holes:
            return self.live
        return [result for result in self.live if result is not None]

    @property
    def is_finished(self) -> bool:
        """Whether no job follows, and every task has ended."""
        return self.stats.finished_at is not None

    @property
    def is_complete(self) -> bool:
        """Whether no job follows; some tasks may not have ended."""
        return self._is_complete

    def begin(self) -> None:
        """Jobs follow, for the first time or again."""
        with self._lock:
            self._is_complete = False
            self.stats.begin()

    def expect(self, job: Job) -> int:
        """Expect the result of a job that is about to be enqueued; returns its index."""
        submission = job.submission
        if self._capture:
            submission.output_redirected = True
        # A job that runs an item of another batch again stays that batch's.
        is_ours = submission.batch is None or submission.batch is self.stats
        with self._lock:
            index = submission.item if is_ours else None
            if index is None or index >= len(self.live):
                index = len(self.live)
                self.live.append(None)
                self.holes.add(index)
            self._stages[index] = _NEW
        if is_ours:
            submission.batch, submission.item = self.stats, index
        submission.listen(partial(self._changed, index))
        return index

    def attach(self, job: Job, result: Any) -> None:
        """Take note of a result, if no signal has reported it."""
        self._recorder.attach(job.submission, result)

    def adopt(self, entry: Entry) -> None:
        """An item's task runs again, from elsewhere: it takes the place of the run before."""
        index, submission = entry.item, entry.submission
        with self._lock:
            if index is None or submission is None or index in self._stages:
                return  # it is expected
            self._stages[index] = _NEW
            self.stats.finished_at = None
        submission.listen(partial(self._changed, index))

    def restore(self, job: Job, result: Any) -> None:
        """Take a result that has finished in an earlier session."""
        index = self.expect(job)
        self._recorder.attach(job.submission, result)
        with self._lock:
            self.stats.restored += 1
            self._stages.pop(index, None)

    def withdraw(self, index: int) -> None:
        """Expect no result of a job for which nothing could be enqueued."""
        with self._lock:
            if self._stages.get(index) == _NEW:
                del self._stages[index]

    def complete(self, error: str | None = None) -> None:
        """No job follows; `error` is what kept the rest from being enqueued."""
        with self._lock:
            self._is_complete = True
            if error is not None:
                self.stats.error = error
        if error is not None:
            self._settle()
        self._finish_when_done()

    def _settle(self) -> None:
        """Count what has ended without a report: the history may be disconnected by now."""
        for index in list(self._stages):
            result = self.live[index]
            if result is None:
                self.withdraw(index)
            elif result.is_finished:
                self._changed(index, entry_of(self._recorder, result))

    def subscribe(self, listener: Callable[[Any | None], object]) -> list[Any]:
        """Call with every result that ends from now on, and with None when all have ended.

        Returns the results that have ended before. The listener is called on any thread, must
        be quick and never raise. If all have ended already, it is never called.
        """
        with self._lock:
            self._listeners += (listener,)
            return [result for result in self.results if result.is_finished]

    def unsubscribe(self, listener: Callable[[Any | None], object]) -> None:
        with self._lock:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

    def _changed(self, index: int, entry: Entry) -> None:
        result = entry.result
        ended = result.is_finished
        with self._lock:
            before = self._stages.get(index)
            if before is None:
                return
            if before == _NEW:
                self._put(index, result)
            started = self._count(index, entry, before, ended=ended)
            if entry.note or self.stats.has_notes:
                self.stats.noted(index, entry)
        if started and self.on_start is not None:
            self.on_start(index, entry)
        if ended:
            for listener in self._listeners:
                listener(result)
            with self._lock:
                self._unreported -= 1
            # Whoever is woken by this finds the batch ended, if it was the last.
            if self.on_end is not None:
                self.on_end(index, entry)
            if self._is_complete:
                self._finish_when_done()

    def _put(self, index: int, result: Any) -> None:
        previous = self.live[index]
        self.live[index] = result
        self.holes.discard(index)
        if previous is None:
            self.stats.enqueued += 1
        else:
            self.stats.runs_again(index)

    def _count(self, index: int, entry: Entry, before: int, *, ended: bool) -> bool:
        """Count the change of a task; returns whether it has begun to run."""
        stats = self.stats
        if ended:
            del self._stages[index]
            self._unreported += 1
            if before != _RUNNING:
                stats.running += 1
            stats.ended(entry)
            return False
        running = entry.result.status == "RUNNING"
        self._stages[index] = _RUNNING if running else _ENQUEUED
        stats.running += running - (before == _RUNNING)
        return running and before != _RUNNING

    def _finish_when_done(self) -> None:
        with self._lock:
            all_ended = not self._stages and not self._unreported
            done = self._is_complete and all_ended and self.stats.finished_at is None
            if done:
                self.stats.end()
        if done:
            for listener in self._listeners:
                listener(None)
