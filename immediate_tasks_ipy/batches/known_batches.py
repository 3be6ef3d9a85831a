"""The batches of this process that can be named: to wait for them, to cancel and resume them."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any
from weakref import WeakValueDictionary

#: A `BatchRun`, which registers itself here.
BatchRun = Any

#: Batches that were ended early and are kept, although no variable holds them.
KEPT = 4

_lock = threading.Lock()
_by_id: WeakValueDictionary[str, BatchRun] = WeakValueDictionary()
_running: dict[str, BatchRun] = {}
_kept: deque[BatchRun] = deque(maxlen=KEPT)


def register(batch: BatchRun) -> None:
    """A batch was made; it is known as long as somebody holds it."""
    with _lock:
        _by_id[batch.stats.id] = batch


def hold(batch: BatchRun) -> None:
    """A batch has begun: it is held until it has ended."""
    with _lock:
        _running[batch.stats.id] = batch


def release(batch: BatchRun) -> None:
    """A batch has ended; one that was ended early is kept for a while, to be resumed."""
    with _lock:
        _running.pop(batch.stats.id, None)
        if batch.stats.error is not None and batch not in _kept:
            _kept.append(batch)


def known() -> list[BatchRun]:
    """The batches, in the order in which they were made."""
    with _lock:
        batches = list(_by_id.values())
    return sorted(batches, key=lambda batch: batch.stats.started_at)


def running() -> list[BatchRun]:
    """Those that are enqueuing jobs."""
    with _lock:
        return list(_running.values())


def unfinished() -> list[BatchRun]:
    """Those with tasks that have not ended."""
    return [batch for batch in known() if not batch.items.is_finished]


def cancel_all() -> None:
    """Cancel those that are running; from any thread."""
    for batch in running():
        batch.cancel()
