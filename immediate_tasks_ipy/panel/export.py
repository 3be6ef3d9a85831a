"""Tasks as a file to download: JSON, or CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.record import COLUMNS, record

#: What makes a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_json(entries: Iterable[Entry]) -> str:
    """A list of records, one per task."""
    return json.dumps([record(entry) for entry in entries], indent=1, allow_nan=False)


def to_csv(entries: Iterable[Entry]) -> str:
    """A table with one line per task; nested values are JSON text.

    A text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        fields = record(entry)
        writer.writerow([_cell(fields[column]) for column in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        value = json.dumps(value, allow_nan=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
