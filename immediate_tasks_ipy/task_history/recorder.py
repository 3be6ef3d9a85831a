"""What the signals report, kept: every task of this process, bounded, for any thread."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.tasks.backends.execution import running_result
from immediate_tasks_ipy.tasks.dispatcher import Signal
from immediate_tasks_ipy.tasks.faults.locks import new_lock
from immediate_tasks_ipy.tasks.progress import Progress
from immediate_tasks_ipy.tasks.signals import (
    task_enqueued,
    task_finished,
    task_noted,
    task_output,
    task_progress,
    task_released,
    task_started,
)

from .entries.entry_store import HISTORY_LIMIT, EntryStore
from .entries.runs import link
from .entry import ENQUEUED, FINISHED, STARTED, Entry, RecorderObserver
from .retention.live_objects import LiveObjects
from .submission import Submission, current_submission


class Recorder:
    """An entry for each result that the signals reported, in order of arrival.

    At most `limit` *finished* results are kept, and so many bytes of live values; the
    oldest are dropped first, running ones never. Its receivers serve any
    framework whose signals carry `task_result`, Django's among them.
    `TaskHistory` is what users see of it.
    """

    def __init__(self, limit: int = HISTORY_LIMIT) -> None:
        self._lock = new_lock()
        self._store = EntryStore(limit)
        self._store.on_drop = self._on_drop
        self._store.on_unnoticed_end = self.changed
        self._by_id = self._store.by_id
        self._live_objects = LiveObjects()
        self._observers: tuple[RecorderObserver, ...] = ()

    # -- what feeds it ---------------------------------------------------

    def connect(self) -> None:
        """Observe this package's own signals."""
        for signal, receiver in _RECEIVERS.items():
            signal.connect(getattr(self, receiver), weak=False, dispatch_uid=self)

    def disconnect(self) -> None:
        for signal in _RECEIVERS:
            signal.disconnect(dispatch_uid=self)

    # The next three, of every task, name what any signal sends: else it becomes a dictionary each
    # time. What `_notify` does stands in them.

    def on_enqueued(
        self, *, task_result: Any, signal: Any = None, sender: Any = None, **_: Any
    ) -> None:
        """Receiver of `task_enqueued`."""
        entry = self._store.add(task_result, self._new_entry)
        entry.signals |= ENQUEUED
        if entry.submission is not None:
            self._call_back(entry, entry.submission)
        for observer in self._observers:
            observer.changed(entry)

    def on_started(
        self, *, task_result: Any, signal: Any = None, sender: Any = None, **_: Any
    ) -> None:
        """Receiver of `task_started`."""
        entry = self._by_id.get(task_result.id)
        if entry is None or entry.result is not task_result:
            entry = self._entry(task_result)
        entry.signals |= STARTED
        if entry.transitions is not None:
            entry.transitions.append(("RUNNING", task_result.last_attempted_at))
            if entry.submission is not None:
                entry.submission.progress = None  # of the attempt before
        if entry.submission is not None:
            self._call_back(entry, entry.submission)
        for observer in self._observers:
            observer.changed(entry)

    def on_finished(
        self, *, task_result: Any, signal: Any = None, sender: Any = None, **_: Any
    ) -> None:
        """Receiver of `task_finished`; keeps the exception that is being handled."""
        entry = self._by_id.get(task_result.id)
        if entry is None or entry.result is not task_result:
            entry = self._entry(task_result)
        if not entry.signals & FINISHED:
            entry.signals |= FINISHED
            if entry.transitions is not None:
                entry.transitions.append((str(task_result.status), task_result.finished_at))
            if task_result.errors and (error := sys.exception()) is not None:
                with self._store.lock:
                    self._live_objects.add_exception(entry, error)
            self._retire(entry)
        if entry.submission is not None:
            self._call_back(entry, entry.submission)
        for observer in self._observers:
            observer.changed(entry)

    def on_output(self, *, task_result: Any, text: str, **_: Any) -> None:
        """Receiver of `task_output`."""
        entry = self._entry(task_result)
        entry.append_output(text)
        self.changed(entry)

    def on_released(self, *, task_result: Any, **_: Any) -> None:
        """Receiver of `task_released`."""
        entry = self._entry(task_result)
        if not entry.result.is_finished:
            entry.transitions = [*entry.lifecycle, ("READY", datetime.now(UTC))]
        self.changed(entry)

    def on_noted(self, *, task_result: Any, text: str | None, **_: Any) -> None:
        """Receiver of `task_noted`."""
        entry = self._entry(task_result)
        entry.note = text
        self.changed(entry)

    def on_progress(self, *, task_result: Any, done: Any, total: Any, text: str, **_: Any) -> None:
        """Receiver of `task_progress`."""
        entry = self._entry(task_result)
        entry.report(Progress(done, total, text))
        self._notify(entry)

    def add(self, result: Any) -> Entry:
        """The entry of a result, made if the history does not know it yet."""
        return self._entry(result)

    def changed(self, entry: Entry) -> None:
        """Notify the observers that an entry's result has changed.

        A result that finished without a signal (one that is polled) is retired here.
        """
        if not entry.signals & FINISHED and entry.result.is_finished:
            entry.signals |= FINISHED
            self._retire(entry)
        self._notify(entry)

    def attach(self, submission: Submission, result: Any) -> None:
        """Let a result that was enqueued with `submission` have it, if no signal reported it.

        A backend that sends no signal gives its result only to its caller.
        """
        if not submission.is_attached:
            entry = self._entry(result)
            entry.submission = submission.attached_to(result.id)
            link(entry)
            self.changed(entry)

    def _notify(self, entry: Entry) -> None:
        if entry.submission is not None:
            self._call_back(entry, entry.submission)
        for observer in self._observers:
            observer.changed(entry)

    def _call_back(self, entry: Entry, submission: Submission) -> None:
        on_change = submission.on_change
        if on_change is not None:
            if entry.signals & FINISHED:
                submission.on_change = None
            on_change(entry)

    def _entry(self, result: Any) -> Entry:
        known = self._store.find(result)
        if known is not None:
            return known
        return self._store.add(result, self._new_entry)

    def _new_entry(self, key: int, result: Any) -> Entry:
        current, running = current_submission.get(), running_result.get()
        if current is None and running is None:
            return Entry(key, result)
        submission = self._submission_of(result, current, running)
        entry = Entry(key, result, submission)
        if submission.rerun_of or submission.parent:
            link(entry)
        return entry

    def _submission_of(self, result: Any, current: Submission | None, running: Any) -> Submission:
        """The submission of a result that is enqueued in that one's context."""
        submission = (current or Submission()).attached_to(result.id)
        if running is not None and running.id != result.id:
            submission.parent = self.entry_of(running)
        return submission

    def _retire(self, entry: Entry) -> None:
        if getattr(entry.result, "_changes", None):
            with self._store.lock:
                self._live_objects.add_values(entry)
        self._store.retire(entry)
        if self._live_objects.is_full:
            self._drop_live_objects()

    def _drop_live_objects(self) -> None:
        with self._store.lock:
            self._store.discard(self._live_objects.excess())

    def _on_drop(self, keys: list[int]) -> None:
        self._live_objects.discard(keys)
        for observer in self._observers:
            observer.removed(keys)

    # -- observers -------------------------------------------------------

    def subscribe(self, observer: RecorderObserver) -> None:
        with self._lock:
            if observer not in self._observers:
                self._observers += (observer,)

    def unsubscribe(self, observer: RecorderObserver) -> None:
        with self._lock:
            self._observers = tuple(o for o in self._observers if o is not observer)

    # -- reading ---------------------------------------------------------

    @property
    def limit(self) -> int:
        """How many finished results are kept."""
        return self._store.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._store.limit = limit
        self._store.drop(limit)

    def bound_memory(self, limit: int) -> None:
        """Keep at most that many bytes of live values, as estimated."""
        self._live_objects.limit = limit
        self._drop_live_objects()

    def __len__(self) -> int:
        return len(self._store)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, oldest first, as they are now."""
        return iter(self._store)

    @property
    def results(self) -> list[Any]:
        """The results, oldest first."""
        return [entry.result for entry in self]

    def get(self, key: int) -> Entry | None:
        """The entry with that key, or None."""
        return self._store.by_key.get(key)

    def entry_of(self, result: Any) -> Entry | None:
        """The entry of a result, or None if it was dropped or never seen."""
        return self._store.find(result)

    def exception(self, result: Any) -> BaseException | None:
        """The live exception of one of the last failures, for post-mortem debugging."""
        entry = self.entry_of(result)
        return None if entry is None else self._live_objects.exception(entry.key)

    def raw_value(self, result: Any) -> Any:
        """The live value that a task returned and its result can't hold. Raises LookupError."""
        entry = self.entry_of(result)
        return self._live_objects.unstored(0 if entry is None else entry.key)

    def clear(self) -> int:
        """Drop all finished results; returns how many."""
        self._store.sweep()
        return self._store.drop(0)


_RECEIVERS: dict[Signal, str] = {
    task_enqueued: "on_enqueued",
    task_started: "on_started",
    task_finished: "on_finished",
    task_output: "on_output",
    task_released: "on_released",
    task_progress: "on_progress",
    task_noted: "on_noted",
}
