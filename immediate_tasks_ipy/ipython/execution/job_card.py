"""What one job shows, from its first sign of life to its last, and how it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.ipython.planning.cell_source import use_original_cell_source
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions
from immediate_tasks_ipy.ipython.presentation.live_card import GRACE, LiveCard, Render
from immediate_tasks_ipy.ipython.presentation.notices import Notices
from immediate_tasks_ipy.ipython.presentation.screen import EntryView, Picture
from immediate_tasks_ipy.task_history import Entry, Job
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.task_history.output_route import Route
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .deadline import Deadline

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class JobCard:
    """The live card of a job; its submission's `on_change` keeps it current."""

    def __init__(
        self,
        job: Job,
        options: EnqueueOptions,
        make_card: Callable[[Render, EnqueueOptions], LiveCard],
        *,
        shell: InteractiveShell,
        notices: Notices,
        shown: bool,
    ) -> None:
        self._shell = shell
        self._notices = notices
        self._options = options
        self._backend = job.backend
        self._source = job.submission.origin.source
        self._card = make_card(self._render, options)
        self._deadline: Deadline | None = None
        self._is_left_behind = False
        #: Does the shell display the value itself?
        self.shown = shown
        #: The task's entry, once it is enqueued.
        self.entry: Entry | None = None
        self.result: Any = None
        #: Where the task's output goes.
        self.route: Route | None = None
        job.submission.listen(self._on_change)

    def begin(self) -> None:
        """Show the card soon, and watch the time."""
        self._card.begin(0 if self._options.background else GRACE)
        if self._options.timeout is not None:
            self._deadline = Deadline(lambda: self.entry, self._options.timeout)

    def end(self) -> None:
        """The cell is done; its task may not be."""
        if self.route is not None and self.route.cleared:
            self._card.reset_display()
        result = self.result
        if result is not None and not result.is_finished:
            self._leave_behind()
            return
        failed = result is not None and result.status == "FAILED"
        shown = self.shown and not (self._options.raise_failure and failed)
        if failed:
            # The card quotes the lines around those of the traceback.
            use_original_cell_source(self._shell, self._source)
        self._stop_clock()
        self._card.finish(printed=not shown)

    def interrupt(self) -> None:
        """Fail the task with KeyboardInterrupt, where its backend can."""
        if self.entry is not None and not self.entry.result.is_finished:
            with suppress(TaskNotCancellable):
                cancel(self.entry.result, error=KeyboardInterrupt())

    def _leave_behind(self) -> None:
        """The card goes on without the cell, and a failure is not silent."""
        backend = self._backend
        followed = backend.finishes_tasks or backend.supports_get_result
        self._card.detach(printed=not self.shown, followed=followed)
        self._is_left_behind = True
        entry = self.entry
        if entry is not None and entry.result.is_finished:
            # It has ended between the look above and now.
            self._on_change(entry)

    def _on_change(self, entry: Entry) -> None:
        """Note that the task has changed; on whichever thread it did."""
        self.entry = entry
        if self._is_left_behind and entry.result.is_finished:
            self._is_left_behind = False
            self._stop_clock()
            self._card.finish_later()
            if not self._card.is_updatable:
                self._notices.add(entry)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _render(self, now: datetime) -> Picture | None:
        """How the task looks now; None as long as it is not enqueued."""
        return EntryView(self.entry, now) if self.entry is not None else None
