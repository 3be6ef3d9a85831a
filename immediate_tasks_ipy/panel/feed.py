"""Sends the changes of a history to the browser: batched, numbered, from the service loop."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.task_history import Entry, Recorder
from immediate_tasks_ipy.tasks.backends.event_loop import Timer, service_loop

from .groups import Groups
from .rows import Row, RowWriter

#: Seconds between two messages: at most 20 a second.
PERIOD = 0.05
#: Seconds from the first change after a silence to its message: a short task is sent only once.
GATHER = 0.002
#: Seconds of silence after which a beat says that the kernel lives.
BEAT = 5.0
#: Seconds between two looks at batches that are under way while nothing else happens.
BATCH_CHECK = 0.25
#: Rows in one message while tasks go on changing, and once they have come to rest.
BUSY_ROWS, QUIET_ROWS = 250, 2_000
#: Rows in one part of a snapshot: 100,000 take 13 messages, less than a second.
SNAPSHOT_ROWS = 8_000
#: Rows, the newest, that a saved notebook keeps.
SAVED_ROWS = 500

logger = logging.getLogger(__name__)

Message = dict[str, Any]


class Feed:
    """An observer of a history that sends a browser what has changed.

    `changed` and `removed` are called on any thread a task runs on and only
    note a key: reading, encoding and sending happen on the service loop, so
    that a message arrives while the main thread is blocked. There is at most
    one message in `PERIOD`: a task that changes five times between two of them
    is sent once. Each message of rows has the number after the last one's; a
    browser that missed one asks for a snapshot, which comes in parts, newest
    rows first.

    A burst is not sent at once but in messages of bounded size, newest changes
    first; what waits is bounded by the history itself.
    """

    def __init__(self, recorder: Recorder, send: Callable[[Message], None]) -> None:
        self._recorder = recorder
        self._send = send
        #: The number of the last message of rows.
        self.seq = 0
        #: The batches of the rows.
        self.groups = Groups()
        self._dirty: dict[int, Entry] = {}
        self._dropped: deque[int] = deque()
        self._snapshots: deque[tuple[str, Iterator[Message]]] = deque()
        self._known: set[int] = set()
        self._left = 0
        # What follows belongs together: when the next message is due.
        self._lock = threading.Lock()
        self._started = False
        self._stopped = False
        #: Nothing waits to be sent: the timer is that of the next beat.
        self._idle = False
        self._timer: Timer | None = None

    # -- what the history calls, on any thread ---------------------------

    def changed(self, entry: Entry) -> None:
        self._dirty[entry.key] = entry
        if self._idle:
            self._wake()

    def removed(self, keys: list[int]) -> None:
        self._dropped.extend(keys)
        for key in keys:
            self._dirty.pop(key, None)
        if self._idle:
            self._wake()

    # -- when the next message is due ------------------------------------

    def start(self) -> None:
        """Observe the history, and send from now on."""
        with self._lock:
            if self._started or self._stopped:
                return
            self._started = self._idle = True
        self._recorder.subscribe(self)
        self._wake()

    def stop(self) -> None:
        """Observe no more, and send nothing more."""
        self._recorder.unsubscribe(self)
        with self._lock:
            self._stopped = True
            self._idle = False
            if self._timer is not None:
                self._timer.cancel()

    def request_snapshot(self, request: str) -> None:
        """Send all rows, in parts that carry this name. Thread-safe."""
        self._snapshots.append((request, self._parts(request)))
        if self._idle:
            self._wake()

    def _wake(self) -> None:
        """Let the service loop send what waits, now that it is idle."""
        with self._lock:
            if not self._idle:
                return
            self._idle = False
            if self._timer is not None:
                self._timer.cancel()
            try:
                # In a context of its own: no message belongs to the cell whose task has changed.
                self._timer = Context().run(
                    service_loop.call_later, GATHER, self._send_and_reschedule
                )
            except RuntimeError:  # no loop can run here and now
                self._idle = True

    def _send_and_reschedule(self) -> None:
        """Send one message if there is anything to say, else wait for that; on the loop."""
        if self._has_news:
            self.send_next()
            self._call_later(PERIOD, self._send_and_reschedule)
            return
        with self._lock:
            self._idle = not self._stopped
        self._wait(BEAT)
        if self._has_news:  # since the first look
            self._wake()

    def _wait(self, until_beat: float) -> None:
        """Wait for news, for the end of a batch, and for the next beat; on the loop."""
        delay = min(BATCH_CHECK, until_beat) if self.groups.has_unended else until_beat
        self._call_later(delay, lambda: self._look(until_beat - delay))

    def _look(self, until_beat: float) -> None:
        """See whether a batch has ended, or show that the kernel lives; on the loop."""
        if not self._idle:
            return
        groups = self.groups.news()
        if groups:
            self.seq += 1
            self._emit({"op": "rows", "seq": self.seq, "base": _now_ms(), "groups": groups})
        elif until_beat <= 0:
            self._emit({"op": "beat", "seq": self.seq, "at": _now_ms()})
            until_beat = BEAT
        self._wait(until_beat)

    def _call_later(self, delay: float, callback: Callable[[], None]) -> None:
        with self._lock:
            if not self._stopped:
                self._timer = service_loop.call_later(delay, callback)

    @property
    def _has_news(self) -> bool:
        return not self._stopped and bool(self._dirty or self._dropped or self._snapshots)

    # -- messages --------------------------------------------------------

    def send_next(self) -> None:
        """Send one message, if there is anything to say: a part of a snapshot, or rows."""
        if self._snapshots:
            _, parts = self._snapshots[0]
            part = next(parts, None)
            if part is None:
                self._snapshots.popleft()
            else:
                self._emit(part)
                return
        if self._dirty or self._dropped:
            self._emit(self._changes())

    def saved_rows(self) -> Message:
        """The newest rows, for the state that a notebook saves and a reload begins with."""
        entries = list(self._recorder)
        writer = self._writer()
        rows = [writer.row(entry) for entry in entries[: -SAVED_ROWS - 1 : -1]]
        return {**self._tables(writer), "rows": rows, "total": len(entries)}

    def _writer(self) -> RowWriter:
        return RowWriter(datetime.now(UTC), self.groups.number_of)

    def _tables(self, writer: RowWriter) -> Message:
        """What rows that were written point into."""
        tables: Message = {"base": writer.base, "kinds": writer.kinds, "workers": writer.workers}
        if writer.batches:
            tables["groups"] = self.groups.wires(writer.batches)
        return tables

    def _emit(self, message: Message) -> None:
        try:
            self._send(message)
        except Exception:
            logger.warning("The task panel could not send to the browser.", exc_info=True)

    def _changes(self) -> Message:
        """The next message of rows."""
        entries = self._next_entries()
        gone = self._gone()
        writer = self._writer()
        new: list[Row] = []
        changed: list[Row] = []
        for entry in entries:
            if self._recorder.get(entry.key) is not entry:
                continue
            if entry.key in self._known:
                changed.append(writer.change(entry))
            else:
                self._known.add(entry.key)
                new.append(writer.row(entry))
        self.seq += 1
        parts = {
            "kinds": writer.kinds if new else None,
            "workers": writer.workers,
            "groups": self.groups.news(writer.batches),
            "new": new,
            "changed": changed,
            "removed": gone,
            "left": self._left,
        }
        message: Message = {"op": "rows", "seq": self.seq, "base": writer.base}
        return message | {name: part for name, part in parts.items() if part}

    def _next_entries(self) -> list[Entry]:
        """The entries of the next message, by their keys; the newest changes first."""
        dirty = self._dirty
        limit = QUIET_ROWS if len(dirty) == self._left else BUSY_ROWS
        entries = []
        for _ in range(min(limit, len(dirty))):
            try:
                entries.append(dirty.popitem()[1])
            except KeyError:  # `removed` took the last one
                break
        entries.sort(key=_key_of)
        self._left = len(dirty)
        return entries

    def _gone(self) -> list[tuple[int, int]]:
        """The keys that were sent and are no more, as ranges, both ends included."""
        keys = []
        for _ in range(len(self._dropped)):
            key = self._dropped.popleft()
            if key in self._known:
                self._known.discard(key)
                keys.append(key)
        ranges: list[tuple[int, int]] = []
        for key in sorted(keys):
            if ranges and ranges[-1][1] == key - 1:
                ranges[-1] = (ranges[-1][0], key)
            else:
                ranges.append((key, key))
        return ranges

    def _parts(self, request: str) -> Iterator[Message]:
        """All rows of the history, newest first."""
        entries = list(self._recorder)[::-1]
        parts = max(1, -(-len(entries) // SNAPSHOT_ROWS))
        for index in range(parts):
            writer = self._writer()
            rows = []
            for entry in entries[index * SNAPSHOT_ROWS : (index + 1) * SNAPSHOT_ROWS]:
                if self._recorder.get(entry.key) is entry:
                    self._known.add(entry.key)
                    rows.append(writer.row(entry))
            yield {
                "op": "snapshot",
                "request": request,
                "seq": self.seq,
                "part": index,
                "parts": parts,
                **self._tables(writer),
                "rows": rows,
            }


def _key_of(entry: Entry) -> int:
    return entry.key


def _now_ms() -> float:
    return datetime.now(UTC).timestamp() * 1000
