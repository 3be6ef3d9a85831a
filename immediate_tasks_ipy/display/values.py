"""Values and calls as one short text each.

Values are input: nothing here trusts their `repr`, their length or their
methods, and nothing here raises.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from .plain_text import one_line, quoted
from .times import clock, duration

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

__all__ = [
    "arguments_text",
    "call_text",
    "class_name",
    "clock",
    "duration",
    "integer",
    "parameters",
    "preview",
]

#: Characters of a preview.
PREVIEW = 48
#: The last characters of a cut call: that is where calls differ.
CALL_TAIL = 6
#: Integers beyond this are not converted to decimal: it is slow, and refused by Python
#: from `sys.get_int_max_str_digits()` on, which can't be set below 640 digits.
_INTEGER_BITS = 2000
_DEPTH = 4


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
