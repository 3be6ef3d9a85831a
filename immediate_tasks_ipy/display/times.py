"""Times as short texts: how long, how long so far, when."""

from __future__ import annotations

import math
from datetime import datetime

from .values import visible

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """A measured time to three digits: `0.12 ms`, `48.1 ms`, `0.80 s`, `12.4 s`, `2 min 05 s`."""
    if not math.isfinite(seconds):
        return "? s"
    if seconds < 0.000_005:  # noqa: PLR2004 (half of the smallest time shown)
        return "<0.01 ms"
    if seconds < 0.0995:  # noqa: PLR2004 (three digits of milliseconds say no more than 0.10 s)
        return f"{_three_digits(seconds * 1000)} ms"
    if seconds < _MINUTE - 0.05:
        return f"{_three_digits(seconds)} s"
    return _long(seconds)


def elapsed(seconds: float) -> str:
    """A time that still grows, without the digits that would flicker: `4.2 s`."""
    if not math.isfinite(seconds):
        return "? s"
    seconds = max(0.0, seconds)
    return f"{seconds:.1f} s" if seconds < _MINUTE - 0.05 else _long(seconds)


def estimate(seconds: float) -> str:
    """A time to go, no more precise than an estimate is: `2 s`, `3 min`."""
    if not math.isfinite(seconds):
        return "? s"
    if seconds < 1:
        return "1 s"
    if seconds < 1.5 * _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 1.5 * _HOUR else _long(seconds)


def _three_digits(number: float) -> str:
    for decimals, bound in ((2, 9.995), (1, 99.95)):
        if number < bound:
            return f"{number:.{decimals}f}"
    return f"{number:.0f}"


def _long(seconds: float) -> str:
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    return f"{whole // _DAY:,} d {whole % _DAY // _HOUR:02} h"


def between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from one time to another, never negative; None where it can't be known."""
    try:
        return max(0.0, (end - start).total_seconds())  # type: ignore[operator]
    except TypeError:  # one is missing, or only one has a time zone
        return None


def local(time: datetime) -> datetime:
    """The time in this machine's zone."""
    try:
        return time.astimezone()
    except (OverflowError, ValueError, OSError):
        return time


def clock(time: datetime) -> str:
    """The local time of day to the millisecond, `14:03:07.412`."""
    return visible(local(time).isoformat(timespec="milliseconds")[11:23])


def short_clock(time: datetime) -> str:
    """The local time of day to the second, `14:03:07`."""
    return clock(time)[:8]


def full_date(time: datetime) -> str:
    """Date, time and offset, `2026-03-01 14:03:07.412+01:00`."""
    return visible(local(time).isoformat(" ", "milliseconds"))
