"""The requests of the browser, checked in one place.

Everything that arrives is input: `parse` returns one of the requests below, or
raises `BadMessage`. A request names tasks by the keys of the history and
nothing else; no text in it is ever evaluated, imported or used as a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Keys in one message (a history may hold as many), and steps into a value.
MOST_KEYS, MOST_STEPS = 1_000_000, 200
PLACES = ("return_value", "args")
FORMATS = ("json", "csv")
BATCH_ACTIONS = ("cancel", "resume")

_REQUEST = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)


class BadMessage(ValueError):
    """A message that no panel sends."""


@dataclass(frozen=True, slots=True)
class Open:
    """Send a snapshot: a page was opened, or a message was missed."""

    request: str


@dataclass(frozen=True, slots=True)
class Detail:
    """Send all about one task."""

    request: str
    key: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Send what is inside a value: children from `offset` on of the node at `path`."""

    request: str
    key: int
    place: str
    path: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class WholeOutput:
    """Send the output of a task without its usual cut."""

    request: str
    key: int


@dataclass(frozen=True, slots=True)
class Search:
    """Name the tasks that contain a text, also where their row's preview is cut."""

    request: str
    text: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """Enqueue these tasks again."""

    request: str
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RerunFailed:
    """Enqueue those of these tasks again that failed and that nobody has enqueued again since."""

    request: str
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel these tasks."""

    request: str
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """Cancel a batch, or let it go on; what was not yet enqueued included."""

    request: str
    action: str
    number: int


@dataclass(frozen=True, slots=True)
class Traceback:
    """Send the text of a traceback, as Python prints it."""

    request: str
    key: int


@dataclass(frozen=True, slots=True)
class Locals:
    """Send the local variables of a frame of a task's exception.

    Exceptions are counted from the one that ended the task, frames from the outermost, as the
    detail has them.
    """

    request: str
    key: int
    exception: int
    frame: int


@dataclass(frozen=True, slots=True)
class Copy:
    """Write the magic line that enqueues a task."""

    request: str
    key: int


@dataclass(frozen=True, slots=True)
class CopyBatch:
    """Send the magic that enqueues a batch."""

    request: str
    number: int


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget the finished tasks."""

    request: str


@dataclass(frozen=True, slots=True)
class Export:
    """Write these tasks, or all, as a file; compressed on its way if `packed`."""

    request: str
    format: str
    keys: tuple[int, ...] | None
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Make no more of the reply to an earlier request, an export or a search."""

    request: str
    target: str


Request = (
    Open
    | Detail
    | Branch
    | WholeOutput
    | Traceback
    | Locals
    | Search
    | Rerun
    | RerunFailed
    | Cancel
    | ChangeBatch
    | Copy
    | CopyBatch
    | Clear
    | Export
    | Stop
)


def parse(content: object) -> Request:
    """The request in a message's content.

    Raises BadMessage for anything that is not exactly one.
    """
    if not isinstance(content, dict):
        msg = f"a message is an object, not {type(content).__name__}"
        raise BadMessage(msg)
    reader = _READERS.get(content.get("op")) if isinstance(content.get("op"), str) else None
    if reader is None:
        msg = f"unknown op {_short(content.get('op'))}"
        raise BadMessage(msg)
    return reader(_name(content.get("request")), content)


def request_name(content: object) -> str | None:
    """The name of a message that can be answered, whatever else is wrong with it."""
    name = content.get("request") if isinstance(content, dict) else None
    return name if isinstance(name, str) and _REQUEST.fullmatch(name) else None


def _name(value: object) -> str:
    if not isinstance(value, str) or not _REQUEST.fullmatch(value):
        msg = f"a request is named by letters and digits, not {_short(value)}"
        raise BadMessage(msg)
    return value


def _key(value: object) -> int:
    if type(value) is not int or not 0 < value < 2**53:
        msg = f"a key is a positive integer, not {_short(value)}"
        raise BadMessage(msg)
    return value


def _keys(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MOST_KEYS:
        msg = f"keys are a list of at most {MOST_KEYS:,} integers"
        raise BadMessage(msg)
    return tuple(dict.fromkeys(_key(key) for key in value))


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        msg = f"an offset is an integer from 0, not {_short(value)}"
        raise BadMessage(msg)
    return value


def _path(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MOST_STEPS:
        msg = f"a path is a list of at most {MOST_STEPS} integers"
        raise BadMessage(msg)
    return tuple(_count(step) for step in value)


def _one_of(choices: tuple[str, ...], value: object) -> str:
    if not isinstance(value, str) or value not in choices:
        msg = f"one of {', '.join(choices)} is expected, not {_short(value)}"
        raise BadMessage(msg)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 200:  # noqa: PLR2004 (more than anybody types)
        msg = "a search text has at most 200 characters"
        raise BadMessage(msg)
    return value


def _short(value: object) -> str:
    return repr(value)[:60] if isinstance(value, (str, int, float)) else type(value).__name__


def _some_or_all(value: object) -> tuple[int, ...] | None:
    return None if value is None else _keys(value)


_READERS: dict[object, Callable[[str, dict[str, Any]], Request]] = {
    "open": lambda request, _: Open(request),
    "detail": lambda request, content: Detail(request, _key(content.get("key"))),
    "branch": lambda request, content: Branch(
        request,
        _key(content.get("key")),
        _one_of(PLACES, content.get("place")),
        _path(content.get("path")),
        _count(content.get("offset")),
    ),
    "output": lambda request, content: WholeOutput(request, _key(content.get("key"))),
    "search": lambda request, content: Search(request, _text(content.get("text"))),
    "rerun": lambda request, content: Rerun(request, _keys(content.get("keys"))),
    "rerun_failed": lambda request, content: RerunFailed(request, _keys(content.get("keys"))),
    "cancel": lambda request, content: Cancel(request, _keys(content.get("keys"))),
    "batch": lambda request, content: ChangeBatch(
        request, _one_of(BATCH_ACTIONS, content.get("action")), _key(content.get("group"))
    ),
    "traceback": lambda request, content: Traceback(request, _key(content.get("key"))),
    "locals": lambda request, content: Locals(
        request,
        _key(content.get("key")),
        _count(content.get("exception")),
        _count(content.get("frame")),
    ),
    "copy": lambda request, content: Copy(request, _key(content.get("key"))),
    "copy_batch": lambda request, content: CopyBatch(request, _key(content.get("group"))),
    "clear": lambda request, _: Clear(request),
    "export": lambda request, content: Export(
        request,
        _one_of(FORMATS, content.get("format")),
        _some_or_all(content.get("keys")),
        content.get("packed") is True,
    ),
    "stop": lambda request, content: Stop(request, _name(content.get("target"))),
}
