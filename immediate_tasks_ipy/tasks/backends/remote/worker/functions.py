"""The large functions that a worker has been sent, kept for the tasks that call them next."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")

#: How many are kept; each may hold as much as the notebook's largest variable.
LIMIT = 2


class LatestFunctions(Generic[V]):
    """What belongs to the functions used last, by their digests. Thread-safe.

    The notebook keeps one beside each worker process and uses it in the same order: so it
    knows, without asking, what the worker has.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._values: OrderedDict[str, V] = OrderedDict()

    def __contains__(self, digest: str) -> bool:
        return digest in self._values

    def use(self, digest: str, make: Callable[[], V]) -> V:
        """The value of that digest, made if it is missing; the one used longest ago is dropped."""
        with self._lock:
            if digest not in self._values:
                self._values[digest] = make()
                if len(self._values) > self._limit:
                    self._values.popitem(last=False)
            self._values.move_to_end(digest)
            return self._values[digest]
