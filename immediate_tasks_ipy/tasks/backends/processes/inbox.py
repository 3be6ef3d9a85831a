"""Calls for a thread that waits for connections as well."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from typing import Any


class Inbox:
    """Calls that other threads have made by the one that owns this, in their order."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        # A byte is in it whenever there may be calls.
        self._wakeup, self._alarm = Pipe(duplex=False)
        self._is_awake = False

    @property
    def connection(self) -> Any:
        """Ready to be read when there are calls."""
        return self._wakeup

    def put(self, call: Callable[[], None]) -> None:
        """Have a call made; from any thread."""
        with self._lock:
            self._calls.put(call)
            if not self._is_awake:
                self._is_awake = True
                self._alarm.send_bytes(b"!")

    def take(self) -> Callable[[], None] | None:
        """Remove and return the next call; None if there is none."""
        try:
            return self._calls.get_nowait()
        except queue.Empty:
            return None

    def rest(self) -> None:
        """Sleep until the next call: those before are about to be taken."""
        with self._lock:
            if self._is_awake:
                self._wakeup.recv_bytes()
                self._is_awake = False
