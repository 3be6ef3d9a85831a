"""One daemon thread that redraws running cards, also while the main thread is blocked."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import Protocol

logger = logging.getLogger("immediate_tasks_ipy")


#: Seconds to wait for a front end that does not take what is drawn.
PATIENCE = 1.0


class Refreshed(Protocol):
    """Something that is redrawn now and then."""

    def tick(self) -> float | None:
        """Redraw; returns the seconds until the next time, or None for never. Must not raise."""


class _Last:
    """Drawn after whatever was due before it."""

    def __init__(self) -> None:
        self.reached = threading.Event()

    def tick(self) -> None:
        self.reached.set()


class Refresher:
    """Calls `tick` of whatever is scheduled; the thread starts with the first of them."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._queue: list[tuple[float, int, Refreshed]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def schedule(self, refreshed: Refreshed, delay: float) -> None:
        """Have `refreshed.tick()` called after `delay` seconds, on the refresher's thread."""
        with self._wake:
            if self._stopped:
                return
            due = time.monotonic() + delay
            heapq.heappush(self._queue, (due, next(self._order), refreshed))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="immediate-tasks-cards", daemon=True
                )
                self._thread.start()
            elif self._queue[0][2] is refreshed:
                self._wake.notify()

    def settle(self) -> None:
        """Return once everything that is due now has been redrawn."""
        if self._thread is None or self._stopped:
            return
        last = _Last()
        self.schedule(last, 0)
        last.reached.wait(PATIENCE)

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._queue.clear()
            self._wake.notify()

    def _run(self) -> None:
        while (refreshed := self._next()) is not None:
            try:
                again = refreshed.tick()
            except Exception:
                logger.exception("%r could not be drawn.", refreshed)
                continue
            if again is not None:
                self.schedule(refreshed, again)

    def _next(self) -> Refreshed | None:
        with self._wake:
            while not self._stopped:
                if not self._queue:
                    self._wake.wait()
                    continue
                delay = self._queue[0][0] - time.monotonic()
                if delay <= 0:
                    return heapq.heappop(self._queue)[2]
                # A longer wait than the platform's longest would raise, and end the thread.
                self._wake.wait(min(delay, threading.TIMEOUT_MAX))
        return None
