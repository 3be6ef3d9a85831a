"""An entry as a flat record: what exports, data frames and other programs read."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from .entry import Entry

#: Integers beyond these don't survive the JSON readers of other languages, so they become text.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
#: Levels of nesting that a record keeps; a deeper value becomes a note of that.
DEPTH = 100

COLUMNS = (
    "id",
    "task",
    "call",
    "status",
    "backend",
    "queue_name",
    "priority",
    "enqueued_at",
    "started_at",
    "finished_at",
    "seconds",
    "attempts",
    "worker_ids",
    "args",
    "kwargs",
    "return_value",
    "errors",
    "output",
    "note",
    "cell",
)


def row(entry: Entry) -> dict[str, Any]:
    """One value per column, with the objects as they are."""
    result, origin = entry.result, entry.origin
    task = result.task
    return {
        "id": result.id,
        "task": task.module_path,
        "call": origin.label,
        "status": str(result.status),
        "backend": result.backend,
        "queue_name": task.queue_name,
        "priority": task.priority,
        "enqueued_at": result.enqueued_at,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "seconds": entry.seconds,
        "attempts": len(result.worker_ids),
        "worker_ids": list(result.worker_ids),
        "args": result.args,
        "kwargs": result.kwargs,
        "return_value": result.return_value if result.status == "SUCCESSFUL" else None,
        "errors": [
            {
                "exception_class_path": error.exception_class_path,
                "traceback": error.traceback,
            }
            for error in result.errors
        ],
        "output": entry.output,
        "note": entry.note,
        "cell": origin.cell,
    }


def record(entry: Entry) -> dict[str, Any]:
    """The same as JSON can hold it in every language; see `json_safe`."""
    return {
        # Most of a record is ASCII text, or empty.
        name: value
        if value is None or (type(value) is str and value.isascii())
        else json_safe(value)
        for name, value in row(entry).items()
    }


def json_safe(value: Any, depth: int = DEPTH) -> Any:
    """A value that `json.dumps(..., allow_nan=False)` writes and any reader reads; never raises.

    Times become ISO text; NaN, infinities and integers beyond 64 bits, text;
    lone surrogates, escapes; keys, text. What JSON has no word for becomes its repr.
    """
    # What nearly all values are, before the questions that all others need.
    kind = type(value)
    if value is None or kind is bool or (kind is str and value.isascii()):
        return value
    if kind is int and SMALLEST <= value <= LARGEST:
        return value
    if kind is datetime:
        return value.isoformat()
    if kind is float and math.isfinite(value):
        return value
    if depth > 0:
        if kind is list or kind is tuple:
            return [json_safe(item, depth - 1) for item in value]
        if kind is dict and not value:
            return {}
    try:
        return _json_safe(value, depth)
    except Exception:
        return f"<{type(value).__name__} that could not be read>"


def _json_safe(value: Any, depth: int) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return _integer(int.__int__(value))
    if isinstance(value, float):
        number = float.__float__(value)
        return number if math.isfinite(number) else _non_finite(number)
    if isinstance(value, datetime):
        return value.isoformat()
    if depth <= 0:
        return f"<nested deeper than {DEPTH} levels>"
    if isinstance(value, dict):
        return _mapping(value, depth)
    if isinstance(value, list | tuple):
        return [json_safe(item, depth - 1) for item in value]
    return _text(repr(value))


def _text(text: str) -> str:
    return str.encode(text, "utf-8", "backslashreplace").decode()


def _integer(number: int) -> int | str:
    if SMALLEST <= number <= LARGEST:
        return number
    try:
        return str(number)
    except ValueError:  # more digits than Python is willing to write in decimals
        return hex(number)


def _non_finite(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _mapping(mapping: dict[Any, Any], depth: int) -> dict[str, Any]:
    safe: dict[str, Any] = {}
    for key, value in dict.items(mapping):
        name = _key(key)
        while name in safe:  # 1 and "1" are two keys
            name = f"{name} ({type(key).__name__})"
        safe[name] = json_safe(value, depth - 1)
    return safe


def _key(key: Any) -> str:
    """A key as `json.dumps` writes it."""
    if isinstance(key, str):
        return _text(key)
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(json_safe(key))
