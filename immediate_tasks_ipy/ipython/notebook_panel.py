"""The one panel of a notebook, made when it is first asked for."""

from __future__ import annotations

from typing import Any

from immediate_tasks_ipy.task_history import TaskHistory

from .panel_actions import ShellActions


class NotebookPanel:
    """Keeps a shell's `TaskPanel`; the widget library is imported when it is opened."""

    def __init__(self, history: TaskHistory, actions: ShellActions) -> None:
        self._history = history
        self._actions = actions
        self._panel: Any = None
        self._notify_after = 0.0

    def get(self) -> Any:
        """The panel, always the same. Raises ImportError where no widget can be made."""
        if self._panel is None:
            from immediate_tasks_ipy.panel.widget import TaskPanel

            self._panel = TaskPanel(self._history, self._actions, notify_after=self._notify_after)
        return self._panel

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
        if self._panel is not None:
            self._panel.close()
            self._panel = None
