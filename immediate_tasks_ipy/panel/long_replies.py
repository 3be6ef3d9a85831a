"""Replies that take long, made a slice at a time on the service loop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context

from immediate_tasks_ipy.tasks.backends.event_loop import service_loop

from .feed import Message

#: Seconds of work in one slice, and between two slices: rows and other replies go in between.
SLICE, PAUSE = 0.04, 0.001

logger = logging.getLogger(__name__)


class LongReplies:
    """Sends the messages of iterators that take their time; None in one is a place to pause.

    Thread-safe. They are read in turn on the service loop, so that a panel goes on living while
    100,000 tasks are exported, where there are no threads too.
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._running: dict[str, Iterator[Message | None]] = {}
        self._scheduled = False

    def start(self, name: str, messages: Iterator[Message | None]) -> None:
        """Send these messages, as they are made, from now on."""
        with self._lock:
            self._running[name] = messages
        self._schedule()

    def stop(self, name: str) -> bool:
        """Make no more of a reply; False if it had come to its end, or was never begun."""
        with self._lock:
            return self._running.pop(name, None) is not None

    def close(self) -> None:
        """Make no more of any."""
        with self._lock:
            self._running.clear()

    def _schedule(self) -> None:
        with self._lock:
            if self._scheduled or not self._running:
                return
            self._scheduled = True
        try:
            # In a context of its own: no message belongs to the cell that runs now.
            Context().run(service_loop.call_later, PAUSE, self._slice)
        except RuntimeError:  # no loop can run here and now
            self._scheduled = False
            while self._running:
                self._work(float("inf"))

    def _slice(self) -> None:
        self._scheduled = False
        try:
            self._work(time.perf_counter() + SLICE)
        finally:
            self._schedule()

    def _work(self, until: float) -> None:
        """Read the reply that waited longest, and send what it yields, until that time."""
        with self._lock:
            name = next(iter(self._running), None)
            messages = None if name is None else self._running.pop(name)
            if name is None or messages is None:
                return
            self._running[name] = messages
        for message in messages:
            if self._running.get(name) is not messages:
                return
            if message is not None:
                try:
                    self._send(message)
                except Exception:
                    logger.warning("The task panel could not send to the browser.", exc_info=True)
            if time.perf_counter() > until:
                return
        with self._lock:
            if self._running.get(name) is messages:
                del self._running[name]
