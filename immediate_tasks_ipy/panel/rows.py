"""A task as a row of the panel: arrays of few bytes, since thousands travel at once.

A message (or a snapshot) carries a `base` time in milliseconds and its own
table of `kinds`, `[name, queue, priority, backend]`; it can be read without
any other message. A row is

    [key, status, kind, arguments, enqueued, started, finished, result, note]

and a row that was sent before is followed by changes,

    [key, status, started, finished, result, note]

where `status` is a position in `STATUSES`, `enqueued` counts microseconds from
`base`, `started` from `enqueued`, `finished` from `started` (from `enqueued`
where it never started). What is null at the end is left out.
"""

from __future__ import annotations

import ast
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from immediate_tasks_ipy.display.outcome import changed_places
from immediate_tasks_ipy.display.tracebacks import last_exception
from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.task_history import Entry

STATUSES = ("READY", "RUNNING", "SUCCESSFUL", "FAILED")
#: Characters of the arguments and of a result that a row shows.
PREVIEW = 48
#: Characters of an error's first line that a row shows.
ERROR_PREVIEW = 120

_STATUS_INDEX = {status: index for index, status in enumerate(STATUSES)}
_MICROSECOND = timedelta(microseconds=1)
#: Integers within this are written as they are.
_PLAIN = 10**9
_CALL = re.compile(r"([\w.]+)\((.*)\)", re.DOTALL)

Row = list[Any]


class RowWriter:
    """Writes the rows of one message, and gathers the table of kinds they point into."""

    def __init__(self, now: datetime) -> None:
        #: The time that `enqueued` counts from.
        self.now = now
        self._kinds: dict[tuple[str, str, int, str], int] = {}

    @property
    def base(self) -> float:
        """Milliseconds since the epoch, to the microsecond."""
        return round(self.now.timestamp() * 1000, 3)

    @property
    def kinds(self) -> list[tuple[str, str, int, str]]:
        """What the rows written so far point into."""
        return [
            (sendable(name), sendable(str(queue)), priority, sendable(str(backend)))
            for name, queue, priority, backend in self._kinds
        ]

    def row(self, entry: Entry) -> Row:
        """All that the table shows of a task."""
        result = entry.result
        task = result.task
        name, arguments = name_and_arguments(entry)
        kind = (name, task.queue_name, task.priority, result.backend)
        index = self._kinds.setdefault(kind, len(self._kinds))
        enqueued = result.enqueued_at or result.started_at
        offset = None if enqueued is None else (enqueued - self.now) // _MICROSECOND
        row = _state(entry)
        row[0:1] = (entry.key, row[0], index, arguments, offset)
        return _trimmed(row)

    def change(self, entry: Entry) -> Row:
        """What may have changed of a task whose row was sent before."""
        return _trimmed([entry.key, *_state(entry)])


def sendable(text: str) -> str:
    """The text without lone surrogates, which no JSON encoder can send."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def cut(text: str, limit: int) -> str:
    """The first `limit` characters, with an ellipsis where there were more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def name_and_arguments(entry: Entry) -> tuple[str, str | None]:
    """What stands in the columns Task and Arguments.

    A task with arguments is its function's name and what it was called with; one
    without is its label, taken apart if it reads as a call; a label that does not,
    `cell [7]`, has no arguments at all: None.
    """
    result = entry.result
    if result.args or result.kwargs:
        return sendable(cut(str(result.task.name), 200)), arguments_preview(result)
    label = entry.origin.label if entry.origin is not None else None
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


def arguments_preview(result: Any) -> str:
    """The arguments of a call, without its parentheses, cut to `PREVIEW` characters."""
    if len(result.args) == 1 and not result.kwargs:
        return _short(result.args[0])
    parts: list[str] = []
    room = PREVIEW
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


def _short(value: Any) -> str:
    """A value's preview; what most tasks take and return is quick."""
    if value is None or value is True or value is False:
        return repr(value)
    if type(value) is int and -_PLAIN < value < _PLAIN:
        return repr(value)
    return sendable(preview(value, PREVIEW))


def error_preview(error: Any) -> str:
    """The class of an exception and the first line of its message."""
    headline = last_exception(error.traceback).headline
    if not headline:
        headline = error.exception_class_path.rpartition(".")[2]
    return sendable(cut(headline, ERROR_PREVIEW))


def change_note(entry: Entry) -> str | None:
    """What JSON did to the return value, in the few words that fit a row."""
    notes = list(changed_places(entry, "return_value").values())
    if not notes:
        return None
    return sendable(notes[0] if len(notes) == 1 else f"{notes[0]}, +{len(notes) - 1}")


def _state(entry: Entry) -> Row:
    """Status, started, finished, result, note."""
    result = entry.result
    status = _STATUS_INDEX.get(result.status, 0)
    started = result.last_attempted_at or result.started_at
    finished = result.finished_at
    enqueued = result.enqueued_at or started
    waited = _microseconds(enqueued, started)
    if status < 2:  # noqa: PLR2004 (READY and RUNNING have no outcome)
        return [status, waited, None, None, None]
    took = _microseconds(started or enqueued, finished)
    if status == 3:  # noqa: PLR2004 (FAILED)
        outcome = error_preview(result.errors[-1]) if result.errors else "failed"
        return [status, waited, took, outcome, None]
    outcome = _short(result._return_value)
    note = change_note(entry) if getattr(result, "_changes", ()) else None
    return [status, waited, took, outcome, note]


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
