"""Running one task on a worker, from its description to its outcome."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import Any, Protocol

from ....progress import set_reporter
from ....values import KEPT, keep_return_value
from .context import TaskContext, TaskResult, Unpickler, running
from .failures import describe_failure
from .functions import LatestFunctions

#: Seconds between two reports of a task's progress.
PROGRESS_INTERVAL = 0.1

_functions: LatestFunctions[Callable[..., Any]] = LatestFunctions()
_progress: ContextVar[LatestProgress | None] = ContextVar("progress of a task", default=None)


class Host(Protocol):
    """The worker as its engine knows it."""

    #: Its id in `worker_ids`.
    name: str
    #: What a user does so that the worker gets a `{module}` it lacks; the task's `{backend}`.
    #: Empty where workers have what the notebook has.
    cure: str

    def dumps(self, value: Any) -> bytes:
        """Pickle a value or an exception so that the notebook can load it."""

    def report(self, job: dict[str, Any], kind: str, detail: Any) -> None:
        """Let the notebook know what has happened."""

    def capturing(self, job: dict[str, Any]) -> AbstractContextManager[Callable[[], str]]:
        """Report what is written within for that job; yields what returns the rest of it."""


class LatestProgress:
    """Reports how far a task is, a few times a second; the last of it at the end."""

    def __init__(self, job: dict[str, Any], host: Host) -> None:
        self._job, self._host = job, host
        self._next = 0.0
        self._waiting: tuple[Any, ...] | None = None

    def __call__(self, done: float, total: float | None, text: str) -> None:
        self._waiting = (done, total, text)
        if time.monotonic() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Report what was not reported."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._next = time.monotonic() + PROGRESS_INTERVAL
            self._host.report(self._job, "progress", waiting)


def run(job: dict[str, Any], code: bytes, host: Host) -> dict[str, Any]:
    """Run one task, report its start, and return its outcome, with the output not reported yet.

    `code` is the pickled function. Never raises what the task raises: an engine would
    retry, log and pickle it in ways of its own.
    """
    started, clock = time.time(), time.perf_counter()
    host.report(job, "started", started)
    set_reporter(_progress.get)
    reported = LatestProgress(job, host)
    token = _progress.set(reported)
    try:
        with host.capturing(job) as rest_of_output:
            outcome = _outcome(job, code, host, started)
    finally:
        _progress.reset(token)
    reported.flush()
    return {**outcome, "seconds": time.perf_counter() - clock, "output": rest_of_output()}


def pickled(outcome: dict[str, Any], host: Host) -> bytes:
    """The outcome on its way to the notebook; a failure if it can't travel."""
    try:
        return pickle.dumps(outcome)
    except Exception as error:  # too deep, or too large for this worker's memory
        failure = describe_failure(error, host.dumps)
        reported = {"seconds": outcome["seconds"], "output": outcome["output"]}
        return pickle.dumps({**failure, **reported, "has_returned": True})


def _outcome(job: dict[str, Any], code: bytes, host: Host, started: float) -> dict[str, Any]:
    has_returned = False
    try:
        function = _load(job, code, host)
        job["args"], job["kwargs"] = _unpickle(job["arguments"], job, host)
        try:
            value = _call(function, job, running(job, host.name, started))
        except ModuleNotFoundError as error:
            _note_missing(error, job, host)
            raise
        has_returned = True
        return _kept(value, job, host)
    except BaseException as error:
        return {**describe_failure(error, host.dumps), "has_returned": has_returned}


def _call(function: Callable[..., Any], job: dict[str, Any], result: TaskResult) -> Any:
    leading = (TaskContext(result),) if job["takes_context"] else ()
    if iscoroutinefunction(function):
        return asyncio.run(function(*leading, *result.args, **result.kwargs))
    return function(*leading, *result.args, **result.kwargs)


def _kept(value: Any, job: dict[str, Any], host: Host) -> dict[str, Any]:
    """What travels of a return value: JSON, or the object itself, pickled, where the task may."""
    normal, changes = keep_return_value(SimpleNamespace(**job["task"]), value)
    if any(change.after == KEPT for change in changes):
        # What it is is noted where it arrives.
        return {"pickled": _dumps(value, host), "changes": []}
    return {"value": normal, "changes": [tuple(change) for change in changes]}


def _dumps(value: Any, host: Host) -> bytes:
    try:
        return host.dumps(value)
    except Exception as error:
        kind = type(value)
        raise TypeError(
            f"The return value can't be sent to the notebook: {kind.__module__}."
            f"{kind.__qualname__} can't be pickled ({error}). Return the data that is in it."
        ) from None


def _load(job: dict[str, Any], code: bytes, host: Host) -> Callable[..., Any]:
    """Return the task's function. Raises an exception that says what this worker lacks."""
    here, there = sys.version_info[:2], tuple(job["python"])
    if job["by_value"] and here != there:
        raise RuntimeError(
            f"The worker at {host.name} runs Python {here[0]}.{here[1]}, the notebook "
            f"{there[0]}.{there[1]}: a function defined in a cell can't travel between them. "
            "Start the workers with the notebook's version, or import the function from a module."
        )
    if job["digest"] is None:
        return _unpickle(code, job, host)  # type: ignore[no-any-return]
    return _functions.use(job["digest"], lambda: _unpickle(code, job, host))


def _unpickle(data: bytes, job: dict[str, Any], host: Host) -> Any:
    try:
        return Unpickler(io.BytesIO(data)).load()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(_lacks(error, job, host), name=error.name) from None


def _note_missing(error: ModuleNotFoundError, job: dict[str, Any], host: Host) -> None:
    """Say which worker it is that lacks the module that the function's body imports."""
    module = (error.name or "").partition(".")[0]
    if module and host.cure and importlib.util.find_spec(module) is None:
        error.add_note(_lacks(error, job, host))


def _lacks(error: ModuleNotFoundError, job: dict[str, Any], host: Host) -> str:
    sentence = f"The worker at {host.name} has no module {error.name!r}, which the task needs"
    return f"{sentence}: {host.cure.format(module=error.name, backend=job['backend'])}."
