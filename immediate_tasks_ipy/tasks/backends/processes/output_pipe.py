"""What a worker process writes, read as the texts of its tasks."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
from multiprocessing.connection import Connection

#: Bytes that the system keeps of what a worker has written and nobody has read yet, where it
#: can be said: a task that writes more waits.
BUFFER = 1_048_576


class OutputPipe:
    """The reading end of a worker's output, in which each task's is followed by `boundary`."""

    def __init__(self, connection: Connection, boundary: bytes) -> None:
        self.connection = connection
        self._boundary = boundary
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        # What may be the beginning of a boundary.
        self._rest = b""
        _enlarge(connection)

    def read(self) -> list[str]:
        """What has arrived since: first what continues the text of before, then the next task's.

        Each further one is of the task after it.
        """
        *ended, last = (self._rest + self._arrived()).split(self._boundary)
        kept = _overlap(last, self._boundary)
        self._rest = last[len(last) - kept :]
        texts = [self._decoder.decode(data, final=True) for data in ended]
        return [*texts, self._decoder.decode(last[: len(last) - kept])]

    def close(self) -> None:
        self.connection.close()

    def _arrived(self) -> bytes:
        parts = []
        if sys.platform == "win32":
            with contextlib.suppress(EOFError, OSError):
                while self.connection.poll():
                    parts.append(self.connection.recv_bytes())
            return b"".join(parts)
        with contextlib.suppress(OSError):
            while select.select([self.connection], [], [], 0)[0]:
                data = os.read(self.connection.fileno(), BUFFER)
                if not data:
                    break
                parts.append(data)
        return b"".join(parts)


def _overlap(data: bytes, boundary: bytes) -> int:
    """How many bytes at the end of `data` are the beginning of a boundary."""
    for length in range(min(len(data), len(boundary) - 1), 0, -1):
        if data.endswith(boundary[:length]):
            return length
    return 0


def _enlarge(reader: Connection) -> None:
    """Let more fit between a worker's writing and our reading, where the system allows it."""
    with contextlib.suppress(Exception):
        import fcntl

        fcntl.fcntl(reader.fileno(), fcntl.F_SETPIPE_SZ, BUFFER)
