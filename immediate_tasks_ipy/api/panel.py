"""`panel()`: the live panel of this process's tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from immediate_tasks_ipy.ipython.execution.panel_actions import ShellActions
from immediate_tasks_ipy.task_history import current_recorder

from .marimo_notebook import is_marimo
from .session import current_api_session

if TYPE_CHECKING:
    from immediate_tasks_ipy.panel import TaskPanel

#: Those of marimo's cells, each of which closes its own when it runs again.
_panels: list[TaskPanel] = []


def panel() -> TaskPanel:
    """The live panel, a widget: make it the last expression of a cell, or display it.

    In Jupyter it is the notebook's one panel, which `%tasks` opens too; each cell of marimo has
    one of its own. In a terminal its repr says how many tasks there are. Raises ImportError
    without anywidget.
    """
    launcher = current_api_session().launcher
    if not is_marimo():
        made: TaskPanel = launcher.panel()
        return made
    from immediate_tasks_ipy.panel.widget import TaskPanel

    for old in [one for one in _panels if getattr(one.comm, "_closed", True)]:
        _panels.remove(old)
        old.close()
    _panels.append(TaskPanel(current_recorder(), ShellActions(launcher)))
    return _panels[-1]
