"""What a task wrote, bounded: the head and the tail are kept, the middle goes first.

This file travels to workers outside of this process as text: it imports the standard library
only.
"""

from __future__ import annotations

import threading
from collections import deque

#: Characters kept of one task's output, half of them from its head.
OUTPUT_LIMIT = 1_000_000


class Output:
    """The text of one task's stdout, stderr, logs and displays, in order of arrival.

    Written from any thread. At most `limit` characters are kept: the first
    half and the last half, with a note of how much was dropped between them.
    """

    __slots__ = ("_head", "_head_size", "_limit", "_lock", "_tail", "_tail_size", "dropped")

    def __init__(self, limit: int = OUTPUT_LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._head: list[str] | None = None
        self._head_size = 0
        # A batch makes thousands of outputs that are never written to.
        self._tail: deque[str] | None = None
        self._tail_size = 0
        #: Characters that were dropped between head and tail.
        self.dropped = 0

    def write(self, text: str) -> None:
        """Add text at the end."""
        if not text:
            return
        half = self._limit // 2
        with self._lock:
            room = half - self._head_size
            if room > 0:
                if self._head is None:
                    self._head = []
                self._head.append(text[:room])
                self._head_size += min(room, len(text))
                text = text[room:]
                if not text:
                    return
            if len(text) > half:
                self.dropped += len(text) - half
                text = text[len(text) - half :]
            if self._tail is None:
                self._tail = deque()
            self._tail.append(text)
            self._tail_size += len(text)
            while self._tail_size > half:
                excess = self._tail_size - half
                oldest = self._tail[0]
                if len(oldest) <= excess:
                    self._tail.popleft()
                    cut = len(oldest)
                else:
                    self._tail[0] = oldest[excess:]
                    cut = excess
                self._tail_size -= cut
                self.dropped += cut

    @property
    def text(self) -> str:
        """All that was kept, with a line that says what was not."""
        with self._lock:
            head, tail, dropped = "".join(self._head or ()), "".join(self._tail or ()), self.dropped
        if dropped:
            return f"{head}\n… {dropped:,} characters were not kept …\n{tail}"
        return head + tail

    def __bool__(self) -> bool:
        return bool(self._head_size or self.dropped)
