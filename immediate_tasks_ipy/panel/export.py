"""Tasks as a file: JSON with all there is, CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.task_history import Entry

COLUMNS = (
    "id",
    "task",
    "label",
    "status",
    "queue",
    "priority",
    "backend",
    "enqueued_at",
    "started_at",
    "finished_at",
    "seconds",
    "attempts",
    "args",
    "kwargs",
    "return_value",
    "error",
)
#: What makes a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_json(entries: Iterable[Entry]) -> str:
    """A list of objects, one per task; values that JSON has no word for are text."""
    return json.dumps([record(entry) for entry in entries], indent=1, default=preview)


def to_csv(entries: Iterable[Entry]) -> str:
    """A table with one line per task; values are JSON within their cell.

    A text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        fields = record(entry)
        errors = fields.pop("errors")
        fields["error"] = errors[-1]["exception_class_path"] if errors else ""
        writer.writerow([_cell(fields[column]) for column in COLUMNS])
    return text.getvalue()


def record(entry: Entry) -> dict[str, Any]:
    """What is known of one task, as JSON."""
    result, task = entry.result, entry.result.task
    successful = str(result.status) == "SUCCESSFUL"
    return {
        "id": str(result.id),
        "task": str(task.module_path),
        "label": entry.origin.label if entry.origin is not None else None,
        "status": str(result.status),
        "queue": task.queue_name,
        "priority": task.priority,
        "backend": result.backend,
        "enqueued_at": _iso(result.enqueued_at),
        "started_at": _iso(result.started_at),
        "finished_at": _iso(result.finished_at),
        "seconds": entry.seconds,
        "attempts": result.attempts,
        "args": _strict(result.args),
        "kwargs": _strict(result.kwargs),
        "return_value": _strict(result._return_value) if successful else None,
        "errors": [
            {"exception_class_path": error.exception_class_path, "traceback": error.traceback}
            for error in result.errors
        ],
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _strict(value: Any) -> Any:
    """The value with what strict JSON forbids, NaN and the infinities, as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return {key: _strict(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(child) for child in value]
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list, bool)) or value is None:
        value = "" if value is None else json.dumps(value, default=preview)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
