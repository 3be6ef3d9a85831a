"""The event loop that background tasks share where there is no loop of the caller's."""

from __future__ import annotations

import asyncio
import os
import threading

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner: int | None = None


def helper_loop() -> asyncio.AbstractEventLoop:
    """The loop, which a daemon thread of this process runs; started when it is first asked for."""
    global _loop, _owner
    with _lock:
        # A forked child has the object, but not the thread.
        if _loop is None or _loop.is_closed() or _owner != os.getpid():
            _loop, _owner = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="helper loop", daemon=True).start()
        return _loop
