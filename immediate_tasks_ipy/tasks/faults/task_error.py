"""The TaskError of an exception, whatever the exception's own methods do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from traceback import format_tb
from types import TracebackType
from typing import Any

from immediate_tasks_ipy.tasks.base import TaskError

from .traceback_text import exception_text

_PACKAGE = str(Path(__file__).parents[2])

OUT_OF_STACK = TaskError(
    exception_class_path="builtins.RecursionError",
    traceback="RecursionError: maximum recursion depth exceeded\n",
)


def task_error(error: BaseException, function: Callable[..., Any]) -> TaskError:
    """The TaskError of an exception that `function` raised.

    The exception's traceback is cut to begin in the user's own code. Raises nothing but a
    KeyboardInterrupt that comes meanwhile, whatever the exception's own methods do.
    """
    path = class_path(type(error))
    try:
        error.__traceback__ = trim(error.__traceback__, function)
        text = exception_text(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = _plain_traceback(error, path)
    return TaskError(exception_class_path=path, traceback=text)


def class_path(kind: type) -> str:
    """The dotted path of a class, whatever its own attributes are."""
    try:
        return f"{kind.__module__}.{kind.__qualname__}"
    except KeyboardInterrupt:
        raise
    except BaseException:
        name: str = type.__dict__["__name__"].__get__(kind)
        return name


def _plain_traceback(error: BaseException, path: str) -> str:
    """The frames and the class of an exception that can't be formatted."""
    try:
        traceback = BaseException.__dict__["__traceback__"].__get__(error)
        frames = "".join(format_tb(traceback))
    except KeyboardInterrupt:
        raise
    except BaseException:
        frames = ""
    return f"Traceback (most recent call last):\n{frames}{path}\n" if frames else f"{path}\n"


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
