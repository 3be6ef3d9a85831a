"""What is new about a result goes into the object that everybody looks at."""

from __future__ import annotations

from typing import Any

#: How far along a status is: a result only moves back from RUNNING to READY, to be tried again.
_ORDER = {"READY": 0, "RUNNING": 1, "FAILED": 2, "SUCCESSFUL": 2}
#: As a framework's `TaskResult.refresh`; the status comes last, for those who read meanwhile.
_ATTRIBUTES = (
    "enqueued_at",
    "started_at",
    "last_attempted_at",
    "worker_ids",
    "errors",
    "_return_value",
    "finished_at",
    "status",
)

_set = object.__setattr__


def advance(result: Any, fresh: Any) -> bool:
    """Bring `result` to the state of `fresh`, a later copy of it; returns whether anything changed.

    A result that has finished stays as it is.
    """
    if result is fresh or result.is_finished:
        return False
    if _ORDER[fresh.status] == 0 and result.status == "RUNNING" and not fresh.errors:
        return False  # A copy that was read earlier.
    changed = False
    for name in _ATTRIBUTES:
        new = getattr(fresh, name)
        if name == "last_attempted_at" and len(fresh.worker_ids) == 1:
            # RQ tells when the attempt ended.
            new = fresh.started_at
        if name == "finished_at" and not fresh.is_finished:
            new = None
        if getattr(result, name) != new:
            _set(result, name, new)
            changed = True
    return changed
