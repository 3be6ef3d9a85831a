"""The history as a file: JSON Lines or CSV."""

from __future__ import annotations

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

from immediate_tasks_ipy.task_history import Entry, TaskHistory
from immediate_tasks_ipy.task_history.record import COLUMNS, record


def export(history: TaskHistory, path: str | os.PathLike[str], *, force: bool = False) -> int:
    """Write a record per task, oldest first; returns how many.

    `.jsonl` and `.ndjson` are JSON Lines, `.csv` is CSV, whose nested values
    are JSON text. The file appears complete or not at all. Raises ValueError
    for another suffix, FileExistsError unless `force` is given, and OSError.
    """
    target = Path(path).expanduser()
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        msg = f"{str(path)!r} has no known suffix: use .jsonl for JSON Lines, or .csv"
        raise ValueError(msg)
    if not force and target.exists():
        raise _exists(path)
    if not target.parent.is_dir():
        msg = f"There is no folder {str(target.parent)!r}: make it first."
        raise FileNotFoundError(msg)
    entries = list(history)
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("x", encoding="utf-8", newline="") as file:
            write(file, entries)
        _put(unfinished, target, path, force=force)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(entries)


def _put(unfinished: Path, target: Path, path: str | os.PathLike[str], *, force: bool) -> None:
    if not force:
        # A link, unlike a rename, never replaces what somebody has put there meanwhile.
        try:
            os.link(unfinished, target)
        except FileExistsError:
            raise _exists(path) from None
        except (OSError, NotImplementedError):
            if target.exists():
                raise _exists(path) from None
        else:
            return
    unfinished.replace(target)


def _exists(path: str | os.PathLike[str]) -> FileExistsError:
    return FileExistsError(f"{str(path)!r} exists: add --force to overwrite it.")


def _write_json_lines(file: TextIO, entries: Iterable[Entry]) -> None:
    file.writelines(json.dumps(record(entry), allow_nan=False) + "\n" for entry in entries)


def _write_csv(file: TextIO, entries: Iterable[Entry]) -> None:
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    for entry in entries:
        writer.writerow({name: _cell(value) for name, value in record(entry).items()})


def _cell(value: Any) -> Any:
    return json.dumps(value, allow_nan=False) if isinstance(value, dict | list) else value


_WRITERS: dict[str, Callable[[TextIO, Iterable[Entry]], None]] = {
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
    ".csv": _write_csv,
}
