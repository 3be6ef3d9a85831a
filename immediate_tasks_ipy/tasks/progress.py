"""How far a running task has come, as its own code says it.

`progress(3, 10, "epoch 3")` anywhere below a task's function, `for page in track(pages)`, or
`context.progress(3, 10)` where the task takes a context. Outside of a task they do nothing, so
that a function can be called plainly as well.

A progress bar of tqdm that a task writes says the same: `progress_bar_in` reads it.

This file travels to workers outside of this process as text: it imports the standard library
only, and `set_reporter` says who receives reports there.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sized
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

T = TypeVar("T")

#: Seconds between two reports of `track`.
TRACK_INTERVAL = 0.1

#: Told of progress: done, total, text.
Reporter = Callable[["float", "float | None", str], object]


def progress(done: float, total: float | None = None, text: str = "") -> None:
    """Say that the running task has done so much, of `total` if that is known.

    `text` is a word about where it is, "epoch 3". The newest report is shown beside the task;
    one that is not a number is refused with a TypeError.
    """
    send(_reporter(), done, total, text)


def send(report: Reporter | None, done: float, total: float | None = None, text: str = "") -> None:
    """Check a report and pass it on."""
    done, total = _number(done), None if total is None else _number(total)
    if report is not None:
        report(done, total, str(text))


@overload
def track(iterable: Iterable[T], total: float | None = None, text: str = "") -> Iterator[T]: ...


@overload
def track(
    iterable: AsyncIterable[T], total: float | None = None, text: str = ""
) -> AsyncIterator[T]: ...


def track(iterable: Any, total: float | None = None, text: str = "") -> Any:
    """Go through an iterable, or an async one, and report each item that is done.

    `total` is the iterable's length, where it has one.
    """
    if total is None and isinstance(iterable, Sized):
        with suppress(Exception):
            total = len(iterable)
    tracker = _Tracker(total, text)
    if isinstance(iterable, AsyncIterable):
        return tracker.through_async(iterable)
    return tracker.through(iterable)


class _Tracker:
    """Reports the first item, the last, and those between at intervals."""

    def __init__(self, total: float | None, text: str) -> None:
        self._total = total
        self._text = text
        self._done = 0
        self._next = 0.0

    def through(self, iterable: Iterable[T]) -> Iterator[T]:
        progress(0, self._total, self._text)
        for item in iterable:
            yield item
            self._count()
        progress(self._done, self._total, self._text)

    async def through_async(self, iterable: AsyncIterable[T]) -> AsyncIterator[T]:
        progress(0, self._total, self._text)
        async for item in iterable:
            yield item
            self._count()
        progress(self._done, self._total, self._text)

    def _count(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TRACK_INTERVAL
            progress(self._done, self._total, self._text)


def _number(value: Any) -> float:
    """An int or a float, also of numpy; NaN counts as 0."""
    number = float(value)
    if number != number:  # noqa: PLR0124 (NaN)
        return 0
    return int(number) if number.is_integer() else number


def reporter_of(result: Any) -> Reporter | None:
    """What sends `task_progress` for the task of a result; None if nobody would hear it."""
    from .signals import task_progress

    if result is None or not task_progress.receivers:
        return None

    def report(done: float, total: float | None, text: str) -> None:
        task_progress.send_robust(
            type(result), task_result=result, done=done, total=total, text=text
        )

    return report


def _nobody() -> Reporter | None:
    return None


_reporter: Callable[[], Reporter | None] = _nobody


def set_reporter(reporter: Callable[[], Reporter | None]) -> None:
    """Set `reporter()`: who receives reports of the task that runs in this context, or None.

    Set by what runs tasks in this process.
    """
    global _reporter
    _reporter = reporter


# -- what is kept of the reports ---------------------------------------------------------


class Progress:
    """The newest report of a task, and when it made the first; safe to read from any thread."""

    __slots__ = ("_first", "at", "done", "text", "total", "unit")

    def __init__(
        self, done: float, total: float | None = None, text: str = "", *, unit: str = ""
    ) -> None:
        #: How much is done, and of how much; None where that is not known.
        self.done = done
        self.total = total
        #: A word about where the task is, "epoch 3".
        self.text = text
        #: What is counted, "B" for bytes; usually nothing.
        self.unit = unit
        #: When that was reported.
        self.at = datetime.now(UTC)
        self._first = (self.at, done)

    def followed_by(self, newer: Progress) -> Progress:
        """The newer report, with what this one knows of the first."""
        if newer.done >= self.done and newer.total == self.total:
            newer._first = self._first
        return newer

    @property
    def fraction(self) -> float | None:
        """How much of the whole is done, from 0 to 1; None where the whole is not known."""
        if not self.total or self.total < 0:
            return None
        return min(1.0, max(0.0, self.done / self.total))

    def seconds_left(self, now: datetime) -> float | None:
        """An estimate from the reports so far; None before the second, or without a total."""
        began, before = self._first
        gained = self.done - before
        if not self.total or gained <= 0:
            return None
        seconds = (self.at - began).total_seconds()
        left = (self.total - self.done) * seconds / gained
        return max(0.0, left - max(0.0, (now - self.at).total_seconds()))


#: A line of tqdm: `epoch 3:  62%|######    | 84.0M/135M [00:05<00:03, 17.0MB/s]`.
_BAR = re.compile(
    r"(?:(?P<text>[^\r\n|]{0,200}?): +)? *\d{1,3}%\|[^|\r\n]{0,400}\| *"
    r"(?P<done>[\d.]+[kKMGTP]?)/(?P<total>[\d.]+[kKMGTP]?) "
    r"\[\d[^\]\r\n]{0,200}\]"
)
#: The same without a total: `412it [00:05, 80.1it/s]`.
_COUNT = re.compile(
    r"(?:(?P<text>[^\r\n|]{0,200}?): +)?(?P<done>[\d.]+[kKMGTP]?)(?P<unit>[^\d\s\[]{1,20}) "
    r"\[\d[\d:]*, [^\]\r\n]{0,80}\]"
)
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
#: Characters from the end of what is written that are looked at.
_READ = 2000


def progress_bar_in(text: str) -> Progress | None:
    """What the last progress bar of tqdm in a piece of output says; None if there is none."""
    if "[" not in text or ("%|" not in text and "/s]" not in text and ", " not in text):
        return None
    lines = re.split(r"[\r\n]", text[-_READ:])
    for line in reversed(lines):
        bar = _BAR.search(line)
        if bar is not None:
            unit = "B" if re.search(r"\dB/s|[kKMGTP]B/s", line) else ""
            return Progress(
                _bar_number(bar["done"]), _bar_number(bar["total"]), _text(bar["text"]), unit=unit
            )
        count = _COUNT.search(line)
        if count is not None:
            unit = "B" if count["unit"] == "B" else ""
            return Progress(_bar_number(count["done"]), None, _text(count["text"]), unit=unit)
    return None


def _bar_number(text: str) -> float:
    scale = _SCALES.get(text[-1])
    try:
        number = float(text) if scale is None else float(text[:-1]) * scale
    except ValueError:
        return 0
    return int(number) if number.is_integer() else number


def _text(text: str | None) -> str:
    return (text or "").strip()
