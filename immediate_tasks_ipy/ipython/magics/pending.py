"""Which results `%tasks wait` waits for, and the values that `%tasks value` returns."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Entry, Recorder

from .batch_commands import find_batch
from .task_ids import find_entry


def pending_results(recorder: Recorder, written: str) -> list[Any]:
    """The result of the task with that ID; without one, all that have not finished.

    Raises UsageError for a task whose end nobody reports.
    """
    if (batch := find_batch(written)) is not None:
        return [result for result in batch.items.results if not result.is_finished]
    if written.strip():
        entry = find_entry(recorder, written)
        if not _ends(entry):
            msg = (
                f"{entry.backend.label} never reports that a task has finished: "
                "there is nothing to wait for"
            )
            raise UsageError(msg)
        return [entry.result]
    pending = [entry for entry in recorder if not entry.result.is_finished]
    return [entry.result for entry in pending if _ends(entry)]


def value_of(recorder: Recorder, written: str) -> Any:
    """The value that the task with that ID has returned. Raises UsageError."""
    result = find_entry(recorder, written).result
    if result.status == "SUCCESSFUL":
        return result.return_value
    try:
        return recorder.raw_value(result)
    except LookupError:
        state = "failed" if result.is_finished else "has not finished yet"
        see = f"%tasks show {result.id[:8]}"
        msg = f"{result.task.name} {state}, so it has no value: {see} shows more"
        raise UsageError(msg) from None


def _ends(entry: Entry) -> bool:
    """Whether a task has begun, or its backend reports when it has ended."""
    if entry.result.status != "READY":
        return True
    try:
        backend = entry.backend
    except Exception:
        # Its alias is gone; the backend that had the task may still run it.
        return True
    return backend.finishes_tasks or backend.supports_get_result
