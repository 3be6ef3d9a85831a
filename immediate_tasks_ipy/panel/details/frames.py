"""The frames of a live exception: their local variables, sent only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType
from typing import Any

from immediate_tasks_ipy.display.traceback_view import TracebackView
from immediate_tasks_ipy.display.tracebacks import Frame
from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.panel.rows import cut, sendable
from immediate_tasks_ipy.task_history import Entry, Recorder

#: Variables of one frame, characters of a name and of a value's preview.
MOST_LOCALS, NAME, VALUE = 200, 60, 48

_GONE = "The frames are gone: re-run the task to see its variables."


def traceback_text(entry: Entry) -> str:
    """The traceback of the last attempt, as Python prints it. Raises LookupError without one."""
    errors = entry.result.errors
    if not errors:
        msg = "The task has no traceback: it did not fail."
        raise LookupError(msg)
    return sendable(errors[-1].traceback or errors[-1].exception_class_path)


def local_variables(
    recorder: Recorder, entry: Entry, exception: int, frame: int
) -> list[tuple[str, str]]:
    """Names and previews of the variables of one frame of a task's exception.

    Exceptions are counted from the last one raised, frames from the outermost. Raises
    LookupError if the exception is no longer kept, or has no such frame.
    """
    live = recorder.exception(entry.result)
    if live is None or not entry.result.errors:
        raise LookupError(_GONE)
    view = TracebackView.of(entry.result.errors[-1:], chain_limit=exception)
    try:
        wanted = view.exceptions[exception].segment.frames[frame]
    except IndexError:
        raise LookupError(_GONE) from None
    found = _live_frame(live, exception, wanted)
    if found is None:
        raise LookupError(_GONE)
    variables = [(name, value) for name, value in found.f_locals.items() if not _is_dull(name)]
    return [
        (sendable(cut(name, NAME)), sendable(preview(value, VALUE)))
        for name, value in variables[:MOST_LOCALS]
    ]


def _live_frame(error: BaseException, exception: int, wanted: Frame) -> FrameType | None:
    """The frame that a text of a traceback is about: of the same function, in the same line."""
    current: BaseException | None = error
    for _ in range(exception):
        current = current and (
            current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        )
    if current is None:
        return None
    matching = [
        frame
        for frame, line in _frames(current)
        if line == wanted.line and frame.f_code.co_name == wanted.function.rpartition(".")[2]
    ]
    return matching[-1] if matching else None


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _is_dull(name: Any) -> bool:
    """Whether it is a name of Python's or IPython's own."""
    return not isinstance(name, str) or name.startswith("__") or name in _SHELL_NAMES


#: What IPython puts into a notebook's namespace.
_SHELL_NAMES = {
    "In",
    "Out",
    "exit",
    "quit",
    "get_ipython",
    "open",
    "_",
    "__",
    "___",
    "_oh",
    "_dh",
    "_ih",
}
