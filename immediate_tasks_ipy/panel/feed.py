"""Sends the changes of a history to the browser: batched, numbered, from a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.task_history import Entry, TaskHistory

from .rows import Row, RowWriter

#: Seconds between two messages: at most 20 a second.
PERIOD = 0.05
#: Seconds of silence after which a beat says that the kernel lives.
BEAT = 5.0
#: Rows in one message while tasks go on changing, and once they have come to rest.
BUSY_ROWS, QUIET_ROWS = 250, 2_000
#: Rows in one part of a snapshot.
SNAPSHOT_ROWS = 2_500
#: Rows, the newest, that a saved notebook keeps.
SAVED_ROWS = 500

logger = logging.getLogger(__name__)

Message = dict[str, Any]


class Feed:
    """An observer of a history that tells a browser what has changed.

    `changed` and `removed` are called on whichever thread a task runs and only
    note a key: reading, encoding and sending happen on the feed's own daemon
    thread, so that a message arrives while the main thread is blocked. A task
    that changes five times between two messages is sent once. Each message
    of rows has the number after the last one's; whoever misses one asks for a
    snapshot, which comes in parts, newest rows first.

    A burst is not sent at once but in messages of bounded size, newest changes
    first; what waits is bounded by the history itself.
    """

    def __init__(self, history: TaskHistory, send: Callable[[Message], None]) -> None:
        self._history = history
        self._send = send
        #: The number of the last message of rows.
        self.seq = 0
        self._dirty: dict[int, Entry] = {}
        self._dropped: deque[int] = deque()
        self._snapshots: deque[tuple[str, Iterator[Message]]] = deque()
        self._known: set[int] = set()
        self._left = 0
        self._idle = False
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    # -- what the history calls, on any thread ---------------------------

    def changed(self, entry: Entry) -> None:
        self._dirty[entry.key] = entry
        if self._idle:
            self._idle = False
            self._wake.set()

    def removed(self, keys: list[int]) -> None:
        self._dropped.extend(keys)
        for key in keys:
            self._dirty.pop(key, None)
        if self._idle:
            self._idle = False
            self._wake.set()

    # -- its life --------------------------------------------------------

    def start(self) -> None:
        """Observe the history, and send from now on."""
        if self._thread is None:
            self._history.subscribe(self)
            self._thread = threading.Thread(target=self._run, name="task-panel", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Observe no more; the thread ends by itself."""
        self._history.unsubscribe(self)
        self._stopped.set()
        self._wake.set()

    def request_snapshot(self, request: str) -> None:
        """Send all rows, in parts that carry this name; from any thread."""
        self._snapshots.append((request, self._parts(request)))
        self._idle = False
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._idle = True
            if self._dirty or self._dropped or self._snapshots:
                self._idle = False
                self.send_next()
                self._stopped.wait(PERIOD)
            elif not self._wake.wait(BEAT):
                self._emit({"op": "beat", "seq": self.seq, "at": _now_ms()})
            self._wake.clear()

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
        entries = list(self._history)
        writer = RowWriter(datetime.now(UTC))
        rows = [_row(writer, entry) for entry in entries[: -SAVED_ROWS - 1 : -1]]
        return {"base": writer.base, "kinds": writer.kinds, "rows": rows, "total": len(entries)}

    def _emit(self, message: Message) -> None:
        try:
            self._send(message)
        except Exception:
            logger.warning("The task panel could not send to the browser.", exc_info=True)

    def _changes(self) -> Message:
        """The next message of rows."""
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
        gone = self._gone()
        writer = RowWriter(datetime.now(UTC))
        new: list[Row] = []
        changed: list[Row] = []
        for entry in entries:
            if self._history.get(entry.key) is not entry:
                continue
            if entry.key in self._known:
                changed.append(_change(writer, entry))
            else:
                self._known.add(entry.key)
                new.append(_row(writer, entry))
        self.seq += 1
        message: Message = {"op": "rows", "seq": self.seq, "base": writer.base}
        if new:
            message |= {"kinds": writer.kinds, "new": new}
        if changed:
            message["changed"] = changed
        if gone:
            message["removed"] = gone
        if self._left:
            message["left"] = self._left
        return message

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
        entries = list(self._history)[::-1]
        parts = max(1, -(-len(entries) // SNAPSHOT_ROWS))
        for index in range(parts):
            writer = RowWriter(datetime.now(UTC))
            rows = []
            for entry in entries[index * SNAPSHOT_ROWS : (index + 1) * SNAPSHOT_ROWS]:
                if self._history.get(entry.key) is entry:
                    self._known.add(entry.key)
                    rows.append(_row(writer, entry))
            yield {
                "op": "snapshot",
                "request": request,
                "seq": self.seq,
                "part": index,
                "parts": parts,
                "base": writer.base,
                "kinds": writer.kinds,
                "rows": rows,
            }


def _row(writer: RowWriter, entry: Entry) -> Row:
    """A row, also of a task whose own attributes raise."""
    try:
        return writer.row(entry)
    except Exception as error:
        logger.debug("Row %d could not be read.", entry.key, exc_info=True)
        writer._kinds.setdefault(("?", "default", 0, "default"), len(writer._kinds))
        index = writer._kinds["?", "default", 0, "default"]
        return [entry.key, 0, index, f"could not be read: {type(error).__name__}"]


def _change(writer: RowWriter, entry: Entry) -> Row:
    try:
        return writer.change(entry)
    except Exception:
        logger.debug("Row %d could not be read.", entry.key, exc_info=True)
        return [entry.key, 0]


def _key_of(entry: Entry) -> int:
    return entry.key


def _now_ms() -> float:
    return datetime.now(UTC).timestamp() * 1000
