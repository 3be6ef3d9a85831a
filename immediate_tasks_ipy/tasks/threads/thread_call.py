"""The call of a function in a thread, interrupted as well as that can be done."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from typing import Any


class ThreadCall:
    """The call of a function in a thread, which another one may try to stop."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._ident: int | None = None
        self._interrupted = False

    def __call__(self) -> Any:
        with self._lock:
            if self._interrupted:
                raise asyncio.CancelledError
            self._ident = threading.get_ident()
        try:
            return self._function()
        finally:
            with self._lock:
                self._ident = None
                if self._interrupted:
                    _take_exception()

    def interrupt(self) -> bool:
        """Raise CancelledError in the function. Returns whether it was running.

        If it has not begun, it never will. Else this is the best there is, and
        no more: a function that waits in C code (a socket, `time.sleep`) sees
        the exception when it comes back from there, and one that is in a finalizer
        at that moment loses it. It is raised once at most.
        """
        with self._lock:
            if self._ident is not None and not self._interrupted:
                _raise_in_thread(self._ident)
            self._interrupted = True
            return self._ident is not None


def _raise_in_thread(ident: int) -> None:
    """Have a thread raise CancelledError soon."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(ident), ctypes.py_object(asyncio.CancelledError)
    )


def _take_exception() -> None:
    """Leave nothing to raise in this thread, whether the exception has come or not.

    It is raised and caught, not taken back: until CPython 3.12 an exception taken back leaves
    all threads looking for it forever, and where one of them is traced, they stand still.
    """
    try:
        while True:  # a finalizer may swallow it
            _raise_in_thread(threading.get_ident())
    except asyncio.CancelledError:
        pass
