"""How the cluster is, as far as its scheduler says: what a task has to wait for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

#: Seconds between two questions.
INTERVAL = 2.0
#: Seconds without a sign of life after which a scheduler or worker counts as silent.
SILENCE = 10.0


class ClusterWatch:
    """The last messages of a scheduler and of its workers. Belongs to one thread.

    Times are this machine's: a worker is silent if what the scheduler has last seen of it does
    not change any more.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        now = time.monotonic()
        self._asked_at, self._answered_at = now - INTERVAL, now
        self._is_waiting = False
        #: By the addresses of the workers: what the scheduler has last seen, and since when.
        self._seen: dict[str, tuple[Any, float]] | None = None
        #: How many tasks the workers can run at a time.
        self.threads = 0

    def should_ask(self) -> bool:
        """Whether it is time for a question; it counts as asked."""
        now = time.monotonic()
        if self._is_waiting or now - self._asked_at < INTERVAL:
            return False
        self._asked_at, self._is_waiting = now, True
        return True

    def answered(self, identity: Mapping[str, Any] | None) -> None:
        """What the scheduler says of itself; None if it did not answer in time."""
        self._is_waiting = False
        if identity is None:
            return
        now = self._answered_at = time.monotonic()
        before, workers = self._seen or {}, identity["workers"]
        self._seen = {}
        for address, worker in workers.items():
            seen, since = before.get(address, (None, now))
            last_seen = worker["last_seen"]
            self._seen[address] = (last_seen, since if last_seen == seen else now)
        self.threads = sum(worker["nthreads"] for worker in workers.values())

    def note(self, worker: str | None) -> str | None:
        """What to say of a task: what it waits for, or that its worker is silent.

        `worker` is the address of the one that runs it.
        """
        now = time.monotonic()
        if now - self._answered_at > SILENCE:
            return (
                f"The Dask scheduler at {self._address} has not answered for {SILENCE:.0f} s: "
                "it is stopped, or the network is interrupted."
            )
        if worker is None:
            if self._seen is not None and not self._seen:
                return f"The cluster at {self._address} has no workers: the task waits for one."
            return None
        _, since = (self._seen or {}).get(worker, (None, now))
        if now - since > SILENCE:
            return (
                f"Its worker {worker} has given no sign of life for {SILENCE:.0f} s: "
                "it is stopped, busy beyond measure, or the network is interrupted."
            )
        return None
