"""The one panel of a notebook, made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.task_history import Recorder

from .screen import Screen

if TYPE_CHECKING:
    from immediate_tasks_ipy.panel.actions import PanelActions

    from .saved_copy import SavedCopy


class NotebookPanel:
    """Keeps a shell's `TaskPanel`; all that it needs is imported when it is opened."""

    def __init__(
        self, recorder: Recorder, actions: Callable[[], PanelActions], screen: Screen
    ) -> None:
        """`actions` makes what its buttons do."""
        self._recorder = recorder
        self._actions = actions
        self._screen = screen
        self._saved_copy: SavedCopy | None = None
        #: Was the panel displayed by the cell that runs?
        self._displayed = False
        self._panel: Any = None
        self._notify_after = 0.0

    def get(self) -> Any:
        """The panel, always the same. Raises ImportError where no widget can be made."""
        if self._panel is None:
            from immediate_tasks_ipy.panel.widget import TaskPanel

            actions = self._actions()
            self._panel = TaskPanel(self._recorder, actions, notify_after=self._notify_after)
            self._panel.on_display = self._note_display
        return self._panel

    def cell_ended(self) -> None:
        """Show the saved copy below a panel that the cell has displayed, or bring it up to date."""
        if self._displayed and self._screen.is_kernel:
            self._show_saved_copy()
        elif self._saved_copy is not None:
            self._saved_copy.cell_ended()
        self._displayed = False

    def _show_saved_copy(self) -> None:
        if self._saved_copy is None:
            from .saved_copy import SavedCopy

            self._saved_copy = SavedCopy(self._recorder, self._screen)
        self._saved_copy.show()

    def _note_display(self) -> None:
        self._displayed = True

    @property
    def notify_after(self) -> float:
        """Seconds after which the end of a task raises a browser notification; 0 for never."""
        return self._notify_after

    @notify_after.setter
    def notify_after(self, seconds: float) -> None:
        self._notify_after = seconds
        if self._panel is not None:
            self._panel.notify_after = seconds

    def close(self) -> None:
        """End the panel, if there is one."""
        if self._saved_copy is not None:
            self._saved_copy.close()
        if self._panel is not None:
            self._panel.close()
            self._panel = None
