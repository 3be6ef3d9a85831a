"""Tracebacks without the frames of this package: what is left is the user's own."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")

_PACKAGE = str(Path(__file__).parents[1]) + os.sep


def drop_own_frames(error: BaseException) -> None:
    """Take this package's frames out of an exception's traceback."""
    kept = []
    trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            kept.append(trace)
        trace = trace.tb_next
    chained: TracebackType | None = None
    for one in reversed(kept):
        chained = TracebackType(chained, one.tb_frame, one.tb_lasti, one.tb_lineno)
    error.__traceback__ = chained


async def awaited(magic: Awaitable[T]) -> T:
    """Await what a magic returned; what that raises has none of this package's frames."""
    __tracebackhide__ = True
    try:
        return await magic
    except BaseException as error:
        drop_own_frames(error)
        raise
