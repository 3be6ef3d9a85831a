"""`%tasks cancel [ID]`: ends a task, or all of a batch."""

from __future__ import annotations

from IPython.core.error import UsageError

from immediate_tasks_ipy.display.summary import ID_PREFIX
from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .batch_commands import cancel_batch, find_batch, running_batch_of
from .task_ids import find_entry


def cancel_named(recorder: Recorder, written: str) -> str:
    """Cancel the batch or the task with that ID; returns what to say. Raises UsageError.

    Without an ID it is what was started last, a batch or a task. The ID of an item, `-1` too,
    is that item alone: its batch goes on.
    """
    named = find_batch(written)
    if named is not None:
        return cancel_batch(named)
    entry = find_entry(recorder, written)
    batch = running_batch_of(entry)
    if batch is not None and not written:
        return cancel_batch(batch)
    goes_on = ""
    if batch is not None:
        goes_on = f" Its batch goes on; %tasks cancel {batch.stats.id[:ID_PREFIX]} ends all of it."
    try:
        cancel(entry.result)
    except TaskNotCancellable as error:
        raise UsageError(f"{error}{goes_on}") from None
    return f"{entry.result.task.name} cancelled{goes_on and '.'}{goes_on}"
