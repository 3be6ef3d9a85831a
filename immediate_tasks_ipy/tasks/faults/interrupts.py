"""Where an interrupt may be raised: marks on functions, for the handler of SIGINT.

A signal handler runs wherever its thread happens to be. A KeyboardInterrupt that it raises in a
finalizer is lost, in bookkeeping it leaves that half done, and one that escapes an asyncio task
ends the event loop with all its other tasks. So a handler that records the signal first asks
these marks whether the interrupted code is the user's, and whether the exception is caught there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

#: The code of functions that call the user's code, or wait for it.
user_code_callers: set[CodeType] = set()
#: The code of functions that no KeyboardInterrupt escapes from.
interrupt_containers: set[CodeType] = set()


class InterruptGuard(Protocol):
    """What handles SIGINT for the code of one context."""

    @property
    def is_pending(self) -> bool:
        """Whether there was a signal that has ended nothing yet."""

    def take(self) -> bool:
        """Take the right to end the code with a KeyboardInterrupt; False if none is pending."""


#: The guard of the code that runs in this context; it may have ended before that code.
current_guard: ContextVar[InterruptGuard | None] = ContextVar(
    "immediate_tasks_ipy.current_guard", default=None
)


def calls_user_code(function: F) -> F:
    """Mark a function that calls the user's code: what it calls may be interrupted at once."""
    user_code_callers.add(function.__code__)
    return function


def contains_interrupts(function: F) -> F:
    """Mark a function that keeps every KeyboardInterrupt from its caller."""
    interrupt_containers.add(function.__code__)
    return function


def is_interrupt_pending() -> bool:
    """Whether a signal is about to end the running code."""
    guard = current_guard.get()
    return guard is not None and guard.is_pending


def raise_pending_interrupt() -> None:
    """Raise KeyboardInterrupt if a signal is about to end the running code.

    For loops of this package that may go on for long, in a place where all is in order. Off the
    main thread, where no signal is handled, it does nothing.
    """
    guard = current_guard.get()
    if (
        guard is not None
        and guard.is_pending
        and threading.current_thread() is threading.main_thread()
        and guard.take()
    ):
        raise KeyboardInterrupt
