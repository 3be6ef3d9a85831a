"""What happens on a worker, on its way to the notebooks.

It goes through the scheduler's event log: a few messages a moment, each with
all that happened meanwhile.
"""

from __future__ import annotations

import threading
from typing import Any

#: Seconds in which events are collected before they are sent.
EVENT_INTERVAL = 0.01

#: The reporter of each worker in this process, by its address.
_reporters: dict[str, Reporter] = {}


def add_worker(worker: Any) -> None:
    """Report for `worker` from now on."""
    _reporters[worker.address] = Reporter(worker)


def remove_worker(worker: Any) -> bool:
    """Report no longer for `worker`; returns whether another one is left in this process."""
    _reporters.pop(worker.address, None)
    return bool(_reporters)


def reporter_of(worker: Any) -> Reporter:
    """The reporter of a worker, whether it was added or not."""
    return _reporters.get(worker.address) or Reporter(worker)


class Reporter:
    """Sends events of one worker to the notebooks. Called from its task threads."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._waiting: dict[str, list[list[Any]]] = {}
        self._scheduled = False

    def send(self, topic: str, *event: Any) -> None:
        with self._lock:
            self._waiting.setdefault(topic, []).append(list(event))
            if self._scheduled:
                return
            self._scheduled = True
        self.call_later(EVENT_INTERVAL, self._flush)

    def call_later(self, seconds: float, callback: Any) -> None:
        """Call on the worker's loop, which `callback` must not block."""
        loop = self._worker.loop
        loop.add_callback(loop.call_later, seconds, callback)

    def _flush(self) -> None:
        with self._lock:
            waiting, self._waiting, self._scheduled = self._waiting, {}, False
        for topic, events in waiting.items():
            self._worker.log_event(topic, {"events": events})
