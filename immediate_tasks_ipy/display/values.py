"""Whatever a task supplies (values, calls, output) as short texts that are safe to print.

All of it is input: nothing here trusts its `repr`, its length or its methods, no text has
anything invisible in it, and nothing that takes a value raises.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.base import signature

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

#: Characters of a preview.
PREVIEW = 48
#: Characters of an exception's class and first line.
HEADLINE = 160
#: The last characters of a cut call: that is where calls differ.
CALL_TAIL = 6
#: Integers beyond this are not converted to decimal: it is slow, and refused by Python
#: from `sys.get_int_max_str_digits()` on, which can't be set below 640 digits.
_INTEGER_BITS = 2000
_DEPTH = 4
#: Control characters, line separators, bidirectional overrides, lone surrogates: what a
#: terminal would obey, what a reader would not see, and what UTF-8 can't carry.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
#: Colours and cursor movements, as written by tqdm, rich and the like.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_QUOTED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_IN_QUOTES = re.compile(r'[\\"\n\t\r]')


def preview(value: object, limit: int = PREVIEW) -> str:
    """A value on one line in about `limit` characters, as Python code where possible.

    Containers end in `…2 more}` where they are cut.
    """
    try:
        return _write(value, limit, _DEPTH)
    except BaseException as error:
        return f"<{class_name(value)}: can't be shown, {type(error).__name__}>"


def is_container(value: object) -> bool:
    """Whether a value opens in a tree; any other takes one line."""
    return issubclass(type(value), (dict, list, tuple))


def fits(value: object) -> bool:
    """Whether a preview says all there is."""
    if is_container(value):
        return "…" not in preview(value)
    return not issubclass(type(value), str) or str.__len__(value) <= PREVIEW - 2  # type: ignore[arg-type]


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
            size = sequence.__len__(value)
            end = ",)" if sequence is tuple and size == 1 else closing
            return _enclose(opening, items, size, end, room, depth)
    if issubclass(kind, bytes):
        cut = bytes.__len__(value) > room
        text = bytes.__repr__(bytes.__getitem__(value, slice(0, room)))
        return text if not cut and len(text) <= room else text[: room - 1] + "…"
    from .previews.live_value import short_form

    return one_line(short_form(value) or repr(value), room)


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


def _enclose(  # noqa: PLR0917 (in the order of the text)
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
    label = entry.origin.label
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
    """Each argument with the name of its parameter, where the function names it."""
    names = parameters(result)
    for index, value in enumerate(result.args):
        yield (names[index] if index < len(names) else ""), value
    yield from result.kwargs.items()


def parameters(result: Any) -> list[str]:
    """The names of the parameters that a task's positional arguments meet, without its context."""
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        found = signature(result.task.func).parameters.values()
        names = [one_line(each.name, PREVIEW) for each in found if each.kind in positional]
        return names[1:] if result.task.takes_context else names
    except BaseException:
        return []


def _escaped(match: re.Match[str]) -> str:
    """A character as Python would write it in a string, by its code."""
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 (one byte)


def visible(text: str) -> str:
    """The text with every character that is unsafe to print written as an escape."""
    return _UNSAFE.sub(_escaped, text)


def head(text: str, limit: int) -> str:
    """The first `limit` characters, cheaply even of a huge or subclassed string."""
    return str.__getitem__(text, slice(0, limit))


def tail(text: str, limit: int) -> str:
    """The last `limit` characters, cheaply even of a huge or subclassed string."""
    return str.__getitem__(text, slice(max(0, str.__len__(text) - limit), None))


def one_line(text: str, limit: int, keep: int = 0) -> str:
    """At most `limit` characters on one line; where it is cut, the last `keep` stay."""
    short = str.__len__(text) <= 4 * limit
    line = visible(" ".join(head(text, 4 * limit).split()))
    if short and len(line) <= limit:
        return line
    end = visible(" ".join(tail(text, keep).split()))[-keep:] if keep else ""
    return line[: max(1, limit - len(end) - 1)] + "…" + end


def quoted(text: str, limit: int) -> str:
    """A string in double quotes, at most about `limit` characters long."""
    limit = max(limit, 8)
    start = _IN_QUOTES.sub(lambda match: _QUOTED[match[0]], head(text, limit + 1))
    start = visible(start)
    if str.__len__(text) <= limit and len(start) + 2 <= limit:
        return f'"{start}"'
    return f'"{start[: limit - 3]}…"'


def rendered_output(text: str) -> str:
    """Terminal output as it looked in the end: no colours, overwritten lines gone.

    This is the one filter for what `tqdm`, `rich` and the like write, for cards, texts and panel.
    """
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return visible(text)


def clipped_lines(text: str, lines: int, characters: int) -> tuple[str, int]:
    """The end of an output, and how many characters before it were left out.

    The last `lines` lines are taken, and of these at most `characters`.
    """
    size = str.__len__(text)
    end = tail(text, characters)
    kept = end.rstrip("\n").rsplit("\n", lines)
    if len(kept) > lines:
        end = "\n".join(kept[1:])
    elif size > len(end) and "\n" in end.rstrip("\n"):
        end = end.partition("\n")[2]
    end = end.rstrip("\n")
    return rendered_output(end), max(0, len(text.rstrip("\n")) - len(end))
