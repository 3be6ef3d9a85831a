"""The batches that rows are items of, numbered for the browser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from .rows import cut, sendable

#: Number, label, how many items (None if unknown), and whether no more are enqueued (0 or 1).
WireGroup = tuple[int, str, int | None, int]


class Groups:
    """Numbers batches as they are first seen, and knows what of each was sent."""

    def __init__(self) -> None:
        self._numbers: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._batches: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self._sent: dict[int, WireGroup] = {}
        self._last = 0

    def number_of(self, batch: Any) -> int:
        """The number of a batch, the same for good."""
        number = self._numbers.get(batch)
        if number is None:
            self._last = number = self._last + 1
            self._numbers[batch] = number
            self._batches[number] = batch
        return number

    def batch(self, number: int) -> Any | None:
        """The batch with that number; None if it is gone."""
        return self._batches.get(number)

    def wires(self, numbers: Iterable[int]) -> list[WireGroup]:
        """These batches as they are sent, all of them."""
        found = [self._wire(number) for number in numbers]
        wires = [wire for wire in found if wire is not None]
        self._sent |= {wire[0]: wire for wire in wires}
        return wires

    def news(self, numbers: Iterable[int] = ()) -> list[WireGroup]:
        """Those of these batches, and of those under way, that differ from what was sent."""
        under_way = [number for number, wire in self._sent.items() if not wire[3]]
        news = []
        for number in dict.fromkeys([*numbers, *under_way]):
            wire = self._wire(number)
            if wire is not None and self._sent.get(number) != wire:
                self._sent[number] = wire
                news.append(wire)
        return news

    @property
    def has_unended(self) -> bool:
        """Whether one of those that were sent is still under way."""
        return any(not wire[3] for wire in self._sent.values())

    def _wire(self, number: int) -> WireGroup | None:
        batch = self.batch(number)
        if batch is None:
            sent = self._sent.get(number)
            return None if sent is None else (*sent[:3], 1)
        ended = batch.finished_at is not None
        return number, sendable(cut(str(batch.label), 200)), batch.total, int(ended)
