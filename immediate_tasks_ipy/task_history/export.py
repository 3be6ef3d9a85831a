"""Entries as a file: JSON, JSON Lines, or CSV for a spreadsheet."""

from __future__ import annotations

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from .entry import Entry
from .records import COLUMNS, record

#: What makes a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(entries: Iterable[Entry], path: str | os.PathLike[str], *, force: bool = False) -> int:
    """Write a record per entry to a file, in the format that its suffix names; returns how many.

    `.json` is one list, `.jsonl` and `.ndjson` are JSON Lines, `.csv` is CSV. The
    file appears complete or not at all. Raises ValueError for another suffix,
    FileExistsError unless `force` is given, and OSError.
    """
    target = Path(path).expanduser()
    pieces = PIECES.get(target.suffix.lower())
    if pieces is None:
        msg = f"{str(path)!r} has no known suffix: use .jsonl for JSON Lines, .json or .csv"
        raise ValueError(msg)
    if not force and target.exists():
        raise _exists(path)
    if not target.parent.is_dir():
        msg = f"There is no folder {str(target.parent)!r}: make it first."
        raise FileNotFoundError(msg)
    written = list(entries)
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("x", encoding="utf-8", newline="") as file:
            file.writelines(pieces(written))
        if force:
            unfinished.replace(target)
        else:
            _replace_nothing(unfinished, target, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(written)


def json_pieces(entries: Iterable[Entry]) -> Iterator[str]:
    """A list of records, each on its own line."""
    separator = "[\n"
    for entry in entries:
        yield separator + _json(record(entry))
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def json_lines_pieces(entries: Iterable[Entry]) -> Iterator[str]:
    """A record on each line."""
    for entry in entries:
        yield _json(record(entry)) + "\n"


def csv_pieces(entries: Iterable[Entry]) -> Iterator[str]:
    """A header and a line per entry; nested values are JSON text.

    A text that a spreadsheet would run as a formula is preceded by an
    apostrophe. A file that they are written to must not translate newlines
    (`newline=""`).
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        fields = record(entry)
        yield writer.writerow([_cell(fields[column]) for column in COLUMNS])


class _Echo:
    """A file that gives back what is written to it: `writerow` returns the line."""

    def write(self, line: str) -> str:
        return line


#: What a file of each format consists of, by its suffix: a piece for each entry, and few besides.
PIECES: dict[str, Callable[[Iterable[Entry]], Iterator[str]]] = {
    ".json": json_pieces,
    ".jsonl": json_lines_pieces,
    ".ndjson": json_lines_pieces,
    ".csv": csv_pieces,
}


# Records are trees: `json_safe` ends at a depth.
_json = json.JSONEncoder(allow_nan=False, check_circular=False).encode


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return _json(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _replace_nothing(unfinished: Path, target: Path, path: str | os.PathLike[str]) -> None:
    """Rename to a name that is free: it is taken first, since a rename replaces what is there."""
    try:
        target.open("x").close()
    except FileExistsError:
        raise _exists(path) from None
    try:
        unfinished.replace(target)
    except OSError:
        target.unlink()
        raise


def _exists(path: str | os.PathLike[str]) -> FileExistsError:
    return FileExistsError(f"{str(path)!r} exists: add --force to overwrite it.")
