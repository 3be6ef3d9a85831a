"""Tracebacks without the frames of this package: what is left is the user's own."""

from __future__ import annotations

from types import TracebackType

from immediate_tasks_ipy.display.source_files import PACKAGE_FOLDER


def drop_own_frames(error: BaseException) -> None:
    """Take this package's frames out of an exception's traceback."""
    kept = []
    trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(PACKAGE_FOLDER):
            kept.append(trace)
        trace = trace.tb_next
    chained: TracebackType | None = None
    for one in reversed(kept):
        chained = TracebackType(chained, one.tb_frame, one.tb_lasti, one.tb_lineno)
    error.__traceback__ = chained
