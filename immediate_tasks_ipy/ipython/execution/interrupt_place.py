"""What kind of code a frame runs: whether an exception raised there does what it is meant for."""

from __future__ import annotations

import asyncio
import os
import weakref
from types import FrameType
from typing import NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from immediate_tasks_ipy.display.source_files import PACKAGE_FOLDER
from immediate_tasks_ipy.tasks.faults.interrupts import (
    InterruptGuard,
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


def place_of(frame: FrameType | None, guard: InterruptGuard) -> Place:
    """Where that frame is, for a guard whose `run` or `arun` calls the code to be interrupted."""
    is_user_code: bool | None = None
    is_contained = is_body = False
    is_fragile = frame is not None and frame.f_code.co_filename.startswith(_FRAGILE)
    if frame is None or is_fragile:
        is_user_code = False
    while frame is not None and frame.f_code is not _LOOP_STEP and not is_body:
        code = frame.f_code
        if code.co_name == "__del__":
            is_user_code = False
        elif is_user_code is None and (
            code in user_code_callers or code.co_filename.startswith(PACKAGE_FOLDER)
        ):
            is_user_code = code in user_code_callers
        if code in interrupt_containers:
            is_contained = True
            is_body = frame.f_locals.get("self") is guard
        frame = frame.f_back
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
