"""Callbacks for the panel's buttons; each returns a status message."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.ipython.planning.cell_source import statement_of_batch
from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.task_history.rerun import is_reloadable, rerun_job, start
from immediate_tasks_ipy.tasks.backends.event_loop import background_loop
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .launcher import Launcher

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import BatchRun


class ShellActions:
    """The panel's actions in a shell. Thread-safe: comm messages may arrive on any thread."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def rerun(self, entry: Entry) -> str:
        """Start the task again in the background; the message says which function runs."""
        job = rerun_job(entry)
        start(job, background=True)
        if job.submission.note is None:
            return f"{job.task.name} is running again"
        return f"{job.task.name} is running again, as it was: its name was not found"

    def rerun_failed(self, entry: Entry) -> str | None:
        """Run a failure again in the background, if nobody has run it again yet.

        None if there is nothing to do: the task was cancelled, has not failed, or was run again.
        """
        return self.rerun(entry) if entry.outcome == "failed" else None

    def resume_batch(self, batch: Any) -> str:
        """Go on in the background with a batch that was ended early, by its `BatchStats`."""
        run = _run_of(batch)
        if not run.can_resume:
            msg = "The batch has nothing left to run."
            raise ValueError(msg)
        loop = self._launcher.loop or background_loop.loop
        asyncio.run_coroutine_threadsafe(run.resume(), loop)
        return f"{batch.label} goes on"

    def cancel_batch(self, batch: Any) -> str:
        """End all of a batch, by its `BatchStats`; the message says how many were in flight."""
        from immediate_tasks_ipy.batches import TaskResults

        count = TaskResults(batch=_run_of(batch)).cancel()
        return f"{count:,} {'task' if count == 1 else 'tasks'} of {batch.label} cancelled"

    def cancel(self, entry: Entry) -> str:
        """Cancel a task; a synchronous one in the foreground gets the stop button's signal."""
        try:
            cancel(entry.result)
        except TaskNotCancellable:
            if entry.result.is_finished or not self._interrupt_main_thread(entry):
                raise
        return f"{entry.result.task.name} cancelled"

    def clear(self) -> int:
        """Drop the finished tasks; returns how many."""
        return self._launcher.recorder.clear()

    def copy_text(self, entry: Entry) -> str:
        """The magic that enqueues this task: a line, or the whole cell."""
        if not is_reloadable(entry.result.task.func) and entry.origin.source:
            return entry.origin.source
        from immediate_tasks_ipy.display.values import call_text

        return f"%enqueue {call_text(entry, limit=100_000)}"

    def copy_batch(self, batch: Any) -> str:
        """The statement with the magic that started a batch, by its `BatchStats`."""
        if batch.source is None:
            msg = "No magic started this batch: there is no line to copy."
            raise LookupError(msg)
        return statement_of_batch(batch.source)

    def _interrupt_main_thread(self, entry: Entry) -> bool:
        main = threading.main_thread()
        can_signal = hasattr(signal, "pthread_kill") and threading.current_thread() is not main
        foreground = self._launcher.foreground
        if not can_signal or foreground is None or foreground.entry is not entry:
            return False
        if main.ident is not None:
            signal.pthread_kill(main.ident, signal.SIGINT)
        return True


def _run_of(batch: Any) -> BatchRun:
    """The run of a batch. Raises LookupError if nothing holds its results any more."""
    from immediate_tasks_ipy.batches import known_batches

    found: list[BatchRun] = [run for run in known_batches.known() if run.stats is batch]
    if found:
        return found[0]
    msg = "The results of this batch are gone: no variable holds them."
    raise LookupError(msg)
