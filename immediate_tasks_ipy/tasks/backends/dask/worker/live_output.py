"""What one task writes, sent a little at a time while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ....output import Output

#: Seconds between two reports of what a task has written.
INTERVAL = 0.2
#: Characters of one report: it stays a while in the scheduler's memory.
REPORT_LIMIT = 16_384


class LiveOutput:
    """Collects text, and reports it in pieces; what is left at the end is `rest()`.

    What a task writes faster than that is kept for the end, bounded as an `Output` is.
    Thread-safe. `call_later(seconds, callback)` has the reports made.
    """

    def __init__(
        self, report: Callable[[str], None], call_later: Callable[[float, Callable[[], None]], None]
    ) -> None:
        self._report = report
        self._call_later = call_later
        self._lock = threading.Lock()
        self._waiting = Output()
        self._is_scheduled = False
        self._has_ended = False

    def write(self, text: str) -> None:
        """Add text at the end."""
        with self._lock:
            self._waiting.write(text)
            if self._is_scheduled or self._has_ended:
                return
            self._is_scheduled = True
        self._call_later(INTERVAL, self._flush)

    def rest(self) -> str:
        """What was not reported; nothing is from now on."""
        with self._lock:
            self._has_ended = True
            return self._waiting.text

    def _flush(self) -> None:
        with self._lock:
            if self._has_ended:
                return
            text = self._waiting.text
            self._waiting = Output()
            self._waiting.write(text[REPORT_LIMIT:])
            self._is_scheduled = len(text) > REPORT_LIMIT
            again = self._is_scheduled
            # Within the lock, so that two pieces keep their order.
            self._report(text[:REPORT_LIMIT])
        if again:
            self._call_later(INTERVAL, self._flush)
