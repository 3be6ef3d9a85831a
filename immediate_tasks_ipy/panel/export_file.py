"""A file of tasks, sent in parts as it is written."""

from __future__ import annotations

import base64
import zlib
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


def file_parts(
    entries: Sequence[Entry], kind: str, *, packed: bool = False
) -> Iterator[Message | None]:
    """The parts of a file of these tasks; the last has its name, each before it how many are done.

    Packed, they are base64 of one zlib stream: a tenth of the bytes for all that they pass through.
    None now and then before a part is full: a place to pause.
    """
    part = size = 0
    pack = _Packer() if packed else _Plain()
    pieces: list[str] = []
    for index, piece in enumerate(PIECES[f".{kind}"](entries)):
        pieces.append(piece)
        size += len(piece)
        if size < FILE_PART:
            if index % STRIDE == 0:
                yield None
            continue
        text, done = pack.part("".join(pieces)), min(index, len(entries))
        yield {"part": part, "text": text, "more": True, "done": done, "total": len(entries)}
        part, size, pieces = part + 1, 0, []
    yield {
        "file": f"tasks-{datetime.now().astimezone():%Y%m%d-%H%M%S}.{kind}",
        "mime": _MIME[kind],
        "part": part,
        "text": pack.part("".join(pieces)) + pack.end(),
        "packed": packed,
        "say": f"{task_count(len(entries))} exported",
    }


class _Plain:
    def part(self, text: str) -> str:
        return sendable(text)

    def end(self) -> str:
        return ""


class _Packer:
    """Compresses a text part by part; quick rather than small."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(1)
        self._rest = b""

    def part(self, text: str) -> str:
        data = self._rest + self._stream.compress(sendable(text).encode())
        # Whole groups of three bytes, so that the parts in a row are base64, too.
        whole = len(data) // 3 * 3
        self._rest = data[whole:]
        return base64.b64encode(data[:whole]).decode()

    def end(self) -> str:
        return base64.b64encode(self._rest + self._stream.flush()).decode()


def task_count(count: int) -> str:
    """`1 task`, `1,204 tasks`."""
    return f"{count:,} {'task' if count == 1 else 'tasks'}"
