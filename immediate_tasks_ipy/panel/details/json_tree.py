"""A value as the nodes of a tree, one page of children at a time.

A node is addressed by positions, not by keys (which may be anything): the path
`(2, 0)` is the first child of the third child of the root. A long text is a
node too; its children are blocks of its characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.panel.rows import sendable

#: Children in one page, characters of a text on one line and in one block.
PAGE, LINE, BLOCK = 100, 200, 4_000

Path = tuple[int, ...]
#: Notes by the path that the framework uses, keys and indices.
Notes = dict[tuple[Any, ...], str]
Node = dict[str, Any]


class JsonTree:
    """The nodes of one value; `names` are what its first children are called, if not their keys."""

    def __init__(
        self, value: Any, notes: Notes | None = None, names: Sequence[str] | None = None
    ) -> None:
        self._value = value
        self._notes = notes or {}
        self._names = names

    def root(self) -> Node:
        """The value itself, with its first page of children."""
        node = self._node("", self._value, ())
        if node.get("size"):
            node |= self.page((), 0)
        return node

    def page(self, path: Path, offset: int) -> Node:
        """`children` from `offset` on, and `size`, how many there are in all.

        Raises LookupError where the path leads nowhere.
        """
        value, trail = self._at(path)
        names = self._names if not path else None
        pairs = islice(_children(value), offset, offset + PAGE)
        children = [
            self._node(names[offset + index] if names else key_text, child, (*trail, key))
            for index, (key, key_text, child) in enumerate(pairs)
        ]
        return {"children": children, "size": _size(value)}

    def _at(self, path: Path) -> tuple[Any, tuple[Any, ...]]:
        value = self._value
        trail: tuple[Any, ...] = ()
        for position in path:
            step = next(islice(_children(value), position, None), None)
            if step is None:
                msg = f"There is nothing at {list(path)!r}: the value has changed."
                raise LookupError(msg)
            key, _, value = step
            trail = (*trail, key)
        return value, trail

    def _node(self, label: str, value: Any, trail: tuple[Any, ...]) -> Node:
        node: Node = {"label": label, "type": _type(value)}
        size = _size(value)
        if size:
            node["size"] = size
        if node["type"] == "block":
            node["text"] = sendable(str(value))
        else:
            node["text"] = sendable(preview(value, LINE if node["type"] == "string" else 48))
        note = self._notes.get(trail)
        if note is not None:
            node["note"] = sendable(note)
        return node


class _Block(str):
    """A part of a long text, which has no further parts."""

    __slots__ = ()


def _type(value: Any) -> str:
    kind = type(value)
    if kind is _Block:
        return "block"
    if issubclass(kind, dict):
        return "object"
    if issubclass(kind, (list, tuple)):
        return "array"
    if issubclass(kind, str):
        return "string"
    return "null" if value is None else "bool" if kind is bool else "number"


def _size(value: Any) -> int:
    """How many children a node has."""
    kind = type(value)
    if issubclass(kind, dict):
        return dict.__len__(value)
    if issubclass(kind, (list, tuple)):
        return len(value)
    if issubclass(kind, str) and kind is not _Block and str.__len__(value) > LINE:
        return -(-str.__len__(value) // BLOCK)
    return 0


def _children(value: Any) -> Iterator[tuple[Any, str, Any]]:
    """Key, its text, and value of each child."""
    kind = type(value)
    if issubclass(kind, dict):
        for key, child in dict.items(value):
            yield key, sendable(preview(key, 80)), child
    elif issubclass(kind, (list, tuple)):
        for index, child in enumerate(value):
            yield index, str(index), child
    elif issubclass(kind, str) and kind is not _Block:
        for index in range(_size(value)):
            block = value[index * BLOCK : (index + 1) * BLOCK]
            yield index, "", _Block(block)
