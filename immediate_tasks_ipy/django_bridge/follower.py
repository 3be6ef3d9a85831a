"""Results of queueing backends, kept current by one thread that asks for them."""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connections

from immediate_tasks_ipy.task_history import Entry, Origin, TaskHistory

from . import lifecycle
from .family import family_of
from .refresh import advance

#: Queries a second for all results together.
RATE = 20
#: Seconds between two looks at one result: at first, and after nothing has happened for long.
SOONEST, LATEST = 0.1, 5.0
#: What the time between two looks is multiplied by while nothing happens.
BACK_OFF = 1.5
#: Seconds in READY after which a missing worker is named.
UNPICKED = 10.0


def follow(history: TaskHistory, entry: Entry) -> None:
    """Keep an entry's result current until it has finished; from any thread.

    `history.changed(entry)` is called on each change, on the follower's thread.
    Following twice is following once. Nothing happens if the backend can't
    retrieve results.
    """
    _follower.add(history, entry)


def unfollow(history: TaskHistory) -> None:
    """Forget all results of a history."""
    _follower.drop(history)


@dataclass(order=True)
class _Followed:
    """One result, in the order in which they are due."""

    due: float
    history: TaskHistory = field(compare=False)
    entry: Entry = field(compare=False)
    #: Seconds until the next look.
    wait: float = field(default=SOONEST, compare=False)
    #: Since when it is followed.
    since: float = field(default_factory=time.monotonic, compare=False)
    #: Has the backend ever known it?
    seen: bool = field(default=False, compare=False)
    _said: str | None = field(default=None, compare=False)

    def is_kept(self) -> bool:
        """Whether the history still has it."""
        return self.history.get(self.entry.key) is self.entry

    def say(self, note: str | None) -> bool:
        """Leave a sentence beside the outcome, or take ours back; returns whether that is new.

        A sentence that somebody else has left stays.
        """
        origin = self.entry.origin
        if note == self._said or (origin is not None and origin.note not in {None, self._said}):
            return False
        if origin is None:
            origin = self.entry.origin = Origin()
        else:
            # Tasks that were enqueued together share theirs.
            origin = self.entry.origin = replace(origin)
        origin.note = self._said = note
        return True


class _Follower:
    """The thread, which lives while there is something to follow, and the lock of its queue."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._queue: list[_Followed] = []
        self._keys: set[tuple[int, int]] = set()
        self._thread: threading.Thread | None = None

    def add(self, history: TaskHistory, entry: Entry) -> None:
        if entry.result.is_finished or not _can_be_asked_for(entry):
            return
        key = (id(history), entry.key)
        with self._wake:
            if key in self._keys:
                return
            self._keys.add(key)
            heapq.heappush(self._queue, _Followed(time.monotonic() + SOONEST, history, entry))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="immediate-tasks-follower", daemon=True
                )
                self._thread.start()
            else:
                self._wake.notify()

    def drop(self, history: TaskHistory) -> None:
        with self._wake:
            self._queue = [one for one in self._queue if one.history is not history]
            heapq.heapify(self._queue)
            self._keys = {key for key in self._keys if key[0] != id(history)}
            self._wake.notify()

    def _run(self) -> None:
        while (due := self._next()) is not None:
            try:
                for one in due:
                    self._look(one)
                    time.sleep(1 / RATE)
            finally:
                connections.close_all()

    def _next(self) -> list[_Followed] | None:
        """Those that are due, once some are; None ends the thread, with nothing left to follow."""
        with self._wake:
            while self._queue:
                now = time.monotonic()
                if self._queue[0].due <= now:
                    due: list[_Followed] = []
                    while self._queue and self._queue[0].due <= now and len(due) < RATE:
                        due.append(heapq.heappop(self._queue))
                    return due
                self._wake.wait(self._queue[0].due - now)
            self._thread = None
            return None

    def _look(self, one: _Followed) -> None:
        key = (id(one.history), one.entry.key)
        if key not in self._keys or not one.is_kept() or one.entry.result.is_finished:
            self._keys.discard(key)
            return
        status = one.entry.result.status
        _refresh(one)
        if one.entry.result.status != status:
            one.wait = SOONEST
        else:
            one.wait = min(one.wait * BACK_OFF, LATEST)
        with self._wake:
            if one.entry.result.is_finished or key not in self._keys:
                self._keys.discard(key)
                return
            one.due = time.monotonic() + one.wait
            heapq.heappush(self._queue, one)


_follower = _Follower()


def _refresh(one: _Followed) -> None:
    """Ask the backend once, and tell the history what is new."""
    entry, result = one.entry, one.entry.result
    backend = _backend(entry)
    try:
        fresh = backend.get_result(result.id)
    except Exception as error:
        if type(error).__name__ == "TaskResultDoesNotExist":
            news = _missing(one, backend.alias)
        else:
            news = one.say(f"Its state can't be read from {backend.alias!r}: {error}")
    else:
        one.seen = True
        news = advance(result, fresh)
        waited = time.monotonic() - one.since
        is_unpicked = result.status == "READY" and waited >= UNPICKED
        news |= one.say(_UNPICKED if is_unpicked and result.task.run_after is None else None)
        # Who shows it shows how long it has waited.
        news |= is_unpicked
    if news:
        one.history.changed(entry)


def _missing(one: _Followed, alias: str) -> bool:
    """The backend does not know the result: not yet, or not any more."""
    if not one.seen:
        if time.monotonic() - one.since < UNPICKED:
            return False
        return one.say(
            f"The backend {alias!r} does not know it: the transaction that enqueued it is still "
            "open, or was rolled back."
        )
    result = one.entry.result
    error = (
        f"The result was deleted from the backend {alias!r} before its outcome could be read: "
        "enqueue the task again, and keep results longer."
    )
    one.say(None)
    family = family_of(result)
    if family is not None:
        lifecycle.fail(family, result, family.exceptions.TaskResultDoesNotExist(error))
    return True


def _backend(entry: Entry) -> Any:
    """The backend that keeps an entry's result, from the framework the result is of."""
    if entry.origin is not None and entry.origin.backend is not None:
        return entry.origin.backend
    family = family_of(entry.result)
    if family is None:
        return entry.backend
    return family.task_backends[entry.result.backend]


def _can_be_asked_for(entry: Entry) -> bool:
    try:
        return bool(getattr(_backend(entry), "supports_get_result", False))
    except Exception:  # of an alias that is in no settings
        return False


_UNPICKED = "No worker has picked it up yet: is one running for this backend and queue?"
