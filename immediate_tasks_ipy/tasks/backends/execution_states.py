"""Where a run of a task is, and what cancelling it takes."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where a run is."""

    #: Its driver has it; the function has not been entered.
    READY = "ready"
    #: It was handed to an event loop or a thread, which has not started it.
    SCHEDULED = "scheduled"
    #: An asyncio task awaits the function, or the thread that calls it.
    ON_LOOP = "on loop"
    #: A thread is in the function, and no asyncio task awaits it.
    IN_THREAD = "in thread"
    #: It was cancelled, and the outcome is still open.
    CANCELLING = "cancelling"
    #: The outcome is decided: one caller was given the right to write it.
    ENDED = "ended"


class CancelAction(Enum):
    """What the caller of `Execution.request_cancel` has to do."""

    #: Nothing: the driver finds out before it enters the function, or an earlier call did it.
    NONE = "none"
    #: On the loop, cancel the asyncio task if `Execution.deliver_cancel` returns True.
    CANCEL_ON_LOOP = "cancel on loop"
    #: Interrupt the thread; write the failure, unless a grace was asked for.
    INTERRUPT = "interrupt"
    #: Write the failure: the function was never entered and never will be.
    FAIL = "fail"
    #: Nothing: it has ended.
    TOO_LATE = "too late"
