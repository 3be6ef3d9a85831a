"""Entries and batches in chosen states at chosen times, for any test of what they look like."""

from __future__ import annotations

import linecache
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from immediate_tasks_ipy.batches import BatchStats
from immediate_tasks_ipy.task_history import Entry, Origin, Submission

NOON = datetime(2026, 3, 1, 12, 0, 7, 412_000, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@dataclass
class Error:
    exception_class_path: str
    traceback: str


@dataclass
class Result:
    """The attributes that both frameworks' results have, and no more."""

    task: Any
    status: str = "READY"
    id: str = "7b1e4c025f6a4d0e9a540c8f2f3d9b11"
    enqueued_at: datetime | None = NOON
    started_at: datetime | None = None
    finished_at: datetime | None = None
    last_attempted_at: datetime | None = None
    args: Any = ()
    kwargs: Any = field(default_factory=dict)
    backend: str = "default"
    errors: list[Error] = field(default_factory=list)
    worker_ids: list[str] = field(default_factory=list)
    value: Any = None
    _changes: tuple[Any, ...] = ()
    _abandoned: bool = False

    @property
    def return_value(self) -> Any:
        assert self.status == "SUCCESSFUL"
        return self.value

    @property
    def attempts(self) -> int:
        return len(self.worker_ids)

    @property
    def is_finished(self) -> bool:
        return self.status in {"SUCCESSFUL", "FAILED"}


def add(a, b):
    return a + b


def task(func=add, **changes):
    # a hostile function has a name given: not even its attributes may be looked at
    defaults = {
        "func": func,
        "name": changes["name"] if "name" in changes else getattr(func, "__name__", "task"),
        "priority": 0,
        "queue_name": "default",
        "run_after": None,
        "takes_context": False,
    }
    return SimpleNamespace(**(defaults | changes))


def change(path, before, after):
    return SimpleNamespace(path=path, before=before, after=after)


def ready(*args, submission=None, task_=None, key=1, **kwargs):
    return Entry(key, Result(task_ or task(), args=list(args), kwargs=kwargs), submission)


def running(*args, waited=0.001, **kwargs):
    entry = ready(*args, **kwargs)
    entry.result.status = "RUNNING"
    entry.result.started_at = entry.result.last_attempted_at = at(waited)
    entry.result.worker_ids = ["k3Qz1"]
    return entry


def successful(value, *args, took=0.00012, changes=(), **kwargs):
    entry = running(*args, **kwargs)
    entry.result.status = "SUCCESSFUL"
    entry.result.finished_at = entry.result.started_at + timedelta(seconds=took)
    entry.result.value = value
    entry.result._changes = tuple(changes)
    return entry


def failed(error, *args, took=1.2, **kwargs):
    """A task that failed with an exception, a TaskError, or a traceback's text."""
    entry = running(*args, **kwargs)
    entry.result.status = "FAILED"
    entry.result.finished_at = entry.result.started_at + timedelta(seconds=took)
    entry.result.errors = [recorded(error)]
    return entry


def recorded(error):
    if isinstance(error, Error):
        return error
    if isinstance(error, str):
        return Error("builtins.ValueError", error)
    kind = type(error)
    text = "".join(traceback.format_exception(error))
    return Error(f"{kind.__module__}.{kind.__qualname__}", text)


def raised_in_cell(source, call, number=7):
    """The exception of a call to what a notebook cell defines, with the cell's own lines."""
    filename = f"<ipython-input-{number}-0123456789ab>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"__name__": "__main__"}
    exec(compile(source, filename, "exec"), namespace)
    try:
        eval(call, namespace)
    except Exception as error:
        error.__traceback__ = error.__traceback__.tb_next.tb_next
        return error
    raise AssertionError(call)


def batch(label="fetch(url)", total=None, *, entries=(), running=0, took=None, error=None):
    made = BatchStats(label, total)
    made.started_at = NOON
    for entry in entries:
        made.started()
        made.ended(entry)
    for _ in range(running):
        made.started()
    if took is not None:
        made.finished_at = at(took)
    made.error = error
    return made


def fetch(url):
    return url


def fetched(number, took=0.061, value=20418, error=None):
    submission = Submission(Origin(f'fetch("https://example.org/p/{number}")'))
    make = failed if error is not None else successful
    shown = error if error is not None else value
    url = f"https://example.org/p/{number}"
    return make(shown, url, took=took, submission=submission, key=number, task_=task(fetch))
