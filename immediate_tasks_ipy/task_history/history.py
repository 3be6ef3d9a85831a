"""What happened: every task this process enqueued, bounded, readable from any thread."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished, task_started

from .entry import ENQUEUED, FINISHED, STARTED, Entry
from .origin import current_origin

if TYPE_CHECKING:
    import pandas as pd

HISTORY_LIMIT = 10_000
#: Live exceptions kept for post-mortem debugging.
LIVE_EXCEPTIONS = 8


class HistoryObserver(Protocol):
    """Told about every change, on the thread that caused it; must be quick and never raise."""

    def changed(self, entry: Entry) -> None: ...

    def removed(self, keys: list[int]) -> None: ...


class TaskHistory:
    """The results that the signals reported, oldest first.

    At most `limit` *finished* results are kept; the oldest are dropped first,
    running ones never. Its receivers serve any framework whose signals carry
    `task_result`, Django's among them.
    """

    def __init__(self, limit: int = HISTORY_LIMIT) -> None:
        self._limit = limit
        self._lock = threading.RLock()
        self._last_key = 0
        self._entries: dict[int, Entry] = {}
        self._by_id: dict[str | tuple[str, str], Entry] = {}
        self._finished: deque[int] = deque()
        self._exceptions: deque[tuple[int, BaseException]] = deque(maxlen=LIVE_EXCEPTIONS)
        self._observers: tuple[HistoryObserver, ...] = ()

    # -- what feeds it ---------------------------------------------------

    def connect(self) -> None:
        """Observe this package's own signals."""
        task_enqueued.connect(self.on_enqueued, weak=False, dispatch_uid=self)
        task_started.connect(self.on_started, weak=False, dispatch_uid=self)
        task_finished.connect(self.on_finished, weak=False, dispatch_uid=self)

    def disconnect(self) -> None:
        for signal in (task_enqueued, task_started, task_finished):
            signal.disconnect(dispatch_uid=self)

    def on_enqueued(self, *, task_result: Any, **_: Any) -> None:
        """Receiver of `task_enqueued`."""
        entry = self._entry(task_result)
        entry.signals |= ENQUEUED
        for observer in self._observers:
            observer.changed(entry)

    def on_started(self, *, task_result: Any, **_: Any) -> None:
        """Receiver of `task_started`."""
        entry = self._by_id.get(task_result.id)
        if entry is None or entry.result is not task_result:
            entry = self._entry(task_result)
        entry.signals |= STARTED
        if entry.transitions is not None:
            entry.transitions.append(("RUNNING", task_result.last_attempted_at))
        for observer in self._observers:
            observer.changed(entry)

    def on_finished(self, *, task_result: Any, **_: Any) -> None:
        """Receiver of `task_finished`; keeps the exception that is being handled."""
        entry = self._by_id.get(task_result.id)
        if entry is None or entry.result is not task_result:
            entry = self._entry(task_result)
        if not entry.signals & FINISHED:
            entry.signals |= FINISHED
            if entry.transitions is not None:
                entry.transitions.append((str(task_result.status), task_result.finished_at))
            if task_result.errors and (error := sys.exception()) is not None:
                self._exceptions.append((entry.key, error))
            self._retire(entry)
        for observer in self._observers:
            observer.changed(entry)

    def on_released(self, task_result: Any) -> None:
        """A running task waits again, since its worker was lost."""
        entry = self._entry(task_result)
        if not entry.result.is_finished:
            entry.transitions = [*entry.lifecycle, ("READY", datetime.now(UTC))]
        self.changed(entry)

    def add(self, result: Any) -> Entry:
        """The entry of a result, made if the history does not know it yet."""
        return self._entry(result)

    def changed(self, entry: Entry) -> None:
        """Tell the observers that an entry's result has changed.

        A result that finished without a signal (one that is polled) is retired here.
        """
        if not entry.signals & FINISHED and entry.result.is_finished:
            entry.signals |= FINISHED
            self._retire(entry)
        for observer in self._observers:
            observer.changed(entry)

    def _entry(self, result: Any) -> Entry:
        identity: str | tuple[str, str] = result.id
        known = self._by_id.get(identity)
        if known is not None and known.result.backend != result.backend:
            identity = (result.backend, result.id)
            known = self._by_id.get(identity)
        if known is not None:
            return known
        with self._lock:
            known = self._by_id.get(identity)
            if known is not None:
                return known
            self._last_key = key = self._last_key + 1
            origin = current_origin.get()
            if origin is not None:
                origin = origin.claim(result.id)
            entry = Entry(key, result, origin)
            self._entries[key] = entry
            self._by_id[identity] = entry
        return entry

    def _retire(self, entry: Entry) -> None:
        """Count an entry as finished, and drop the oldest finished ones beyond the limit."""
        self._finished.append(entry.key)
        if len(self._finished) > self._limit:
            with self._lock:
                self._drop(len(self._finished) - self._limit)

    def _drop(self, count: int) -> None:
        keys = []
        for _ in range(count):
            key = self._finished.popleft()
            keys.append(key)
            entry = self._entries.pop(key, None)
            if entry is None:
                continue
            result = entry.result
            if self._by_id.get(result.id) is entry:
                del self._by_id[result.id]
            else:
                self._by_id.pop((result.backend, result.id), None)
        if keys:
            for observer in self._observers:
                observer.removed(keys)

    # -- observers -------------------------------------------------------

    def subscribe(self, observer: HistoryObserver) -> None:
        with self._lock:
            if observer not in self._observers:
                self._observers += (observer,)

    def unsubscribe(self, observer: HistoryObserver) -> None:
        with self._lock:
            self._observers = tuple(o for o in self._observers if o is not observer)

    # -- reading ---------------------------------------------------------

    @property
    def limit(self) -> int:
        """How many finished results are kept."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        with self._lock:
            self._limit = limit
            excess = len(self._finished) - limit
            if excess > 0:
                self._drop(excess)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, oldest first, as they are now."""
        with self._lock:
            return iter(list(self._entries.values()))

    @property
    def results(self) -> list[Any]:
        """The results, oldest first."""
        return [entry.result for entry in self]

    @property
    def failed(self) -> list[Any]:
        """The failed results, oldest first."""
        return [entry.result for entry in self if entry.result.status == "FAILED"]

    def get(self, key: int) -> Entry | None:
        """The entry with that key, or None."""
        return self._entries.get(key)

    def entry_of(self, result: Any) -> Entry | None:
        """The entry of a result, or None if it was dropped or never seen."""
        entry = self._by_id.get(result.id)
        if entry is not None and entry.result.backend != result.backend:
            entry = self._by_id.get((result.backend, result.id))
        return entry

    def exception(self, result: Any) -> BaseException | None:
        """The live exception of one of the last failures, for post-mortem debugging."""
        entry = self.entry_of(result)
        if entry is None:
            return None
        for key, error in list(self._exceptions):
            if key == entry.key:
                return error
        return None

    def raw_value(self, result: Any) -> Any:
        """The live value that a recent task returned and JSON could not hold.

        Raises LookupError if the result has none, or it is no longer kept.
        """
        error = self.exception(result)
        try:
            return error.unstored_value  # type: ignore[union-attr]
        except AttributeError:
            msg = (
                f"No live value is kept for {result.id!r}: only the last {LIVE_EXCEPTIONS} "
                "values that could not be stored are."
            )
            raise LookupError(msg) from None

    def to_frame(self) -> pd.DataFrame:
        """A pandas data frame, oldest task first. Raises ImportError without pandas."""
        from .frame import frame

        return frame(self)

    def clear(self) -> int:
        """Drop all finished results; returns how many."""
        with self._lock:
            count = len(self._finished)
            self._drop(count)
            self._exceptions.clear()
        return count
