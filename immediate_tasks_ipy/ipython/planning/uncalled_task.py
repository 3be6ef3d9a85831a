"""The hint shown where a task is called, which is enqueued and not called."""

from __future__ import annotations

import linecache
from itertools import islice
from types import TracebackType

from .targets import is_task


def hint_at_call(error: TypeError) -> None:
    """Add the line to write to an exception that came of calling a task; never raises."""
    try:
        call = _failing_call(error.__traceback__) if _is_uncallable(error) else None
        if call is not None:
            error.add_note(f"A task is not called but enqueued: %enqueue {call}")
    except Exception:
        return


def _is_uncallable(error: TypeError) -> bool:
    return str(error).endswith("Task' object is not callable")


def _failing_call(trace: TracebackType | None) -> str | None:
    """The text of the call that failed, if what it calls is a task."""
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame
    positions = frame.f_code.co_positions()
    first, last, start, end = next(islice(positions, trace.tb_lasti // 2, None))
    if first is None or last is None or start is None or end is None:
        return None
    lines = [
        linecache.getline(frame.f_code.co_filename, n).encode() for n in range(first, last + 1)
    ]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    call = " ".join(b"".join(lines).decode().split())
    name = call.partition("(")[0].strip()
    target = eval(name, frame.f_globals, frame.f_locals) if _is_dotted(name) else None  # noqa: S307
    return call if is_task(target) else None


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
