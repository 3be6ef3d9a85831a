"""Notice of an event loop that was closed: no callback of its own comes any more.

A timer of the loop holds an object that nothing else does, and that `close` lets go of.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Callable
from typing import Any

logger = logging.getLogger("immediate_tasks_ipy.tasks")

#: Seconds that are never over.
_FAR = 10 * 365 * 86_400.0


class _Sentinel:
    """What a timer calls that is never due."""

    __slots__ = ("__weakref__",)

    def __call__(self) -> None:
        """Nothing is due."""


class ClosedLoopWatch:
    """Calls back with every object that is still watched when its loop is closed."""

    def __init__(self, callback: Callable[[Any], object]) -> None:
        self._callback = callback
        self._watched: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, set[Any]] = (
            weakref.WeakKeyDictionary()
        )

    def add(self, loop: asyncio.AbstractEventLoop, watched: Any) -> None:
        """Watch until `discard`; called by the loop."""
        known = self._watched.get(loop)
        if known is None:
            known = self._watched[loop] = set()
            sentinel = _Sentinel()
            loop.call_later(_FAR, sentinel)
            weakref.finalize(sentinel, self._closed, known).atexit = False
        known.add(watched)

    def discard(self, loop: asyncio.AbstractEventLoop, watched: Any) -> None:
        """It has ended by itself."""
        known = self._watched.get(loop)
        if known is not None:
            known.discard(watched)

    def _closed(self, known: set[Any]) -> None:
        for watched in list(known):
            try:
                self._callback(watched)
            except BaseException:
                logger.exception("%r could not be ended after its event loop.", watched)
