"""Results of queueing backends, kept current by asking their backends.

Timers of the service loop say when; the questions, which block, are asked in rounds on a
thread that lives as long as a round.
"""

from __future__ import annotations

import contextvars
import heapq
import threading
import time
from typing import Any

from django.db import connections

from immediate_tasks_ipy.task_history import Entry, Recorder
from immediate_tasks_ipy.tasks.backends.event_loop import Timer, service_loop
from immediate_tasks_ipy.tasks.sync import start_thread

from . import lifecycle
from .frameworks import framework_of
from .synchronous import OpenTransactions

#: Queries a second for all results together.
RATE = 20
#: Seconds between two queries for one result: at first, and after nothing has happened for long.
SOONEST, LATEST = 0.1, 5.0
#: What the time between two queries is multiplied by while nothing happens.
BACK_OFF = 1.5
#: Seconds in READY after which a missing worker is named.
UNPICKED = 10.0
#: Seconds that a result may take to be seen after the transaction that enqueued it has ended.
SETTLED = 2.0

_NO_WORKER = "No worker has picked it up yet: is one running for this backend and queue?"

#: How far along a status is: a result only moves back from RUNNING to READY, to be tried again.
_ORDER = {"READY": 0, "RUNNING": 1, "FAILED": 2, "SUCCESSFUL": 2}
#: As a framework's `TaskResult.refresh`; the status comes last, for other threads that read.
_ATTRIBUTES = (
    "enqueued_at",
    "started_at",
    "last_attempted_at",
    "worker_ids",
    "errors",
    "_return_value",
    "finished_at",
    "status",
)

_set = object.__setattr__


def follow(recorder: Recorder, entry: Entry) -> None:
    """Keep an entry's result current until it has finished. Thread-safe, and idempotent.

    `recorder.changed(entry)` is called on each change, on a thread of the
    poller's. Nothing happens if the backend can't retrieve results.
    """
    if not entry.result.is_finished and _supports_get_result(entry):
        _poller.add(_Followed(recorder, entry))


def unfollow(recorder: Recorder) -> None:
    """Stop following the results of a recorder."""
    _poller.discard(recorder)


def advance(result: Any, fresh: Any) -> bool:
    """Bring `result` to the state of `fresh`, a later copy of it; returns whether anything changed.

    A result that has finished stays as it is.
    """
    if result is fresh or result.is_finished:
        return False
    if _ORDER[fresh.status] == 0 and result.status == "RUNNING" and not fresh.errors:
        return False  # A copy that was read earlier.
    changed = False
    for name in _ATTRIBUTES:
        new = getattr(fresh, name)
        if name == "last_attempted_at" and len(fresh.worker_ids) == 1:
            # RQ gives the time at which the attempt ended.
            new = fresh.started_at
        if name == "finished_at" and not fresh.is_finished:
            new = None
        if getattr(result, name) != new:
            _set(result, name, new)
            changed = True
    return changed


class _Followed:
    """A result that is followed; the poller's thread alone changes it."""

    def __init__(self, recorder: Recorder, entry: Entry) -> None:
        self.recorder = recorder
        self.entry = entry
        self.key = (id(recorder), entry.key)
        #: Seconds between the last query and the next one, and when that is due.
        self.wait = SOONEST
        self.since = time.monotonic()
        self.due = self.since + SOONEST
        #: Has the backend ever known it?
        self.is_known = False
        #: Those that it was enqueued in, and when they were first seen to have ended.
        self._transactions = OpenTransactions()
        self._ended_at: float | None = None
        self._note: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to ask."""
        return self.entry.result.is_finished or self.recorder.get(self.entry.key) is not self.entry

    def query(self) -> None:
        """Ask the backend once, and notify the recorder if anything is new."""
        result = self.entry.result
        status = result.status
        try:
            if self._update():
                self.recorder.changed(self.entry)
        finally:
            is_unsettled = self._transactions and not self.is_known
            latest = SETTLED if is_unsettled else LATEST
            self.wait = SOONEST if result.status != status else min(self.wait * BACK_OFF, latest)
            self.due = time.monotonic() + self.wait

    def _update(self) -> bool:
        """Bring result and note up to date; returns whether there is anything new to display."""
        result = self.entry.result
        # Asked before the backend, which is not to be blamed for a commit in between.
        if self._ended_at is None and self._transactions.have_ended:
            self._ended_at = time.monotonic()
        try:
            fresh = self._read()
        except Exception as error:
            if type(error).__name__ == "TaskResultDoesNotExist":
                return self._missing()
            return self._set_note(f"Its state can't be read from {result.backend!r}: {error}")
        self.is_known = True
        changed = advance(result, fresh)
        is_unpicked = result.status == "READY" and self._age >= UNPICKED
        names_worker = is_unpicked and result.task.run_after is None
        changed |= self._set_note(_NO_WORKER if names_worker else None)
        # The time that it has waited is displayed, and grows.
        return changed or is_unpicked

    def _read(self) -> Any:
        """The result as its backend knows it.

        A backend may read status and times at different moments (RQ does): a result that has
        finished at no time is read once more.
        """
        backend, result_id = self.entry.backend, self.entry.result.id
        fresh = backend.get_result(result_id)
        if fresh.is_finished and fresh.finished_at is None:
            fresh = backend.get_result(result_id)
        return fresh

    @property
    def _age(self) -> float:
        """Seconds since it is followed."""
        return time.monotonic() - self.since

    def _missing(self) -> bool:
        """The backend does not know the result: not yet, or no longer."""
        alias = self.entry.result.backend
        if self.is_known:
            return self._fail(
                f"The result was deleted from the backend {alias!r} before its outcome could be "
                "read: enqueue the task again, and keep results longer."
            )
        patience = SETTLED if self._transactions else UNPICKED
        if self._ended_at is not None and time.monotonic() - self._ended_at >= patience:
            cause = (
                "the transaction that enqueued it was rolled back, and the task with it"
                if self._transactions
                else "it was deleted, or never stored"
            )
            return self._fail(f"The backend {alias!r} does not know it: {cause}. Enqueue it again.")
        if self._age < UNPICKED:
            return False
        return self._set_note(
            f"The backend {alias!r} does not know it: the transaction that enqueued it is "
            "still open, or was rolled back."
        )

    def _fail(self, error: str) -> bool:
        """The result will never be known: FAILED, with that sentence."""
        result = self.entry.result
        self._set_note(None)
        framework = framework_of(result)
        if framework is not None:
            lifecycle.fail(framework, result, framework.exceptions.TaskResultDoesNotExist(error))
        return True

    def _set_note(self, note: str | None) -> bool:
        """Put a sentence beside the outcome, or remove ours; returns whether that is new.

        A note from elsewhere stays.
        """
        if note == self._note or self.entry.note not in {None, self._note}:
            return False
        self.entry.note = self._note = note
        return True


class _Poller:
    """What is followed, and the one timer or thread that sees to it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._followed: dict[tuple[int, int], _Followed] = {}
        # Until the next round, and while there is none: not both at the same time.
        self._timer: Timer | None = None
        self._is_polling = False
        # When the timer fires.
        self._due = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether neither a timer nor a thread is under way."""
        with self._lock:
            return self._timer is None and not self._is_polling

    def add(self, followed: _Followed) -> None:
        with self._lock:
            if self._followed.setdefault(followed.key, followed) is followed:
                self._schedule(followed.due)

    def discard(self, recorder: Recorder) -> None:
        """Drop all that a recorder follows."""
        with self._lock:
            self._followed = {
                key: one for key, one in self._followed.items() if one.recorder is not recorder
            }
            if not self._followed and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _schedule(self, due: float) -> None:
        """Have a round begin no later than `due`; the lock is held."""
        if self._is_polling or (self._timer is not None and self._due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        delay = max(0.0, due - time.monotonic())
        # In an empty context: a round must see nothing of the code that enqueued a task.
        context = contextvars.Context()
        self._timer = context.run(service_loop.call_later, delay, self._begin_round)
        self._due = due

    def _begin_round(self) -> None:
        """Start the thread of a round; called by the service loop."""
        with self._lock:
            self._timer = None
            if self._is_polling or not self._followed:
                return
            self._is_polling = True
        start_thread(self._poll, "immediate-tasks-polling")

    def _poll(self) -> None:
        """Query the results that are due, the most urgent ones first."""
        try:
            for followed in self._due_now():
                if followed.key in self._followed and not followed.is_over:
                    followed.query()
                    time.sleep(1 / RATE)
        finally:
            connections.close_all()
            with self._lock:
                self._is_polling = False
                for one in [one for one in self._followed.values() if one.is_over]:
                    del self._followed[one.key]
                if self._followed:
                    self._schedule(min(one.due for one in self._followed.values()))

    def _due_now(self) -> list[_Followed]:
        now = time.monotonic()
        with self._lock:
            due = [one for one in self._followed.values() if one.due <= now]
        return heapq.nsmallest(RATE, due, key=lambda one: one.due)


_poller = _Poller()


def _supports_get_result(entry: Entry) -> bool:
    try:
        return entry.backend.supports_get_result
    except Exception:  # of an alias that is in no settings
        return False
