"""Values, calls and times as one short text each.

Values are input: nothing here trusts their `repr`, their length or their
methods, and nothing here raises.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from .plain_text import one_line, quoted, visible

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

#: Characters of a preview.
PREVIEW = 48
#: The last characters of a cut call: that is where calls differ.
CALL_TAIL = 6
#: Integers beyond this are not converted to decimal: it is slow, and refused by Python
#: from `sys.get_int_max_str_digits()` on, which can't be set below 640 digits.
_INTEGER_BITS = 2000
_DEPTH = 4
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def preview(value: object, limit: int = PREVIEW) -> str:
    """A value on one line in about `limit` characters, as Python code where possible.

    Containers end in `…2 more}` where they are cut.
    """
    try:
        return _write(value, limit, _DEPTH)
    except BaseException as error:
        return f"<{class_name(value)}: can't be shown, {type(error).__name__}>"


def class_name(value: object) -> str:
    """The name of a value's class, on one line."""
    name = type.__dict__["__name__"].__get__(type(value))
    return one_line(name, PREVIEW)


def _write(value: Any, room: int, depth: int) -> str:
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if issubclass(kind, str):
        return quoted(value, room)
    if issubclass(kind, int):
        return integer(value, room)
    if issubclass(kind, float):
        return float.__repr__(value)
    if issubclass(kind, dict):
        pairs = (_pair(key, dict.__getitem__(value, key), depth) for key in dict.__iter__(value))
        return _enclose("{", pairs, dict.__len__(value), "}", room, depth)
    for sequence, opening, closing in (
        (list, "[", "]"),
        (tuple, "(", ")"),
        (set, "{", "}"),
        (frozenset, "{", "}"),
    ):
        if issubclass(kind, sequence):
            items = (_item(item, depth) for item in sequence.__iter__(value))
            return _enclose(opening, items, sequence.__len__(value), closing, room, depth)
    if issubclass(kind, bytes):
        cut = bytes.__len__(value) > room
        text = bytes.__repr__(bytes.__getitem__(value, slice(0, room)))
        return text if not cut and len(text) <= room else text[: room - 1] + "…"
    return one_line(repr(value), room)


def integer(value: int, room: int) -> str:
    """An integer; a long one by its first and last digits, a huge one by its magnitude."""
    if int.bit_length(value) > _INTEGER_BITS:
        magnitude = math.log10(abs(value))
        exponent = math.floor(magnitude)
        sign = "-" if value < 0 else ""
        return f"{sign}≈{10 ** (magnitude - exponent):.3f}e{exponent}"
    text = int.__repr__(value)
    return text if len(text) <= room else f"{text[: max(1, room - 7)]}…{text[-6:]}"


def _item(value: object, depth: int) -> Callable[[int], str]:
    return lambda room: _write(value, room, depth - 1)


def _pair(key: object, value: object, depth: int) -> Callable[[int], str]:
    def write(room: int) -> str:
        name = _write(key, PREVIEW // 2, 1)
        return f"{name}: {_write(value, room - len(name) - 2, depth - 1)}"

    return write


def _enclose(  # noqa: PLR0917 (as they stand in the text)
    opening: str,
    parts: Iterable[Callable[[int], str]],
    size: int,
    closing: str,
    room: int,
    depth: int,
) -> str:
    """The parts between brackets, as many as fit, then how many more there are."""
    if size and depth <= 0:
        return f"{opening}…{closing}"
    shown: list[str] = []
    width = len(opening) + len(closing)
    for part in parts:
        free = room - width - (2 if shown else 0)
        written = part(free) if free > 0 else ""
        if not written or len(written) > free:
            break
        width += len(written) + (2 if shown else 0)
        shown.append(written)
    if len(shown) == size:
        return opening + ", ".join(shown) + closing
    while shown:
        cut = f"{opening}{', '.join(shown)}, …{size - len(shown):,} more{closing}"
        if len(cut) <= room:
            return cut
        shown.pop()
    return f"{opening}…{closing}"


def call_text(entry: Entry, limit: int = 72) -> str:
    """How the task was called: as written in the notebook, else `name(arguments)`."""
    label = entry.origin.label if entry.origin is not None else None
    if isinstance(label, str) and label.strip():
        return one_line(label, limit, CALL_TAIL)
    result = entry.result
    name = one_line(str(result.task.name), limit)
    return one_line(_call(name, result.args, result.kwargs), limit, CALL_TAIL)


def _call(name: str, args: Any, kwargs: Any) -> str:
    try:
        parts = [_item(value, 2) for value in islice(args, PREVIEW)]
        parts += [_keyword(key, kwargs[key], "=") for key in islice(kwargs, PREVIEW)]
        return _enclose(f"{name}(", parts, len(args) + len(kwargs), ")", 400, 2)
    except BaseException:
        return f"{name}(…)"


def _keyword(key: object, value: object, equals: str) -> Callable[[int], str]:
    name = one_line(key, PREVIEW) if isinstance(key, str) else preview(key)
    return lambda room: f"{name}{equals}{_write(value, room - len(name) - len(equals), 2)}"


def arguments_text(entry: Entry, limit: int = 300) -> str:
    """The arguments by the names of the function's parameters, `a = 2, b = 3`."""
    result = entry.result
    try:
        parts = [
            _keyword(name, value, " = ") if name else _item(value, 3)
            for name, value in islice(_bound(result), limit)
        ]
        size = len(result.args) + len(result.kwargs)
        return _enclose("", parts, size, "", limit, 3)
    except BaseException as error:
        return f"can't be shown, {type(error).__name__}"


def _bound(result: Any) -> Iterator[tuple[str, Any]]:
    """Each argument with the name of its parameter, where the function tells it."""
    names = parameters(result)
    for index, value in enumerate(result.args):
        yield (names[index] if index < len(names) else ""), value
    yield from result.kwargs.items()


def parameters(result: Any) -> list[str]:
    """The names of the parameters that a task's positional arguments meet, without its context."""
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        found = inspect.signature(result.task.func).parameters.values()
        names = [one_line(each.name, PREVIEW) for each in found if each.kind in positional]
        return names[1:] if result.task.takes_context else names
    except BaseException:
        return []


def duration(seconds: float) -> str:
    """A measured time to three digits: `0.12 ms`, `48.1 ms`, `1.20 s`, `2 min 05 s`."""
    if not math.isfinite(seconds):
        return "? s"
    if seconds < 0.000_005:  # noqa: PLR2004 (half of the smallest time shown)
        return "<0.01 ms"
    if seconds < 0.9995:  # noqa: PLR2004 (would be written 1000 ms)
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
    """Seconds from one time to another, never negative; None where it can't be said."""
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
