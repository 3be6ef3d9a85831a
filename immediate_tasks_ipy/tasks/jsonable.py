"""What JSON can hold, and what had to change for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Path = tuple[str | int, ...]

_ATOMS = frozenset({str, int, float, bool, type(None)})
_STRINGS = frozenset({str})


class Change(NamedTuple):
    """One thing that normalisation changed."""

    #: Where: `return_value`, `args` or `kwargs`, then keys and indexes.
    path: Path
    #: What it was: the name of a type, `tuple`.
    before: str
    #: What it is now, `list`.
    after: str


class _NotPlain(Exception):
    """The object holds more than plain dicts with string keys, lists and JSON scalars."""


def normalize_json(obj: Any) -> Any:
    """A copy of `obj` made of dict, list, str, int, float, bool and None, as Django makes it.

    Mappings become dict, sequences list, UTF-8 bytes str. Keys that aren't
    strings are kept. Raises TypeError for any other type, ValueError for bytes
    that are not UTF-8.
    """
    return normalize_with_changes(obj, "")[0]


def normalize_with_changes(obj: Any, root: str) -> tuple[Any, tuple[Change, ...]]:
    """The copy that `normalize_json` makes, and what differs in it, with paths below `root`."""
    if type(obj) in _ATOMS:
        return obj, ()
    try:
        return _copy(obj), ()
    except _NotPlain:
        pass  # What `_normalize` raises has nothing to do with this exception.
    changes: list[Change] = []
    return _normalize(obj, (root,), changes), tuple(changes)


def _copy(obj: Any) -> Any:
    """The fast path: a copy of plain data, in which nothing changes and no foreign code runs."""
    kind = type(obj)
    if kind is list:
        if _ATOMS.issuperset(map(type, obj)):
            return obj.copy()
        return [item if type(item) in _ATOMS else _copy(item) for item in obj]
    if kind is dict and _STRINGS.issuperset(map(type, obj)):
        if _ATOMS.issuperset(map(type, obj.values())):
            return obj.copy()
        return {key: item if type(item) in _ATOMS else _copy(item) for key, item in obj.items()}
    raise _NotPlain


def _normalize(obj: Any, path: Path, changes: list[Change]) -> Any:
    kind = type(obj)
    if kind in _ATOMS:
        return obj
    if isinstance(obj, Mapping):
        return _normalize_mapping(obj, path, changes)
    if isinstance(obj, bytes):
        try:
            text = obj.decode("utf-8")
        except UnicodeDecodeError as error:
            msg = f"Unsupported value: {kind}"
            raise ValueError(msg) from error
        changes.append(Change(path, kind.__name__, "str"))
        return text
    if isinstance(obj, (str, int, float)):
        return obj
    if isinstance(obj, Sequence):
        if kind is not list:
            changes.append(Change(path, kind.__name__, "list"))
        return [_normalize(item, (*path, index), changes) for index, item in enumerate(obj)]
    msg = f"Unsupported type: {kind}"
    raise TypeError(msg)


def _normalize_mapping(obj: Mapping[Any, Any], path: Path, changes: list[Change]) -> dict[Any, Any]:
    if type(obj) is not dict:
        changes.append(Change(path, type(obj).__name__, "dict"))
    normal: dict[Any, Any] = {}
    for key, item in obj.items():
        if isinstance(key, str):
            normal_key = key
        else:
            normal_key = _normalize(key, (*path, "(key)"), changes)
            if not isinstance(normal_key, str):
                note = "a stored backend would return str keys"
                changes.append(Change(path, f"{type(key).__name__} key", note))
        normal[normal_key] = _normalize(item, (*path, _step(normal_key)), changes)
    return normal


def _step(key: Any) -> str | int:
    return key if isinstance(key, (str, int)) else str(key)
