"""The entries of a history: bounded, found by their keys and by the ids of their results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from immediate_tasks_ipy.task_history.entry import Entry
from immediate_tasks_ipy.tasks.faults.locks import new_rlock
from immediate_tasks_ipy.tasks.finishing import is_finishing

from .runs import unlink

HISTORY_LIMIT = 10_000
#: Open entries from which on it is worth a look which of them have finished.
_SWEEP_AT = 256


class EntryStore:
    """At most `limit` *finished* entries: the oldest are dropped first, running ones never.

    Thread-safe. An interrupt may come between any two lines of it, and receivers that raise keep
    a recorder from learning that a result has finished. So it counts on neither: what can't be
    written in one go is written in an order in which a later call repairs it, and entries that
    finished unnoticed are found by `sweep`.
    """

    def __init__(self, limit: int = HISTORY_LIMIT) -> None:
        self.limit = limit
        self.lock = new_rlock()
        #: All entries, oldest first.
        self.by_key: dict[int, Entry] = {}
        #: By the id of the result; by backend and id if another backend's has the same.
        self.by_id: dict[str | tuple[str, str], Entry] = {}
        #: Called with the keys of entries that were dropped, under the lock.
        self.on_drop: Callable[[list[int]], object] | None = None
        #: Called with an entry that is found to have finished.
        self.on_unnoticed_end: Callable[[Entry], object] | None = None
        # Those that are not counted as finished yet.
        self._open: dict[int, Entry] = {}
        self._sweep_at = _SWEEP_AT
        self._finished: deque[int] = deque()
        # Keys of dropped entries that `on_drop` has not received yet.
        self._dropped: list[int] = []
        self._last_key = 0

    def find(self, result: Any) -> Entry | None:
        """The entry of a result, or None if it was dropped or never seen."""
        entry = self.by_id.get(result.id)
        if entry is not None and entry.result.backend != result.backend:
            entry = self.by_id.get((result.backend, result.id))
        return entry

    def add(self, result: Any, make: Callable[[int, Any], Entry]) -> Entry:
        """The entry of a result, made with the next key if there is none yet."""
        identity: str | tuple[str, str] = result.id
        with self.lock:
            if identity in self.by_id:
                known = self.find(result)
                if known is not None:
                    return known
                identity = (result.backend, result.id)
            self._last_key = key = self._last_key + 1
            entry = make(key, result)
            # In this order: `retire` and `sweep` make good what an interrupt leaves out.
            self._open[key] = entry
            self.by_id[identity] = entry
            self.by_key[key] = entry
            if len(self._open) > self._sweep_at:
                self.sweep()
        return entry

    def retire(self, entry: Entry) -> None:
        """Count an entry as finished, and drop the oldest finished ones beyond the limit."""
        key = entry.key
        if key not in self._open:
            return
        self.by_key.setdefault(key, entry)
        self._finished.append(key)
        self._open.pop(key, None)
        if len(self._finished) > self.limit:
            self.drop(self.limit)

    def sweep(self) -> None:
        """Retire what has finished without `retire`: its signal was interrupted, or not sent."""
        for entry in list(self._open.values()):
            result = entry.result
            if self.find(result) is not entry:
                self._open.pop(entry.key, None)  # it was never added in full
            elif result.is_finished and not is_finishing(result):
                if self.on_unnoticed_end is not None:
                    self.on_unnoticed_end(entry)
                self.retire(entry)
        # Twice as many before the next look: in the long run each entry is looked at twice.
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._open))

    def drop(self, kept: int) -> int:
        """Drop the oldest finished entries but so many; returns how many were dropped."""
        count, finished = 0, self._finished
        with self.lock:
            while len(finished) > kept:
                key = finished[0]
                count += self._remove(key)
                if finished and finished[0] == key:  # else a finalizer has dropped it meanwhile
                    finished.popleft()
            self._report_dropped()
        return count

    def discard(self, keys: list[int]) -> None:
        """Drop these finished entries."""
        with self.lock:
            for key in keys:
                self._remove(key)
                with suppress(ValueError):
                    self._finished.remove(key)
            self._report_dropped()

    def _remove(self, key: int) -> bool:
        """Take an entry out of the indexes; returns whether it was there."""
        entry = self.by_key.get(key)
        if entry is None:
            return False
        unlink(entry)
        self._dropped.append(key)
        result, by_id = entry.result, self.by_id
        if by_id.get(result.id) is entry:
            del by_id[result.id]
        elif by_id.get((result.backend, result.id)) is entry:
            del by_id[result.backend, result.id]
        del self.by_key[key]
        return True

    def _report_dropped(self) -> None:
        if self._dropped:
            dropped = self._dropped[:]
            if self.on_drop is not None:
                self.on_drop(dropped)
            del self._dropped[: len(dropped)]

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, oldest first, as they are now."""
        with self.lock:
            return iter(list(self.by_key.values()))
