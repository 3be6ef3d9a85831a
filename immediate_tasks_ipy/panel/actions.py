"""Callbacks for the panel's buttons."""

from __future__ import annotations

from typing import Any, Protocol

from immediate_tasks_ipy.task_history import Entry


class PanelActions(Protocol):
    """Callbacks for the panel's buttons; each returns a status message.

    Called on any thread. An exception's text is shown as the reason why nothing
    was done, so it should be one or two sentences.
    """

    def rerun(self, entry: Entry) -> str:
        """Enqueue the task again, with the arguments it had; makes a new result."""

    def rerun_failed(self, entry: Entry) -> str | None:
        """Enqueue a failed task again; None, and nothing done, if it was run again since."""

    def cancel(self, entry: Entry) -> str:
        """Cancel a task that waits or runs."""

    def cancel_batch(self, batch: Any) -> str:
        """Cancel the tasks of a batch, and enqueue no more of them."""

    def resume_batch(self, batch: Any) -> str:
        """Enqueue what a batch that was ended early has left."""

    def clear(self) -> int:
        """Forget the finished tasks; returns how many."""

    def copy_text(self, entry: Entry) -> str:
        """The magic line that enqueues this task, `%enqueue add(2, 3)`."""

    def copy_batch(self, batch: Any) -> str:
        """The magic that enqueues a batch, `%enqueue --each "url in urls" fetch(url)`."""
