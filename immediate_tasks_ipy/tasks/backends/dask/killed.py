"""Tasks whose workers died, and why."""

from __future__ import annotations

from typing import Any

#: Workers whose end is remembered.
LIMIT = 1_000


def is_killed_worker(error: object) -> bool:
    """Whether this is Dask's verdict that a task's workers have died too often."""
    return type(error).__name__ == "KilledWorker"


def attempts_allowed(error: Any) -> int:
    """How many workers had to die for that verdict."""
    return int(getattr(error, "allowed_failures", 0)) + 1


class MemoryKills:
    """The workers that were ended since they used more memory than they may."""

    def __init__(self) -> None:
        #: Bytes that were in use at the end, by the worker's address.
        self._used: dict[str, int] = {}

    def add(self, worker: str, used: int) -> None:
        """A worker is being ended for the bytes it uses."""
        self._used[worker] = used
        if len(self._used) > LIMIT:
            del self._used[next(iter(self._used))]

    def explain(self, error: Any) -> BaseException:
        """The error to show for one that a future has: the same, unless memory is the reason."""
        worker = getattr(getattr(error, "last_worker", None), "address", None)
        if not is_killed_worker(error) or worker not in self._used:
            return error  # type: ignore[no-any-return]
        explained = MemoryError(
            f"The task ended {attempts_allowed(error)} workers: the last one, {worker}, used "
            f"{self._used[worker] / 2**30:.2f} GiB of memory, more than its limit allows. Give the "
            "workers more memory, or the task less to do at a time."
        )
        explained.__cause__ = error
        return explained
