"""What tasks write on a worker, kept for the notebook."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .live_output import LiveOutput


def capture_streams(*, echo: bool) -> None:
    """Have stdout, stderr and the log of this process pass by here. May be called again.

    With `echo`, what tasks write is also found where the worker writes: in its log.
    """
    if not isinstance(sys.stdout, CapturedStream):
        sys.stdout = CapturedStream(sys.stdout, echo=echo)
        sys.stderr = CapturedStream(sys.stderr, echo=echo)
    root = logging.getLogger()
    # Without handlers of its own, logging writes to sys.stderr, which is captured.
    if root.handlers and not any(isinstance(h, CaptureHandler) for h in root.handlers):
        root.addHandler(CaptureHandler())


def release_streams() -> None:
    """Undo `capture_streams`."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, CapturedStream):
            setattr(sys, name, stream.stream)
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, CaptureHandler):
            root.removeHandler(handler)


@contextmanager
def captured_output(output: LiveOutput) -> Iterator[None]:
    """Keep what is written in this context meanwhile."""
    token = _current_output.set(output)
    try:
        yield
    finally:
        _current_output.reset(token)


_current_output: ContextVar[LiveOutput | None] = ContextVar("current_output", default=None)


class CapturedStream:
    """A worker's stdout or stderr: what a task writes is kept for the notebook."""

    def __init__(self, stream: Any, *, echo: bool) -> None:
        self.stream = stream
        self._echo = echo

    def write(self, text: str) -> int:
        output = _current_output.get()
        if output is not None:
            output.write(text)
        if output is None or self._echo:
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
        output = _current_output.get()
        if output is not None:
            output.write(f"{record.levelname}:{record.name}:{record.getMessage()}\n")
