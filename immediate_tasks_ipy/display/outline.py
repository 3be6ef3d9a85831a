"""A JSON value as indented lines, for where there is no tree to open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .tree import is_container, items
from .values import preview

#: Characters of a line, and levels that are written out.
WIDTH, LEVELS = 76, 6


def outline(value: Any, limit: int) -> tuple[list[str], bool]:
    """At most `limit` lines of a value, and whether they are all there is.

    A container that fits on its line stays there.
    """
    lines: list[str] = []
    for line in _lines(value, "", "", 0):
        if len(lines) == limit:
            return lines, False
        lines.append(line)
    return lines, not any("…" in line for line in lines)


def _lines(value: Any, before: str, after: str, level: int) -> Iterator[str]:
    indent = "  " * level
    room = WIDTH - len(indent) - len(before)
    written = preview(value, max(room, WIDTH // 2))
    if not is_container(value) or level >= LEVELS or "…" not in written:
        yield f"{indent}{before}{written}{after}"
        return
    mapping = issubclass(type(value), dict)
    yield f"{indent}{before}{'{' if mapping else '['}"
    last = len(value) - 1
    for index, (key, item) in enumerate(items(value)):
        name = f"{preview(key)}: " if mapping else ""
        yield from _lines(item, name, "," if index < last else "", level + 1)
    yield f"{indent}{'}' if mapping else ']'}{after}"
