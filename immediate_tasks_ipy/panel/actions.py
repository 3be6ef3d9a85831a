"""What the panel's buttons do, as far as the panel needs to know."""

from __future__ import annotations

from typing import Protocol

from immediate_tasks_ipy.task_history import Entry


class PanelActions(Protocol):
    """The deeds behind the buttons; each answers with a sentence to show.

    May be called on any thread. An exception's text is shown as the reason why
    nothing was done, so it should be one or two sentences.
    """

    def rerun(self, entry: Entry) -> str:
        """Enqueue the task again, with the arguments it had; makes a new result."""

    def cancel(self, entry: Entry) -> str:
        """Cancel a task that waits or runs."""

    def clear(self) -> int:
        """Forget the finished tasks; returns how many."""

    def copy_text(self, entry: Entry) -> str:
        """The magic line that enqueues this task, `%enqueue add(2, 3)`."""
