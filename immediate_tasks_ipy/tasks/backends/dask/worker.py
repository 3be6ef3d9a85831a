"""What runs on a Dask worker.

This file travels to the workers as text (see `cluster.py`), so that they need
not have this package: it imports the standard library only. What it says goes
through the scheduler's event log, a few messages a moment, each with all that
happened meanwhile.
"""

from __future__ import annotations

import asyncio
import io
import logging
import pickle
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import Any

#: Bytes up to which an outcome travels as an event; a larger one is fetched.
EVENT_LIMIT = 4_096
#: Bytes up to which a live exception, and the value it carries, come along.
EXCEPTION_LIMIT = 1_000_000
#: Characters kept of what a task writes, half of them from its head.
OUTPUT_LIMIT = 1_000_000
#: Seconds in which events are collected before they are sent.
EVENT_INTERVAL = 0.01

#: The event reporter of each worker in this process, by its address.
_reporters: dict[str, Reporter] = {}
_current_worker: Callable[[], Any]
_normalize: Callable[[Any, str], tuple[Any, tuple[tuple[Any, str, str], ...]]]
_dumps: Callable[[Any], bytes] = pickle.dumps


class TaskResult:
    """What a task can see of its own result while it runs here."""

    def __init__(self, job: dict[str, Any], worker: str, started: float) -> None:
        self.task = SimpleNamespace(**job["task"])
        self.id: str = job["id"]
        self.args: list[Any] = job["args"]
        self.kwargs: dict[str, Any] = job["kwargs"]
        self.backend: str = job["backend"]
        self.status = "RUNNING"
        self.enqueued_at: datetime = job["enqueued_at"]
        self.started_at = self.last_attempted_at = datetime.fromtimestamp(started, UTC)
        self.finished_at = None
        self.errors: list[Any] = []
        #: The attempts that the notebook knew of when it sent the task, and this one.
        self.worker_ids: list[str] = [*job["worker_ids"], worker]

    @property
    def attempts(self) -> int:
        return len(self.worker_ids)

    @property
    def is_finished(self) -> bool:
        return False


class TaskContext:
    """Stands in for the framework's class of the same name."""

    def __init__(self, task_result: TaskResult) -> None:
        self.task_result = task_result

    @property
    def attempt(self) -> int:
        return self.task_result.attempts


def attach(
    worker: Any,
    current_worker: Callable[[], Any],
    normalize: Callable[[Any, str], tuple[Any, Any]],
    dumps: Callable[[Any], bytes],
    *,
    echo: bool = True,
) -> None:
    """Get this process ready to run tasks for `worker`. Called once by each that starts.

    With `echo`, what tasks write is also found where the worker writes: in its log.
    """
    global _current_worker, _normalize, _dumps
    _current_worker, _normalize, _dumps = current_worker, normalize, dumps
    _reporters[worker.address] = Reporter(worker)
    if not isinstance(sys.stdout, CapturedStream):
        sys.stdout = CapturedStream(sys.stdout, echo=echo)
        sys.stderr = CapturedStream(sys.stderr, echo=echo)
    root = logging.getLogger()
    # Without handlers of its own, logging writes to sys.stderr, which is captured.
    if root.handlers and not any(isinstance(h, CaptureHandler) for h in root.handlers):
        root.addHandler(CaptureHandler())


def detach(worker: Any) -> None:
    """Undo `attach`; the last worker of the process gives the streams back."""
    _reporters.pop(worker.address, None)
    if _reporters:
        return
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, CapturedStream):
            setattr(sys, name, stream.stream)
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, CaptureHandler):
            root.removeHandler(handler)


def run(payload: bytes, code: bytes | None = None) -> bytes:
    """Run one task, report its start and its end, and return its pickled outcome.

    Never raises what the task raises: Dask would retry, log and pickle it in ways of its own.
    """
    job = pickle.loads(payload)  # noqa: S301  (from the notebook that may run any code here)
    worker = _current_worker()
    reporter = _reporters.get(worker.address) or Reporter(worker)
    started, clock = time.time(), time.perf_counter()
    reporter.send(job["topic"], "started", job["id"], started)
    captured = Captured()
    token = _captured.set(captured)
    try:
        outcome = _outcome(job, code, TaskResult(job, worker.address, started))
    finally:
        _captured.reset(token)
    outcome["seconds"] = time.perf_counter() - clock
    outcome["output"] = captured.text
    try:
        data = pickle.dumps(outcome)
    except Exception as error:  # too deep, or too large for this worker's memory
        failure = {"seconds": outcome["seconds"], "output": captured.text, **_failure(error)}
        data = pickle.dumps(failure)
    small = len(data) <= EVENT_LIMIT
    reporter.send(job["topic"], "finished", job["id"], data if small else None)
    return data


def _outcome(job: dict[str, Any], code: bytes | None, result: TaskResult) -> dict[str, Any]:
    try:
        function = _load(job, job["code"] if code is None else code, result.worker_ids[-1])
        leading = (TaskContext(result),) if job["takes_context"] else ()
        if iscoroutinefunction(function):
            value = asyncio.run(function(*leading, *result.args, **result.kwargs))
        else:
            value = function(*leading, *result.args, **result.kwargs)
        try:
            normal, changes = _normalize(value, "return_value")
        except Exception as error:
            error.unstored_value = value  # type: ignore[attr-defined]
            error.__context__ = None  # how this came out is no concern of the user's
            raise
    except BaseException as error:
        return _failure(error)
    return {"value": normal, "changes": [tuple(change) for change in changes]}


def _load(job: dict[str, Any], code: bytes, address: str) -> Callable[..., Any]:
    """Return the task's function. Raises an exception that says what this worker lacks."""
    here, there = sys.version_info[:2], tuple(job["python"])
    if job["by_value"] and here != there:
        raise RuntimeError(
            f"The worker at {address} runs Python {here[0]}.{here[1]}, the notebook "
            f"{there[0]}.{there[1]}: a function defined in a cell can't travel between them. "
            "Start the workers with the notebook's version, or import the function from a module."
        )
    try:
        function: Callable[..., Any] = _Unpickler(io.BytesIO(code)).load()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"The worker at {address} has no module {error.name!r}, which the task needs: "
            f"install it there, or send its file with "
            f"task_backends[{job['backend']!r}].client.upload_file('{error.name}.py').",
            name=error.name,
        ) from None
    return function


class _Unpickler(pickle.Unpickler):
    """Gives a function the classes that the notebook's framework would."""

    def persistent_load(self, name: Any) -> Any:
        return {"TaskContext": TaskContext, "TaskResult": TaskResult}[name]


# -- failures ------------------------------------------------------------


def _failure(error: BaseException) -> dict[str, Any]:
    """Describe an exception by its text, and by what the text lacks on this machine."""
    _trim(error)
    kind = type(error)
    return {
        "exception_class_path": f"{kind.__module__}.{kind.__qualname__}",
        "traceback": "".join(traceback.format_exception(error)),
        "frames": list(dict.fromkeys(_frames_without_source(error))),
        "error": _pickled(error),
    }


def _trim(error: BaseException) -> None:
    """Let the traceback start at the user's function."""
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if not code.co_filename.startswith(_OWN_FILES):
            break
        step = step.tb_next
    error.__traceback__ = step


_OWN_FILES = (
    __file__,
    "<immediate_tasks_ipy",
    asyncio.runners.__file__,
    asyncio.base_events.__file__,
)


def _frames_without_source(
    error: BaseException | None, seen: set[int] | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield the position of every frame whose source this machine can't read: a cell's."""
    seen = set() if seen is None else seen
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.line:
            yield (
                frame.filename,
                frame.lineno,
                frame.name,
                frame.end_lineno,
                frame.colno,
                frame.end_colno,
            )
    yield from _frames_without_source(error.__cause__, seen)
    yield from _frames_without_source(error.__context__, seen)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _frames_without_source(inner, seen)


def _pickled(error: BaseException) -> bytes | None:
    """Return the exception itself if it can travel, without the value it carries if need be."""
    for _ in range(2):
        try:
            data = _dumps(error)
        except Exception:
            data = None
        if data is not None and len(data) <= EXCEPTION_LIMIT:
            return data
        if not hasattr(error, "unstored_value"):
            return None
        del error.unstored_value
    return None


# -- events --------------------------------------------------------------


class Reporter:
    """Tells the notebooks what happens on one worker. Called from its task threads."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._waiting: dict[str, list[list[Any]]] = {}
        self._scheduled = False

    def send(self, topic: str, *event: Any) -> None:
        with self._lock:
            self._waiting.setdefault(topic, []).append(list(event))
            if self._scheduled:
                return
            self._scheduled = True
        self._worker.loop.add_callback(self._later)

    def _later(self) -> None:
        self._worker.loop.call_later(EVENT_INTERVAL, self._flush)

    def _flush(self) -> None:
        with self._lock:
            waiting, self._waiting, self._scheduled = self._waiting, {}, False
        for topic, events in waiting.items():
            self._worker.log_event(topic, {"events": events})


# -- output --------------------------------------------------------------


class Captured:
    """What one task wrote: the head and the tail, if it is too much."""

    def __init__(self, limit: int = OUTPUT_LIMIT) -> None:
        self._half = limit // 2
        self._lock = threading.Lock()
        self._head: list[str] = []
        self._head_size = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._dropped = 0

    def write(self, text: str) -> None:
        with self._lock:
            room = self._half - self._head_size
            if room > 0:
                self._head.append(text[:room])
                self._head_size += len(text[:room])
                text = text[room:]
            if not text:
                return
            self._tail.append(text)
            self._tail_size += len(text)
            while self._tail_size - len(self._tail[0]) >= self._half:
                gone = len(self._tail.popleft())
                self._tail_size -= gone
                self._dropped += gone

    @property
    def text(self) -> str:
        tail = "".join(self._tail)
        dropped = self._dropped + max(0, len(tail) - self._half)
        head, tail = "".join(self._head), tail[-self._half :]
        return (
            f"{head}\n… {dropped:,} characters were not kept …\n{tail}" if dropped else head + tail
        )


_captured: ContextVar[Captured | None] = ContextVar("captured", default=None)


class CapturedStream:
    """A worker's stdout or stderr: what a task writes is kept for the notebook."""

    def __init__(self, stream: Any, *, echo: bool) -> None:
        self.stream = stream
        self._echo = echo

    def write(self, text: str) -> int:
        captured = _captured.get()
        if captured is not None:
            captured.write(text)
        if captured is None or self._echo:
            self.stream.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class CaptureHandler(logging.Handler):
    """Keeps a task's log records where the worker's own handlers send them elsewhere."""

    def emit(self, record: logging.LogRecord) -> None:
        captured = _captured.get()
        if captured is not None:
            captured.write(f"{record.levelname}:{record.name}:{record.getMessage()}\n")
