"""A file that keeps what the tasks of a batch have returned, so that a batch survives its kernel.

SQLite, one row per item that was successful. What JSON can hold is kept as JSON, the rest by
pickle: take up only files that you have made yourself.
"""

from __future__ import annotations

import contextlib
import json
import logging
import pickle
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from immediate_tasks_ipy.task_history import Job
from immediate_tasks_ipy.tasks.jsonable import is_plain
from immediate_tasks_ipy.tasks.lifecycle import new_result, restore

from .item_digest import item_digest

logger = logging.getLogger("immediate_tasks_ipy")

_TABLE = """
CREATE TABLE IF NOT EXISTS immediate_tasks_results (
    item TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    arguments TEXT NOT NULL,
    id TEXT NOT NULL,
    enqueued_at TEXT,
    started_at TEXT,
    finished_at TEXT,
    worker_ids TEXT NOT NULL,
    format TEXT NOT NULL,
    value BLOB NOT NULL
)
"""
_ROW = """
SELECT id, enqueued_at, started_at, finished_at, worker_ids, format, value
FROM immediate_tasks_results WHERE item = ?
"""
#: Characters of the arguments that a row keeps, for people who look into the file.
_ARGUMENTS = 300


class ResumeFileError(Exception):
    """A file can't be used to keep results; the message says why."""


class ResumeFile:
    """The results of one batch in a file. Thread-safe.

    An item is known by its task's path and its arguments; equal ones are distinguished by their
    order. One whose arguments can't be pickled is not known: it runs, and is not kept. Raises
    ResumeFileError if the file is none of this kind, or can't be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._lock = threading.Lock()
        self._keys: dict[int, str] = {}
        self._occurrences: Counter[str] = Counter()
        #: How many values could not be kept, and why the first of them could not.
        self.refused = 0
        self.reason = ""
        self._is_reported = False
        try:
            self._database = sqlite3.connect(
                self.path.absolute(), check_same_thread=False, isolation_level=None, timeout=30
            )
            # Its batch may be resumed for as long as somebody has it: nobody knows the last use.
            weakref.finalize(self, self._database.close)
            self._database.execute("PRAGMA journal_mode = WAL").fetchall()
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(_TABLE)
            self._database.execute(_ROW, ("",)).fetchone()
        except sqlite3.Error as error:
            msg = f"{str(self.path)!r} can't keep results: {error}"
            raise ResumeFileError(msg) from error

    def __len__(self) -> int:
        with self._lock:
            [count] = self._database.execute(
                "SELECT count(*) FROM immediate_tasks_results"
            ).fetchone()
        return int(count)

    def close(self) -> None:
        """Write what is open and let go of the file."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._database.close()

    def find(self, job: Job) -> Any:
        """The finished result of a job's task that the file has; None if it has none.

        A value that can't be read any more counts as missing.
        """
        try:
            key, row = self._key(job), None
        except Exception as error:
            self._refuse(error)
            return None
        with self._lock, self._reported():
            row = self._database.execute(_ROW, (key,)).fetchone()
        if row is None:
            return None
        try:
            return _restored(job, row)
        except Exception as error:
            self._report("%s: a value can't be read (%s), so its task runs.", error)
            return None

    def keep(self, item: int, result: Any) -> None:
        """Keep what a task has returned, if it was successful. Never raises."""
        key = self._keys.get(item)
        if key is None or str(result.status) != "SUCCESSFUL":
            return
        try:
            form, value = _written(result.return_value)
        except Exception as error:
            self._refuse(error)
            return
        with self._lock, self._reported(writes=True):
            self._database.execute(
                "INSERT OR REPLACE INTO immediate_tasks_results VALUES (?,?,?,?,?,?,?,?,?,?)",
                (
                    key,
                    str(result.task.module_path),
                    _shown(result),
                    result.id,
                    _text(result.enqueued_at),
                    _text(result.started_at),
                    _text(result.finished_at),
                    json.dumps(list(result.worker_ids)),
                    form,
                    value,
                ),
            )

    def _key(self, job: Job) -> str:
        """What the item of a job is known by."""
        item = job.submission.item
        if item is not None and item in self._keys:
            return self._keys[item]
        digest = item_digest(job.task.module_path, job.args, job.kwargs)
        self._occurrences[digest] += 1
        key = f"{digest}-{self._occurrences[digest]}"
        if item is not None:
            self._keys[item] = key
        return key

    def _refuse(self, error: Exception) -> None:
        """Count a value that is not kept, or an item that is not known."""
        self.refused += 1
        self.reason = self.reason or f"{type(error).__name__}: {error}"

    def _report(self, message: str, error: Exception) -> None:
        """Log the first of these: the rest of the file is likely to say the same."""
        if not self._is_reported:
            self._is_reported = True
            logger.warning(message, self.path, error)

    @contextlib.contextmanager
    def _reported(self, *, writes: bool = False) -> Iterator[None]:
        """Report that the file can't be used any more, and go on without it."""
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            if writes:
                self._refuse(error)
            self._report("%s can't be used: %s", error)


def _restored(job: Job, row: tuple[Any, ...]) -> Any:
    """The result of a job that a row of the file holds."""
    identity, enqueued_at, started_at, finished_at, worker_ids, form, value = row
    returned = json.loads(value) if form == "json" else pickle.loads(value)  # noqa: S301 (the user's own file)
    return restore(
        new_result(job.task, job.backend.alias, job.args, job.kwargs),
        returned,
        id=identity,
        enqueued_at=_time(enqueued_at),
        started_at=_time(started_at),
        finished_at=_time(finished_at),
        worker_ids=json.loads(worker_ids),
    )


def _written(value: Any) -> tuple[str, bytes]:
    """A format, and the value in it; from either it comes back with the types that it had."""
    if is_plain(value):
        with contextlib.suppress(ValueError, RecursionError):  # NaN, a huge number, deep nesting
            return "json", json.dumps(value, allow_nan=False).encode()
    return "pickle", pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _shown(result: Any) -> str:
    """The arguments, for people who look into the file; empty where a `__repr__` raises."""
    try:
        return repr((result.args, result.kwargs))[:_ARGUMENTS]
    except Exception:
        return ""


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
