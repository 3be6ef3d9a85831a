"""The live objects that a history keeps: exceptions, and values that JSON can't hold."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any

from immediate_tasks_ipy.task_history.entry import Entry
from immediate_tasks_ipy.tasks.values import live_values

#: Live exceptions kept for post-mortem debugging.
LIVE_EXCEPTIONS = 8
#: Bytes of live values that a history keeps unless configured otherwise.
HISTORY_MEMORY = 512 * 2**20
#: Items of a container that are measured, and levels of containers; the rest is taken to be alike.
_SAMPLE, _LEVELS = 50, 4
#: Bytes that an object of an unknown class is taken to refer to.
_UNKNOWN = 256


class LiveObjects:
    """The live objects of finished entries, by their keys, within a limit as estimated.

    A result holds its own live values. What a task returned and its result could not hold is held
    here. Belongs to a recorder, which calls all but the readers under its lock.
    """

    def __init__(self, limit: int = HISTORY_MEMORY) -> None:
        #: Bytes of live values, as estimated.
        self.limit = limit
        self._total = 0
        #: Whether there may be more than that, so that entries are to be dropped.
        self.is_full = False
        self._sizes: dict[int, int] = {}
        self._unstored: dict[int, Any] = {}
        self._exceptions: deque[tuple[int, BaseException]] = deque(maxlen=LIVE_EXCEPTIONS)

    def add_exception(self, entry: Entry, error: BaseException) -> None:
        """Keep the exception that failed a task, and the value that the task had returned."""
        self._exceptions.append((entry.key, error))
        try:
            value = error.unstored_value  # type: ignore[attr-defined]
        except Exception:
            return
        self._unstored[entry.key] = value
        self._count(entry.key, estimated_size(value))
        where = f"The task ran; %tasks value {entry.result.id[:8]} has what it returned."
        entry.note = where if entry.note is None else f"{entry.note} {where}"

    def add_values(self, entry: Entry) -> None:
        """Count the live values of a finished result, if it has any."""
        values = live_values(entry.result)
        if values:
            self._count(entry.key, sum(map(estimated_size, values)))

    def discard(self, keys: list[int]) -> None:
        """Forget what belongs to entries that are gone."""
        for key in keys:
            if key in self._sizes:
                self._total -= self._sizes.pop(key)
                self._unstored.pop(key, None)
        if self._exceptions and keys:
            kept = [one for one in self._exceptions if one[0] not in keys]
            if len(kept) < len(self._exceptions):
                self._exceptions.clear()
                self._exceptions.extend(kept)

    def excess(self) -> list[int]:
        """The keys of the entries to drop, oldest first; the latest stays, however large."""
        keys: list[int] = []
        left = self._total
        for key in list(self._sizes)[:-1] if left > self.limit else ():
            if left <= self.limit:
                break
            left -= self._sizes[key]
            keys.append(key)
        self.is_full = False
        return keys

    def exception(self, key: int) -> BaseException | None:
        """The exception of one of the last failures."""
        for failed, error in list(self._exceptions):
            if failed == key:
                return error
        return None

    def unstored(self, key: int) -> Any:
        """The value that a task returned and its result could not hold. Raises LookupError."""
        try:
            return self._unstored[key]
        except KeyError:
            msg = (
                "No live value is kept for this task: it returned none that could not be stored, "
                "or the history has dropped it."
            )
            raise LookupError(msg) from None

    def _count(self, key: int, size: int) -> None:
        self._sizes[key] = self._sizes.get(key, 0) + size
        self._total += size
        self.is_full = self._total > self.limit


def estimated_size(value: Any) -> int:
    """About how many bytes a value keeps alive. Quick whatever its size; never raises.

    Arrays and data frames say it themselves; of a container the first items are measured.
    """
    try:
        return _estimate(value, _LEVELS)
    except Exception:
        return _UNKNOWN


def _estimate(value: Any, levels: int) -> int:
    for name in ("memory_usage", "estimated_size", "nbytes"):
        if hasattr(type(value), name):
            said = getattr(value, name)
            size = said() if callable(said) else said
            return _UNKNOWN + int(size.sum() if hasattr(size, "sum") else size)
    own = sys.getsizeof(value)
    if isinstance(value, (str, bytes, bytearray, int, float)) or levels == 0:
        return own
    if isinstance(value, (list, tuple, set, frozenset)):
        return own + _sampled(value, len(value), levels)
    inner = value if isinstance(value, dict) else getattr(value, "__dict__", None)
    if not isinstance(inner, dict):
        return own + _UNKNOWN
    return own + sum(_sampled(part, len(inner), levels) for part in (inner, inner.values()))


def _sampled(items: Iterable[Any], size: int, levels: int) -> int:
    sizes = [_estimate(item, levels - 1) for item in islice(items, _SAMPLE)]
    return sum(sizes) * size // len(sizes) if sizes else 0
