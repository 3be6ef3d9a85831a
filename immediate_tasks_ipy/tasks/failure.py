"""An exception as a TaskError: its class and its traceback, as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import Any

from .base import TaskError

_PACKAGE = str(Path(__file__).parent.parent)


def task_error(error: BaseException, function: Callable[..., Any]) -> TaskError:
    """The TaskError of an exception that `function` raised.

    The exception's traceback is cut to begin in the user's own code. Never raises.
    """
    kind = type(error)
    path = f"{kind.__module__}.{kind.__qualname__}"
    try:
        error.__traceback__ = trim(error.__traceback__, function)
        text = "".join(format_exception(error))
    except BaseException:
        text = f"{path}\n"
    return TaskError(exception_class_path=path, traceback=text)


def trim(traceback: TracebackType | None, function: Callable[..., Any]) -> TracebackType | None:
    """The traceback from the function on, without this package's frames in front."""
    code = getattr(function, "__code__", None)
    frame = traceback
    while frame is not None and frame.tb_frame.f_code is not code:
        frame = frame.tb_next
    frame = frame or traceback
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.tb_next
    return frame
