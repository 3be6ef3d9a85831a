"""What `%tasks` does with batches: resume, run failures again, cancel, wait for, show."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from immediate_tasks_ipy.ipython.execution.interrupts import guarded, guarded_sync
from immediate_tasks_ipy.task_history import Entry, current_recorder

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import BatchRun, TaskResults


def known_batches() -> list[BatchRun]:
    """The batches of this session, oldest first; imports nothing where there was none."""
    if "immediate_tasks_ipy.batches" not in sys.modules:
        return []
    from immediate_tasks_ipy.batches import known_batches as batches

    recorder = current_recorder()
    return [batch for batch in batches.known() if batch.recorder is recorder]


def find_batch(written: str) -> BatchRun | None:
    """The batch whose id begins with what was written; None unless it is one."""
    written = written.strip().rstrip(";…")
    if not written or written.startswith("-"):
        return None
    found = [batch for batch in known_batches() if batch.stats.id.startswith(written)]
    return found[0] if len(found) == 1 else None


def running_batch_of(entry: Entry) -> BatchRun | None:
    """The batch that a task is an item of, while it is still enqueuing tasks."""
    for batch in known_batches():
        if batch.stats is entry.batch and batch.is_running:
            return batch
    return None


def results_of(batch: BatchRun) -> TaskResults:
    """The results of a batch, as its cell returned them."""
    from immediate_tasks_ipy.batches import TaskResults

    return TaskResults(batch=batch)


def batch_to_resume(written: str) -> TaskResults:
    """What `%tasks resume [ID]` goes on with: the latest that was ended early, unless it is named.

    Raises UsageError.
    """
    written = written.strip().rstrip(";")
    if written in {"", "-1"}:
        stopped = [batch for batch in known_batches() if batch.can_resume]
        if not stopped:
            msg = "There is nothing to resume: no batch was ended early, or its items are gone"
            raise UsageError(msg)
        return results_of(stopped[-1])
    batch = find_batch(written)
    if batch is None:
        msg = f"No batch's id begins with {written!r}: %tasks resume takes up the latest"
        raise UsageError(msg)
    if not batch.can_resume:
        state = "is running" if batch.is_running else "has nothing left to run"
        msg = f"{batch.stats.label} {state}: there is nothing to resume"
        raise UsageError(msg)
    return results_of(batch)


def resume(results: TaskResults) -> TaskResults:
    """Go on with a batch, blocking this thread."""
    from immediate_tasks_ipy.ipython.execution.batch_launcher import in_one_line

    with in_one_line():
        return guarded_sync(results.resume)


async def aresume(results: TaskResults) -> TaskResults:
    """Go on with a batch on the running loop; an interrupt ends it at once."""
    from immediate_tasks_ipy.ipython.execution.batch_launcher import in_one_line

    def stop() -> None:
        if results.batch is not None:
            results.batch.stop(KeyboardInterrupt())

    with in_one_line():
        return await guarded(results.aresume, stop)


def unfinished_batches(written: str) -> list[BatchRun]:
    """The batches that `%tasks wait [ID]` waits for: the one that is named, or all."""
    if written.strip():
        named = find_batch(written)
        return [] if named is None else [named]
    return [batch for batch in known_batches() if not batch.items.is_complete]


def wait_for_batches(batches: list[BatchRun]) -> None:
    """Block until every task of these has ended. Raises UsageError on the loop that runs them."""
    for batch in batches:
        try:
            for _ in results_of(batch).as_completed():
                pass
        except RuntimeError:
            msg = (
                f"Waiting for {batch.stats.label} here would block the loop it runs on: put "
                "%tasks wait in a cell of its own"
            )
            raise UsageError(msg) from None


async def await_batches(batches: list[BatchRun]) -> None:
    """Return when every task of these has ended."""
    for batch in batches:
        async for _ in results_of(batch).as_completed():
            pass


def cancel_batch(batch: BatchRun) -> str:
    """End all of a batch; what to say."""
    results = results_of(batch)
    count = results.cancel()
    label = batch.stats.label
    tasks = "1 task was in flight" if count == 1 else f"{count:,} tasks were in flight"
    return f"{label} cancelled: {tasks}, {len(results):,} were enqueued"


def show_batch(batch: BatchRun) -> str:
    """The card of a batch as text."""
    from immediate_tasks_ipy.display.batches.text import batch_text

    return batch_text(batch.stats, now=datetime.now(UTC))
