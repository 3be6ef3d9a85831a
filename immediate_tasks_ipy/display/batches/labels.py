"""Labels that distinguish the items of a batch: what all of them share is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from immediate_tasks_ipy.display.values import call_text
from immediate_tasks_ipy.task_history import Entry

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import BatchStats

#: Items that are looked at besides those that are shown; characters of a call.
SAMPLE, CALL = 40, 200
#: No word is cut: what is shared ends behind one of these.
_SEPARATORS = "/, \"'"
_CLOSING = _SEPARATORS + ")]}"


class ItemLabels:
    """The labels of a batch's items: `…/page/17` of `fetch("https://example.org/page/17")`."""

    def __init__(self, batch: BatchStats, shown: list[Entry]) -> None:
        sample = [Entry(0, result) for result in batch.sample(SAMPLE)]
        calls = {call_text(entry, CALL) for entry in [*shown, *sample]}
        self._are_equal = len(calls) == 1 and batch.enqueued > 1
        self._start, self._end = shared_ends(sorted(calls)) if len(calls) > 1 else (0, 0)

    def label(self, entry: Entry, limit: int) -> str:
        """The label of one item, cut to so many characters."""
        call = call_text(entry, CALL)
        if self._are_equal and entry.item is not None:
            return f"#{entry.item}"
        if not self._start:
            return call_text(entry, limit)
        label = "…" + call[self._start : len(call) - self._end]
        return label if len(label) <= limit else label[: limit - 1] + "…"


def shared_ends(texts: list[str]) -> tuple[int, int]:
    """How many characters to leave out at the start and at the end of texts that differ.

    Whole words only; one part before the difference stays.
    """
    prefix = texts[0][: _shared(texts)]
    cut = 1 + max(prefix.rfind(separator) for separator in _SEPARATORS)
    start = max(prefix.rfind(separator, 0, max(0, cut - 1)) for separator in _SEPARATORS)
    if start <= 0:
        return 0, 0
    if prefix[start] in ", ":
        start += 1
    room = min(len(text) for text in texts) - cut
    if room <= 0:
        return start, 0
    suffix = texts[0][len(texts[0]) - min(room, _shared([text[::-1] for text in texts])) :]
    ends = [suffix.find(closing) for closing in _CLOSING if closing in suffix]
    return start, len(suffix) - min(ends) if ends else 0


def _shared(texts: list[str]) -> int:
    """How many characters all texts have in common at their start."""
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(first), len(last)))
