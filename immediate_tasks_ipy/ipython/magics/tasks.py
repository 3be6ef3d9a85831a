"""`%tasks`: its words, its help, and whether it is awaited."""

from __future__ import annotations

import inspect
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from immediate_tasks_ipy.ipython.execution.launcher import Launcher
from immediate_tasks_ipy.ipython.planning.await_transformer import unmark
from immediate_tasks_ipy.ipython.planning.planner import Planner
from immediate_tasks_ipy.ipython.presentation.notebook_panel import NotebookPanel

from .as_typed import as_typed

if TYPE_CHECKING:
    from .task_commands import TaskCommands

#: Subcommands that wait, and are awaited where that is possible.
AWAITED = ("wait", "rerun", "resume")


@magics_class
class TasksMagics(Magics):
    """The magic that shows tasks and acts on them."""

    shell: InteractiveShell

    def __init__(self, launcher: Launcher, planner: Planner, panel: NotebookPanel) -> None:
        super().__init__(launcher.shell)
        self._planner = planner
        self._launcher = launcher
        self._panel = panel

    @cached_property
    def commands(self) -> TaskCommands:
        """What it can do; imported with the first of them, so that `%load_ext` is quick."""
        from .task_commands import TaskCommands

        manual = inspect.getdoc(TasksMagics.tasks) or ""
        return TaskCommands(self._launcher, self._panel, manual)

    @property
    def subcommands(self) -> list[str]:
        """What can stand after `%tasks`."""
        return [*self.commands.by_name]

    @no_var_expand
    @line_magic
    def tasks(self, line: str) -> Any:
        """Show the tasks of this session, and act on them.

        ::

            %tasks                  the live panel (in a terminal, the list)
            %tasks open             the same
            %tasks list [N]         the latest N tasks as text, 20 by default
            %tasks list --failed    of these the failed ones; --running, --status S, --name F
            %tasks show ID          one task's card in full
            %tasks value ID         the value a task returned, also one that JSON can't hold
            %tasks rerun ID         run it again: the function as it is now, the same arguments
            %tasks rerun --failed   run all again that failed, and did not go well since
            %tasks resume [ID]      go on with a batch that was ended early, the latest unless named
            %tasks cancel [ID]      cancel a task, or all of a batch; the latest unless named
            %tasks debug ID         post mortem: the debugger where a recent task failed
            %tasks wait [ID]        wait for a task, or for all that are not finished
            %tasks clear            forget the finished ones
            %tasks export FILE      write all to FILE.json, .jsonl or .csv; --force overwrites
            %tasks backends         the backends and what they can do
            %tasks available [TEXT]  the tasks of the Django project
            %tasks stored [ALIAS]    stored results: --failed, --run ID here, --send ID again
            %tasks help             this help, as %tasks -h

        An ID is the beginning of a task's id, as long as only one begins so; -1
        is the latest task, -2 the one before. A batch has one too: its card names it.
        """
        __tracebackhide__ = True
        return as_typed(partial(self._tasks, line), self.shell, self._planner.raw_cell)

    def _tasks(self, line: str) -> Any:
        marks, line = unmark(line)
        line, quiet = line.strip().rstrip("; \t"), line.rstrip().endswith(";")
        name, _, rest = line.partition(" ")
        name = {"": "open", "-h": "help", "--help": "help"}.get(name, name)
        command = self.commands.by_name.get(name)
        if command is None:
            msg = f"No %tasks {name}: there are {', '.join(self.subcommands)}"
            raise UsageError(msg)
        if marks.awaited and name in AWAITED:
            return self.commands.awaited(name, rest, quiet=quiet)
        value = command(rest.strip())
        return None if quiet else value

    def wants_await(self, line: str, _body: str | None = None) -> bool:
        """Whether it is of use to await this `%tasks` line."""
        name, _, rest = line.strip().partition(" ")
        if name == "rerun":
            return self.commands.reruns_async(rest)
        return name in AWAITED
