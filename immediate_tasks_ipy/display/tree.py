"""A JSON value as a tree: nested lists that open in a card, indented lines in a text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from .markup import code, details, dim, escape, nested
from .values import PREVIEW, fits, head, is_container, preview, visible

#: Bytes of one tree, children of one container, and levels that are drawn.
BUDGET, CHILDREN, LEVELS = 4000, 24, 5
#: Characters of one string that are drawn in full.
TEXT = 400
#: Characters of an outline's line, and levels that are written out.
OUTLINE_WIDTH, OUTLINE_LEVELS = 76, 6

_CHIP = (
    '<small style="margin-left:4px;font-size:11px;border:1px solid rgba(128,128,128,0.6);'
    'border-radius:8px;padding:0 6px;white-space:nowrap">'
)


def tree(value: Any, notes: dict[tuple[Any, ...], str], see: str) -> str:
    """The value as HTML; `notes` are chips by path, `see` is how to see what was cut."""
    return _Tree(notes, see).node(value, "", (), 0)


class _Tree:
    def __init__(self, notes: dict[tuple[Any, ...], str], see: str) -> None:
        self._notes = notes
        self._see = see
        self._left = BUDGET

    def node(self, value: Any, name: str, path: tuple[Any, ...], level: int) -> str:
        """A value, opened if it is a container that does not fit on its line."""
        note = self._notes.get(path)
        chip = f" {_CHIP}{escape(note)}</small>" if note else ""
        if not is_container(value) or level >= LEVELS or fits(value):
            leaf = self._leaf(value, f"{name}: " if name else "") + chip
            self._left -= len(leaf.encode())
            return leaf
        label = code(f"{name}:") + " " if name else ""
        size = len(value)
        many = issubclass(type(value), dict)
        shape = "{…}" if many else "[…]"
        unit = ("key" if many else "item") + ("" if size == 1 else "s")
        summary = f"{label}{code(shape)} {dim(f'{size:,} {unit}')}{chip}"
        self._left -= len(summary) + 150
        opened = level == 0 or (level == 1 and size <= 4)  # noqa: PLR2004 (a glance)
        return details(summary, self._children(value, path, level), opened=opened)

    def _leaf(self, value: Any, name: str) -> str:
        if not issubclass(type(value), str):
            return code(name + preview(value))
        size = str.__len__(value)
        room = max(PREVIEW, min(TEXT, self._left // 4))
        if size <= room:
            return code(name + preview(value, 12 * room))
        start = visible(head(value, room))
        return code(f'{name}"{start}…') + " " + dim(f"{size:,} characters")

    def _children(self, value: Any, path: tuple[Any, ...], level: int) -> str:
        drawn: list[str] = []
        for key, item in islice(items(value), CHILDREN):
            if self._left <= 0:
                break
            name = preview(key, PREVIEW)
            node = self.node(item, name, (*path, key), level + 1)
            drawn.append(node)
            self._left -= 30
        rest = len(value) - len(drawn)
        if rest:
            more = dim(f"…{rest:,} more: {code(self._see)}")
            drawn.append(more)
        return nested(drawn)


def outline(value: Any, limit: int) -> tuple[list[str], bool]:
    """At most `limit` lines of a value, and whether they are all there is.

    A container that fits on its line stays there.
    """
    lines: list[str] = []
    for line in _outlined(value, "", "", 0):
        if len(lines) == limit:
            return lines, False
        lines.append(line)
    return lines, not any("…" in line for line in lines)


def _outlined(value: Any, before: str, after: str, level: int) -> Iterator[str]:
    indent = "  " * level
    room = OUTLINE_WIDTH - len(indent) - len(before)
    written = preview(value, max(room, OUTLINE_WIDTH // 2))
    if not is_container(value) or level >= OUTLINE_LEVELS or "…" not in written:
        yield f"{indent}{before}{written}{after}"
        return
    mapping = issubclass(type(value), dict)
    yield f"{indent}{before}{'{' if mapping else '['}"
    last = len(value) - 1
    for index, (key, item) in enumerate(items(value)):
        name = f"{preview(key)}: " if mapping else ""
        yield from _outlined(item, name, "," if index < last else "", level + 1)
    yield f"{indent}{'}' if mapping else ']'}{after}"


def items(value: Any) -> Iterator[tuple[Any, Any]]:
    """The keys or indexes of a container with their items, by no method of its own."""
    if issubclass(type(value), dict):
        for key in dict.__iter__(value):
            yield key, dict.__getitem__(value, key)
        return
    kind = list if issubclass(type(value), list) else tuple
    yield from enumerate(kind.__iter__(value))
