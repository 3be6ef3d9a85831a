"""The tasks that have come to a worker together, taken one after the other."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable

#: Seconds from the beginning after which no further task of a chunk begins: one of them takes
#: longer than was expected, and the others need not wait for it.
PATIENCE = 0.2
#: Withdrawn tasks that are remembered.
WITHDRAWN_LIMIT = 100_000

_withdrawn: OrderedDict[str, None] = OrderedDict()


def withdraw(ids: list[str]) -> None:
    """Have tasks that wait in a chunk, or will, never begin: they were cancelled."""
    for result_id in ids:
        _withdrawn[result_id] = None
    while len(_withdrawn) > WITHDRAWN_LIMIT:
        _withdrawn.popitem(last=False)


class Chunk:
    """Tasks by the ids of their results. Each is begun here, or given back, never both."""

    def __init__(self, payloads: list[tuple[str, bytes]], report: Callable[[str], None]) -> None:
        """`report` is called with the id of each that is given back, from any thread."""
        self._waiting = deque(payloads)
        self._report = report
        self._lock = threading.Lock()

    def take(self) -> tuple[str, bytes] | None:
        """The next one, which begins now; None if there are no more."""
        with self._lock:
            while self._waiting:
                result_id, payload = self._waiting.popleft()
                if result_id not in _withdrawn:
                    return result_id, payload
            return None

    def give_back(self) -> None:
        """Leave those that have not begun to others; from any thread."""
        with self._lock:
            rest = [result_id for result_id, _ in self._waiting]
            self._waiting.clear()
        for result_id in rest:
            if result_id not in _withdrawn:
                self._report(result_id)
