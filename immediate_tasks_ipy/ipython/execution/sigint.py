"""The handler of SIGINT while guards are active: it records the signal, and delivers it once."""

from __future__ import annotations

import _thread
import asyncio
import signal
import sys
import threading
import time
import weakref
from pathlib import Path
from types import FrameType
from typing import Any

from immediate_tasks_ipy.tasks.sync import current_task

from .interrupt_guard import Guard
from .interrupt_place import interrupted_guard, place_of

#: Seconds between two deliveries of a signal that found no place to be raised at.
REPEAT_INTERVAL = 0.01
#: Seconds for which this package's own code is spared, and the asyncio tasks of the body.
PATIENCE = 0.1
#: The files in which nothing is ever raised.
_BOOKKEEPING = frozenset({__file__, str(Path(__file__).with_name("interrupts.py"))})


class SigintHandler:
    """One handler for all active guards; what it replaces is back when the last has left.

    All of it runs on the main thread, `_repeat` excepted. A handler may interrupt code that holds
    a lock: it takes none, and starts no `threading.Thread`, which would take one.
    """

    def __init__(self) -> None:
        self._guards: list[Guard] = []
        self._previous: Any = signal.SIG_DFL
        self._previous_hook: Any = sys.unraisablehook
        # Held while a signal is repeated: none is sent once the last guard has left.
        self._lock = _thread.allocate_lock()
        self._is_repeated = False
        # A bound method is another object each time that it is looked up.
        self._handler = self._on_sigint
        self._hook = self._on_unraisable

    def enter(self, guard: Guard) -> None:
        """Handle signals for that guard, until `leave`."""
        if signal.getsignal(signal.SIGINT) is not self._handler:
            self._is_repeated = False
            self._previous = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._handler)
        if sys.unraisablehook is not self._hook:
            self._previous_hook, sys.unraisablehook = sys.unraisablehook, self._hook
        guard.is_active = True
        self._guards.append(guard)

    def leave(self, guard: Guard) -> None:
        """The guard's code has ended."""
        with self._lock:
            guard.is_active = False
            self._guards = [other for other in self._guards if other.is_active]
        if self._guards:
            return
        if signal.getsignal(signal.SIGINT) is self._handler:
            # Python runs this handler first, if a signal has just come. None is a handler in C.
            previous = self._previous
            signal.signal(
                signal.SIGINT, signal.default_int_handler if previous is None else previous
            )
        if sys.unraisablehook is self._hook:
            sys.unraisablehook = self._previous_hook

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        is_repeated, self._is_repeated = self._is_repeated, False
        if not is_repeated:
            if not self._guards and callable(self._previous):
                self._previous(signum, frame)
            for guard in self._guards:
                if guard.outermost is guard:
                    guard.record()
        error = self._error_for(frame)
        if not is_repeated and any(guard.is_pending for guard in self._guards):
            _thread.start_new_thread(self._repeat, ())
        if error is not None:
            raise error

    def _error_for(self, frame: FrameType | None) -> BaseException | None:
        """What to raise in that frame, if a pending interrupt can be delivered there."""
        guard = interrupted_guard()
        if not isinstance(guard, Guard) or not guard.is_active or not guard.is_pending:
            return None
        if frame is not None and frame.f_code.co_filename in _BOOKKEEPING:
            return None
        guard, task = guard.outermost, current_task()
        if task in guard.reached:
            return None
        place = place_of(frame, guard)
        if place.is_fragile:
            return None
        # The loop ends an asyncio task of the body with its siblings, unless it is blocked.
        is_own = place.is_user_code and place.is_body
        if not is_own and time.monotonic() - guard.interrupted_at < PATIENCE:
            return None
        if place.is_body:
            guard.take()
        elif task is None:
            return None  # the event loop's own code
        else:
            guard.reached.add(task)
        error = KeyboardInterrupt() if place.is_contained else asyncio.CancelledError()
        error.guard = weakref.ref(guard)  # type: ignore[union-attr]
        return error

    def _repeat(self) -> None:
        """Send the signal again until it is delivered; runs in a thread of its own."""
        main = threading.main_thread().ident
        while True:
            time.sleep(REPEAT_INTERVAL)
            with self._lock:
                if not any(guard.is_pending for guard in self._guards):
                    return
                # Another handler may be in place for a moment: a kernel's, for a message.
                if signal.getsignal(signal.SIGINT) is self._handler:
                    self._is_repeated = True
                    if hasattr(signal, "pthread_kill") and main is not None:
                        signal.pthread_kill(main, signal.SIGINT)
                    else:
                        _thread.interrupt_main()

    def _on_unraisable(self, unraisable: Any) -> None:
        """Deliver again what Python has swallowed: in a finalizer, a weak reference's callback."""
        reference = getattr(unraisable.exc_value, "guard", None)
        guard = reference() if isinstance(reference, weakref.ref) else None
        if not isinstance(guard, Guard):
            self._previous_hook(unraisable)
        elif guard.is_active and not _raise_next(sys._getframe(1), guard):
            guard.put_back()
            _thread.start_new_thread(self._repeat, ())


def _raise_next(frame: FrameType, guard: Guard) -> bool:
    """Raise KeyboardInterrupt in a frame, as soon as it goes on; False where that can't be done.

    For code that is in finalizers nearly always: a signal would hardly ever come between them.
    """
    place = place_of(frame, guard.outermost)
    if not (place.is_user_code and place.is_body) or sys.gettrace() is not None:
        return False  # a debugger or a coverage run has the one trace function

    def interrupt(traced: FrameType, _event: str, _argument: object) -> None:
        sys.settrace(None)
        traced.f_trace, traced.f_trace_opcodes = None, False
        raise KeyboardInterrupt

    frame.f_trace, frame.f_trace_opcodes = interrupt, True
    sys.settrace(_trace_nothing)
    return True


def _trace_nothing(_frame: FrameType, _event: str, _argument: object) -> None:
    """No other frame is traced."""


sigint = SigintHandler()
