"""A file of tasks, sent in parts as it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.export import PIECES

from .feed import Message
from .rows import sendable

#: Characters of a file in one message.
FILE_PART = 500_000
#: Tasks between two places to pause.
STRIDE = 16
_MIME = {"json": "application/json", "csv": "text/csv"}


def file_parts(entries: Sequence[Entry], kind: str) -> Iterator[Message | None]:
    """The parts of a file of these tasks; the last has its name, each before it how many are done.

    None now and then before a part is full: a place to pause.
    """
    part = size = 0
    pieces: list[str] = []
    for index, piece in enumerate(PIECES[f".{kind}"](entries)):
        pieces.append(piece)
        size += len(piece)
        if size < FILE_PART:
            if index % STRIDE == 0:
                yield None
            continue
        text, done = sendable("".join(pieces)), min(index, len(entries))
        yield {"part": part, "text": text, "more": True, "done": done, "total": len(entries)}
        part, size, pieces = part + 1, 0, []
    yield {
        "file": f"tasks-{datetime.now().astimezone():%Y%m%d-%H%M%S}.{kind}",
        "mime": _MIME[kind],
        "part": part,
        "text": sendable("".join(pieces)),
        "say": f"{task_count(len(entries))} exported",
    }


def task_count(count: int) -> str:
    """`1 task`, `1,204 tasks`."""
    return f"{count:,} {'task' if count == 1 else 'tasks'}"
