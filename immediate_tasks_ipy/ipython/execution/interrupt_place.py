"""What kind of code a frame runs: whether an exception raised there does what it is meant for."""

from __future__ import annotations

import asyncio
import os
import sys
import weakref
from collections.abc import Iterator
from contextvars import Context
from types import FrameType
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from immediate_tasks_ipy.display.source_files import PACKAGE_FOLDER
from immediate_tasks_ipy.tasks.faults.interrupts import (
    InterruptGuard,
    current_guard,
    interrupt_containers,
    user_code_callers,
)

#: Python's own files in which an exception that a signal handler raises is lost, or ends the loop.
_FRAGILE = (
    os.path.dirname(asyncio.__file__) + os.sep,  # noqa: PTH120  (as code objects have it)
    weakref.__file__,
    weakref.__file__.replace("weakref.py", "_weakrefset.py"),
)
#: Below this function's frame is the event loop.
_LOOP_STEP = asyncio.Handle._run.__code__


class Place(NamedTuple):
    """Where a signal handler has interrupted the main thread."""

    #: Is it the user's code, not this package's, asyncio's or a finalizer's?
    is_user_code: bool
    #: Is it asyncio's or a weak reference's own? Tasks in C call these functions in the middle of
    #: a step, and the step is lost with what is raised there.
    is_fragile: bool
    #: Would no KeyboardInterrupt escape from the asyncio task that runs it?
    is_contained: bool
    #: Is it called by the guard itself, rather than by another asyncio task?
    is_body: bool


def interrupted_guard() -> InterruptGuard | None:
    """The guard of the code that runs, or that waits for the greenlet which runs."""
    guard = current_guard.get()
    for greenlet in () if guard is not None else _waiting_greenlets():
        context: Context | None = greenlet.gr_context
        guard = None if context is None else context.get(current_guard)
        if guard is not None:
            break
    return guard


def _waiting_greenlets() -> Iterator[Any]:
    """The greenlets that an exception in the running one is raised in, from the inside out.

    gevent waits in one of its own, with a stack and a context of its own.
    """
    current: Any = getattr(sys.modules.get("greenlet"), "getcurrent", None)
    greenlet = None if current is None else current().parent
    while greenlet is not None:
        yield greenlet
        greenlet = greenlet.parent


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    """The running frame and those below it, on to the stacks of the greenlets that wait for it."""
    while frame is not None:
        yield frame
        frame = frame.f_back
    for greenlet in _waiting_greenlets():
        frame = greenlet.gr_frame
        while frame is not None:
            yield frame
            frame = frame.f_back


def place_of(frame: FrameType | None, guard: InterruptGuard) -> Place:
    """Where that frame is, for a guard whose `run` or `arun` calls the code to be interrupted.

    It is the running frame, or one below it.
    """
    is_user_code: bool | None = None
    is_contained = is_body = False
    is_fragile = frame is not None and frame.f_code.co_filename.startswith(_FRAGILE)
    if frame is None or is_fragile:
        is_user_code = False
    for one in _stack(frame):
        code = one.f_code
        if code is _LOOP_STEP or is_body:
            break
        if code.co_name == "__del__":
            is_user_code = False
        elif is_user_code is None and (
            code in user_code_callers or code.co_filename.startswith(PACKAGE_FOLDER)
        ):
            is_user_code = code in user_code_callers
        if code in interrupt_containers:
            is_contained = True
            is_body = one.f_locals.get("self") is guard
    return Place(is_user_code is not False, is_fragile, is_contained, is_body)


def contains_keyboard_interrupt(frame: FrameType | None) -> bool:
    """Whether a KeyboardInterrupt raised in that frame does not escape its asyncio task.

    IPython catches all that a cell raises.
    """
    shell = InteractiveShell.run_code.__code__
    while frame is not None and frame.f_code is not _LOOP_STEP:
        if frame.f_code in interrupt_containers or frame.f_code is shell:
            return True
        frame = frame.f_back
    return False
