"""What JSON can hold, what had to change for it, and what to write instead of what it can't."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Path = tuple[str | int, ...]

_ATOMS = frozenset({str, int, float, bool, type(None)})
_STRINGS = frozenset({str})


#: Changes of one value that are recorded with their places; the others are counted.
LIMIT = 100
#: `Change.after` of the last of very many, which stands for all that have no record.
UNPLACED = "elsewhere"


class Change(NamedTuple):
    """One thing that normalisation changed."""

    #: Where: `return_value`, `args` or `kwargs`, then keys and indexes.
    path: Path
    #: What it was: the name of a type, `tuple`.
    before: str
    #: What it is now, `list`.
    after: str
    #: How many changes it stands for.
    times: int = 1


class _Changes:
    """The changes of one value: the first with their places, and how many more there are."""

    __slots__ = ("is_full", "more", "placed")

    def __init__(self) -> None:
        self.placed: list[Change] = []
        self.more = 0
        #: Is the place of a further change not kept?
        self.is_full = False

    def add(self, path: Path, before: str, after: str) -> None:
        if self.is_full:
            self.more += 1
        else:
            self.placed.append(Change(path, before, after))
            self.is_full = len(self.placed) >= LIMIT

    def all(self, root: str) -> tuple[Change, ...]:
        more = [Change((root,), "", UNPLACED, self.more)] if self.more else []
        return (*self.placed, *more)


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
    changes = _Changes()
    return _normalize(obj, (root,), changes), changes.all(root)


def is_plain(obj: Any) -> bool:
    """Whether an object is made of JSON's own types, and of no class that inherits from one."""
    try:
        if type(obj) not in _ATOMS:
            _copy(obj)
    except (_NotPlain, RecursionError):
        return False
    return True


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


def _normalize(obj: Any, path: Path, changes: _Changes) -> Any:
    kind = type(obj)
    if kind in _ATOMS:
        return obj
    if kind is tuple or kind is list:  # the most of them, asked before the abstract classes
        return _normalize_sequence(obj, path, changes)
    if isinstance(obj, Mapping):
        return _normalize_mapping(obj, path, changes)
    if isinstance(obj, bytes):
        try:
            text = obj.decode("utf-8")
        except UnicodeDecodeError as error:
            msg = f"Unsupported value: {kind}"
            raise ValueError(msg) from error
        changes.add(path, kind.__name__, "str")
        return text
    if isinstance(obj, (str, int, float)):
        return obj
    if isinstance(obj, Sequence):
        return _normalize_sequence(obj, path, changes)
    msg = f"Unsupported type: {kind}"
    raise TypeError(msg)


def _normalize_sequence(obj: Sequence[Any], path: Path, changes: _Changes) -> list[Any]:
    kind = type(obj)
    if kind is not list:
        changes.add(path, kind.__name__, "list")
    if (kind is tuple or kind is list) and _ATOMS.issuperset(map(type, obj)):
        return list(obj)  # the fast path: nothing changes below, so no path is made
    normal = []
    for index, item in enumerate(obj):
        item_kind = type(item)
        if item_kind not in _ATOMS:
            if not changes.is_full:
                item = _normalize(item, (*path, index), changes)  # noqa: PLW2901
            elif item_kind is tuple and _ATOMS.issuperset(map(type, item)):
                # One of very many: what the line above would come to.
                changes.more += 1
                item = list(item)  # noqa: PLW2901
            else:
                item = _normalize(item, path, changes)  # noqa: PLW2901
        normal.append(item)
    return normal


def _normalize_mapping(obj: Mapping[Any, Any], path: Path, changes: _Changes) -> dict[Any, Any]:
    if type(obj) is not dict:
        changes.add(path, type(obj).__name__, "dict")
    normal: dict[Any, Any] = {}
    for key, item in obj.items():
        if isinstance(key, str):
            normal_key = key
        else:
            normal_key = _normalize(key, (*path, "(key)"), changes)
            if not isinstance(normal_key, str):
                note = "a stored backend would return str keys"
                changes.add(path, f"{type(key).__name__} key", note)
        if type(item) not in _ATOMS:
            item = _normalize(item, (*path, _step(normal_key)), changes)  # noqa: PLW2901
        normal[normal_key] = item
    return normal


def _step(key: Any) -> str | int:
    return key if isinstance(key, (str, int)) else str(key)


# -- what JSON can't hold -----------------------------------------------------


def unsupported_part(value: Any) -> tuple[Path, Any]:
    """The first part of a value that JSON can't hold, after the keys and indexes that lead there.

    The value itself where that can't be said: it is nested too deeply, or its methods raise.
    Never raises.
    """
    try:
        found = _find_unsupported(value, ())
    except Exception:
        found = None
    return found or ((), value)


def _find_unsupported(value: Any, path: Path) -> tuple[Path, Any] | None:
    """As `unsupported_part`; None if JSON can hold the value."""
    if value is None or isinstance(value, (str, int, float)):
        return None
    if isinstance(value, bytes):
        return None if _is_utf8(value) else (path, value)
    if isinstance(value, Mapping):
        for key in value:
            if _find_unsupported(key, ()):
                return path, key
        parts: Any = ((_step(key), item) for key, item in value.items())
    elif isinstance(value, Sequence):
        parts = enumerate(value)
    else:
        return path, value
    found = (_find_unsupported(item, (*path, step)) for step, item in parts)
    return next((one for one in found if one is not None), None)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def replacement(value: Any) -> str:
    """What to write instead of a value that JSON can't hold, where `…` stands for the value.

    Empty where nothing is known to fit. Never raises.
    """
    try:
        return _replacement(value)
    except Exception:
        return ""


def _replacement(value: Any) -> str:
    kind = type(value)
    library = str(kind.__module__).partition(".")[0]
    if library == "numpy":
        found = (text for prefix, text in _OF_NUMPY if kind.__name__.startswith(prefix))
        return next(found, "`….tolist()`")
    if library == "pandas" and kind.__name__ == "DataFrame":
        return "`….to_dict('records')`"
    if isinstance(value, type) or inspect.isroutine(value):
        return "its name"
    names = {f"{one.__module__}.{one.__qualname__}" for one in kind.__mro__}
    by_class = (text for name, text in _OF_CLASSES if name in names)
    by_method = (text for name, text in _BY_METHODS if hasattr(kind, name))
    return next(by_class, "") or next(by_method, "")


#: By the start of the names of numpy's classes.
_OF_NUMPY = (
    ("bool", "`bool(…)`"),
    ("int", "`int(…)`"),
    ("uint", "`int(…)`"),
    ("float", "`float(…)`"),
    ("longdouble", "`float(…)`"),
    ("datetime64", "`str(…)`"),
    ("timedelta64", "`str(…)`"),
)

#: By the full name of a class or of one that it inherits from.
_OF_CLASSES = (
    ("enum.Enum", "`….value`"),
    ("datetime.date", "`….isoformat()`"),
    ("datetime.time", "`….isoformat()`"),
    ("datetime.timedelta", "`….total_seconds()`"),
    ("decimal.Decimal", "`str(…)`"),
    ("fractions.Fraction", "`str(…)`"),
    ("uuid.UUID", "`str(…)`"),
    ("pathlib.PurePath", "`str(…)`"),
    ("pathlib._local.PurePath", "`str(…)`"),
    ("builtins.complex", "`[….real, ….imag]`"),
    ("django.db.models.base.Model", "`….pk`"),
    ("django.db.models.query.QuerySet", "`list(….values())`"),
    ("builtins.set", "`list(…)`"),
    ("builtins.frozenset", "`list(…)`"),
    ("builtins.bytes", "`….hex()`"),
    ("builtins.coroutine", "`await …`, from an `async def`"),
    ("builtins.async_generator", "`[x async for x in …]`"),
    ("builtins.generator", "`list(…)`"),
    ("builtins.BaseException", "`repr(…)`"),
)

#: By what the class has, for libraries of which nothing is imported here.
_BY_METHODS = (
    ("__dataclass_fields__", "`dataclasses.asdict(…)`"),
    ("model_dump", "`….model_dump(mode='json')`"),
    ("to_dicts", "`….to_dicts()`"),
    ("savefig", "the path of a file, after `….savefig(path)`"),
    ("isoformat", "`….isoformat()`"),
    ("tolist", "`….tolist()`"),
    ("to_list", "`….to_list()`"),
    ("to_dict", "`….to_dict()`"),
    ("__next__", "`list(…)`"),
)
