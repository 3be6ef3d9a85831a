"""Which shell this process has, and the launcher that starts its tasks."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.ipython.config import ImmediateTasks
from immediate_tasks_ipy.ipython.execution.batch_launcher import BatchLauncher
from immediate_tasks_ipy.ipython.execution.launcher import Launcher
from immediate_tasks_ipy.ipython.execution.panel_actions import ShellActions
from immediate_tasks_ipy.ipython.presentation.notebook_panel import NotebookPanel
from immediate_tasks_ipy.ipython.presentation.notices import Notices
from immediate_tasks_ipy.ipython.presentation.screen import Screen
from immediate_tasks_ipy.task_history import Origin, current_recorder
from immediate_tasks_ipy.task_history.session import set_current_session

from .marimo_notebook import MarimoScreen, is_marimo, register_formatters

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


class ApiSession:
    """A launcher, and where the code that uses it stands."""

    def __init__(
        self,
        launcher: Launcher,
        raw_cell: Callable[[], str | None] = lambda: None,
        *,
        has_cells: bool = True,
    ) -> None:
        self.launcher = launcher
        self.batches = BatchLauncher(launcher)
        #: Whether something shows below the code that enqueues; else it is printed.
        self.has_cells = has_cells
        self._raw_cell = raw_cell

    @property
    def origin(self) -> Origin:
        """The cell that runs, if there is one."""
        return Origin(None, self.launcher.cell, self._raw_cell())


class ProcessShell:
    """What a launcher needs of a shell, in a process that has none."""

    compile: Any = None
    #: No cell runs.
    prompt_count: Any = None

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.displayhook = self


class PrintedNotices(Notices):
    """Background tasks that ended are printed at once: there is no next cell to wait for."""

    def add_text(self, text: str) -> None:
        print(text)  # noqa: T201


def current_api_session() -> ApiSession:
    """IPython's, marimo's or a plain process's; in IPython the extension is loaded if need be."""
    if is_marimo():
        return _of_marimo()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return _of_process() if shell is None else _of_ipython(shell)


def _of_ipython(shell: InteractiveShell) -> ApiSession:
    from immediate_tasks_ipy.ipython.extension import extension_of

    extension = extension_of(shell)
    return ApiSession(extension.launcher, lambda: extension.planner.raw_cell)


@cache
def _of_marimo() -> ApiSession:
    register_formatters()
    return _session(MarimoScreen(), Notices())


@cache
def _of_process() -> ApiSession:
    return _session(Screen(None), PrintedNotices(), has_cells=False)


def _session(screen: Screen, notices: Notices, *, has_cells: bool = True) -> ApiSession:
    recorder = current_recorder()
    shell: Any = ProcessShell()
    launcher = Launcher(shell, recorder, ImmediateTasks(), screen=screen, notices=notices)
    launcher.panel = NotebookPanel(recorder, lambda: ShellActions(launcher), screen).get
    set_current_session(launcher)
    return ApiSession(launcher, has_cells=has_cells)
