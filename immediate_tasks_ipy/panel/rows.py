"""A task as a row of the panel: arrays of few bytes, since thousands travel at once.

A message (or a snapshot) carries a `base` time in milliseconds and its own
table of `kinds`, which says what many rows share,

    [name, queue, priority, backend, batch, parent, first run]

(a batch by its number, see `groups.py`; parent and first run by their keys). A row is

    [key, status, kind, arguments, enqueued, *state]

and a row that was sent before is followed by changes, `[key, status, *state]`, with

    state = [started, worker, finished, result, note, attempts, progress]

where `status` is a position in `STATUSES`, `enqueued` counts microseconds from
`base`, `started` from `enqueued`, `finished` from `started` (from `enqueued`
where it never started); `worker` is a position in the message's `workers`,
`attempts` is null for one, `progress` is `[done, total, text]`. What is null at
the end is left out.
"""

from __future__ import annotations

import ast
import logging
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from immediate_tasks_ipy.display.changes import changed_places, unplaced_count
from immediate_tasks_ipy.display.tracebacks import error_headline
from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.task_history import Entry

STATUSES = ("READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED")
#: Characters of the arguments and of a result that a row shows.
PREVIEW = 48
#: The same for the arguments of a batch's item: what they share is elided in the browser.
ITEM_PREVIEW = 160
#: Characters of an error's first line that a row shows.
ERROR_PREVIEW = 120

CANCELLED = STATUSES.index("CANCELLED")
_STATUS_INDEX = {status: index for index, status in enumerate(STATUSES)}
_MICROSECOND = timedelta(microseconds=1)
#: Integers within this are written as they are.
_PLAIN = 10**9
_CALL = re.compile(r"([\w.]+)\((.*)\)", re.DOTALL)

logger = logging.getLogger(__name__)

Row = list[Any]
#: Name, queue, priority, backend; the batch's number, the parent's key, the first run's key.
Kind = tuple[str, str, int, str, int | None, int | None, int | None]


class RowWriter:
    """Writes the rows of one message, and collects the table of kinds they point into."""

    def __init__(self, now: datetime, number_of: Callable[[Any], int]) -> None:
        #: The time that `enqueued` counts from.
        self.now = now
        #: The numbers of the batches that rows are items of, in order.
        self.batches: dict[int, None] = {}
        self._number_of = number_of
        self._kinds: dict[Kind, int] = {}
        self._workers: dict[str, int] = {}

    @property
    def base(self) -> float:
        """Milliseconds since the epoch, to the microsecond."""
        return round(self.now.timestamp() * 1000, 3)

    @property
    def kinds(self) -> list[Row]:
        """What the rows written so far point into."""
        return [
            _trimmed(
                [sendable(name), sendable(str(queue)), priority, sendable(str(backend)), *where]
            )
            for name, queue, priority, backend, *where in self._kinds
        ]

    @property
    def workers(self) -> list[str]:
        """The workers that the rows written so far point into, by their ids."""
        return [sendable(cut(worker, 200)) for worker in self._workers]

    def row(self, entry: Entry) -> Row:
        """All that the table shows of a task, also of one whose own attributes raise."""
        try:
            return self._row(entry)
        except Exception as error:
            logger.debug("Row %d could not be read.", entry.key, exc_info=True)
            return self._unreadable(entry, error)

    def change(self, entry: Entry) -> Row:
        """What may have changed of a task whose row was sent before."""
        try:
            return _trimmed([entry.key, *self._state(entry)])
        except Exception:
            logger.debug("Row %d could not be read.", entry.key, exc_info=True)
            return [entry.key, 0]

    def _row(self, entry: Entry) -> Row:
        result = entry.result
        task = result.task
        name, arguments = name_and_arguments(entry)
        kind = (name, task.queue_name, task.priority, result.backend, *self._place(entry))
        index = self._kinds.setdefault(kind, len(self._kinds))
        enqueued = result.enqueued_at or result.started_at
        offset = None if enqueued is None else (enqueued - self.now) // _MICROSECOND
        row = self._state(entry)
        row[0:1] = (entry.key, row[0], index, arguments, offset)
        return _trimmed(row)

    def _place(self, entry: Entry) -> tuple[int | None, int | None, int | None]:
        """The number of its batch, the keys of its parent and of its first run."""
        submission = entry.submission
        if submission is None:
            return None, None, None
        number = None
        if submission.batch is not None:
            number = self._number_of(submission.batch)
            self.batches[number] = None
        parent, first = submission.parent, submission.rerun_of
        return number, parent and parent.key, first and first.key

    def _unreadable(self, entry: Entry, error: Exception) -> Row:
        """The row of a task whose own attributes raise `error`."""
        kind: Kind = ("?", "default", 0, "default", None, None, None)
        index = self._kinds.setdefault(kind, len(self._kinds))
        return [entry.key, 0, index, f"could not be read: {type(error).__name__}"]

    def _state(self, entry: Entry) -> Row:
        """Status, started, worker, finished, result, note, attempts, progress."""
        result = entry.result
        status = _STATUS_INDEX.get(result.status, 0)
        started = result.last_attempted_at or result.started_at
        finished = result.finished_at
        enqueued = result.enqueued_at or started
        waited = _microseconds(enqueued, started)
        workers = result.worker_ids
        attempts = len(workers) if len(workers) > 1 else None
        worker = self._workers.setdefault(str(workers[-1]), len(self._workers)) if workers else None
        progress = _progress(entry)
        if status < 2:  # noqa: PLR2004 (READY and RUNNING have no outcome)
            return [status, waited, worker, None, None, None, attempts, progress]
        took = _microseconds(started or enqueued, finished)
        if status == 3:  # noqa: PLR2004 (FAILED)
            if entry.outcome == "cancelled":
                return [CANCELLED, waited, worker, took, None, None, attempts, progress]
            outcome = error_preview(result.errors[-1]) if result.errors else "failed"
            return [status, waited, worker, took, outcome, None, attempts, progress]
        outcome = _short(result._return_value)
        note = change_note(entry) if getattr(result, "_changes", ()) else None
        return [status, waited, worker, took, outcome, note, attempts, None]


def sendable(text: str) -> str:
    """The text without lone surrogates, which no JSON encoder can send."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def cut(text: str, limit: int) -> str:
    """The first `limit` characters, with an ellipsis where there were more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def name_and_arguments(entry: Entry) -> tuple[str, str | None]:
    """The columns Task and Arguments.

    A task with arguments is its function's name and what it was called with; one
    without is its label, taken apart if it reads as a call; a label that does not,
    `cell [7]`, has no arguments at all: None.
    """
    result = entry.result
    if result.args or result.kwargs:
        limit = PREVIEW if entry.batch is None else ITEM_PREVIEW
        return sendable(cut(str(result.task.name), 200)), arguments_preview(result, limit)
    label = entry.origin.label
    if not label:
        return sendable(cut(str(result.task.name), 200)), ""
    return _taken_apart(label)


@lru_cache(maxsize=256)
def _taken_apart(label: str) -> tuple[str, str | None]:
    call = _CALL.fullmatch(label)
    try:
        is_call = call and isinstance(ast.parse(label, mode="eval").body, ast.Call)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        is_call = False
    if call is None or not is_call:
        return sendable(cut(label, 200)), None
    return sendable(cut(call[1], 200)), sendable(cut(" ".join(call[2].split()), PREVIEW))


def arguments_preview(result: Any, limit: int = PREVIEW) -> str:
    """The arguments of a call, without its parentheses, cut to `limit` characters."""
    if len(result.args) == 1 and not result.kwargs:
        return _short(result.args[0], limit)
    parts: list[str] = []
    room = limit
    left = len(result.args) + len(result.kwargs)
    for name, value in [*((None, arg) for arg in result.args), *result.kwargs.items()]:
        if room < 8 and left > 1:  # noqa: PLR2004 (the shortest preview that says anything)
            parts.append(f"…{left} more")
            break
        text = preview(value, max(8, room))
        part = text if name is None else f"{cut(str(name), 24)}={text}"
        parts.append(part)
        room -= len(part) + 2
        left -= 1
    return sendable(", ".join(parts))


def _short(value: Any, limit: int = PREVIEW) -> str:
    """A value's preview; what most tasks take and return is quick."""
    if value is None or value is True or value is False:
        return repr(value)
    if type(value) is int and -_PLAIN < value < _PLAIN:
        return repr(value)
    return sendable(preview(value, limit))


def error_preview(error: Any) -> str:
    """The class of an exception and the first line of its message."""
    return sendable(error_headline(error, ERROR_PREVIEW))


def change_note(entry: Entry) -> str | None:
    """What JSON did to the return value, in the few words that fit a row."""
    notes = list(changed_places(entry, "return_value").values())
    if not notes:
        return None
    others = len(notes) - 1 + unplaced_count(entry, "return_value")
    return sendable(f"{notes[0]}, +{others:,}" if others else notes[0])


def _progress(entry: Entry) -> list[Any] | None:
    """How far the task says it is, as far as JSON can say that."""
    progress = entry.progress
    if progress is None:
        return None
    done, total = progress.done, progress.total
    if not math.isfinite(done) or (total is not None and not math.isfinite(total)):
        return None
    return [done, total, sendable(cut(progress.text, PREVIEW))]


def _microseconds(since: datetime | None, until: datetime | None) -> int | None:
    if since is None or until is None:
        return None
    delta = until - since
    if delta.days:
        return max(0, delta // _MICROSECOND)
    return delta.seconds * 1_000_000 + delta.microseconds


def _trimmed(row: Row) -> Row:
    while row[-1] is None:
        row.pop()
    return row
