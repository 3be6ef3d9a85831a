"""Background tasks that ended where no card can change: printed between two cells."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from immediate_tasks_ipy.task_history import Entry


class Notices:
    """Background tasks that ended where no card can change any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: list[str] = []

    def add(self, entry: Entry) -> None:
        """Have an entry printed at the next chance, a failure in full; from any thread."""
        from immediate_tasks_ipy.display.text import line, text

        show = text if entry.result.status == "FAILED" else line
        self.add_text(show(entry, now=datetime.now(UTC)))

    def add_text(self, text: str) -> None:
        with self._lock:
            self._texts.append(text)

    def print_all(self, *_: object) -> None:
        """Print what has ended since the last time."""
        with self._lock:
            texts, self._texts = self._texts, []
        for text in texts:
            print(text)  # noqa: T201
