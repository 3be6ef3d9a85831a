"""What a shell does for Django once something has imported it, and nothing before."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.task_history import Recorder

from .config import ImmediateTasks
from .execution.synchronous_cells import SynchronousCells
from .import_hook import ImportHook

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from immediate_tasks_ipy.django_bridge.project import ConsoleLog, RemoteDatabases

#: Set in the kernels that `install-kernel` makes.
PROJECT = "IMMEDIATE_TASKS_PROJECT"
#: After one of these is imported, there is something to observe.
_MODULES = ("django.db.models", "django.tasks.signals", "django_tasks.signals")


class DjangoSession:
    """Feeds the history from Django's signals, and lets plain cells use its ORM.

    From the import of Django on, also in the middle of a cell: the first task that is enqueued
    after that is seen.
    """

    def __init__(self, shell: InteractiveShell, recorder: Recorder, config: ImmediateTasks) -> None:
        self._shell = shell
        self._recorder = recorder
        self._config = config
        self._cells = SynchronousCells(shell)
        self._hook = ImportHook(_MODULES, self.observe)
        self._is_prepared = False
        self._console_log: ConsoleLog | None = None
        self._databases: RemoteDatabases | None = None

    def install(self) -> None:
        self._hook.install()
        self.observe()

    def uninstall(self) -> None:
        self._hook.uninstall()
        self._cells.uninstall()
        if self._console_log is not None:
            self._console_log.uninstall()
        if "immediate_tasks_ipy.django_bridge" in sys.modules:
            from immediate_tasks_ipy import django_bridge

            django_bridge.unobserve(self._recorder)
            if self._is_prepared:
                django_bridge.lens.uninstall()
                django_bridge.project.ask_with(None)

    def observe(self) -> None:
        """Take in what has been imported since."""
        if "django.db.models" not in sys.modules:
            return
        # A Django too old for the bridge says so when one of its tasks is enqueued.
        with suppress(ImportError):
            from immediate_tasks_ipy import django_bridge

            django_bridge.observe(self._recorder)
            self._cells.install()

    def before_cell(self) -> None:
        """Have connections that the server has closed replaced; in the first, greet."""
        self.observe()
        if not self._cells.is_installed:
            return
        from immediate_tasks_ipy import django_bridge

        if not django_bridge.is_ready():
            return
        if not self._is_prepared:
            self._is_prepared = True
            self._prepare()
        if self._databases is not None:
            self._databases.cell_begins()
        django_bridge.synchronous.revive_everywhere()
        django_bridge.project.note_imports()

    def after_cell(self) -> None:
        """Note what the cell has imported."""
        self.observe()
        if self._databases is not None:
            self._databases.cell_ends()
        if self._is_prepared:
            from immediate_tasks_ipy import django_bridge

            django_bridge.project.note_imports()

    def _prepare(self) -> None:
        """Before the first cell that finds the project set up."""
        from immediate_tasks_ipy import django_bridge

        project = django_bridge.project
        django_bridge.synchronous.share_in_memory_databases()
        self._console_log = project.ConsoleLog()
        self._console_log.install()
        self._databases = project.RemoteDatabases(self._ask)
        project.ask_with(self._databases)
        project.ask_for_reloads(self._autoreloaded)
        if PROJECT in os.environ:
            imported = self._import_models() if self._config.import_models else []
            print(project.greeting(imported))  # noqa: T201

    def _import_models(self) -> list[str]:
        """Put the models into the notebook, but for names that are taken; returns their names."""
        from immediate_tasks_ipy import django_bridge

        namespace = self._shell.user_ns
        models = django_bridge.project.models_by_name()
        new = {name: model for name, model in models.items() if name not in namespace}
        self._shell.push(new, interactive=False)
        return sorted(new)

    def _autoreloaded(self) -> dict[str, float]:
        """The times of the files that `%autoreload` has looked at, by module."""
        magics: Any = self._shell.magics_manager.registry.get("AutoreloadMagics")
        reloader = getattr(magics, "_reloader", None)
        if reloader is None or not reloader.enabled:
            return {}
        return dict(reloader.modules_mtimes)

    def _ask(self, fact: str, question: str) -> bool:
        """Ask the user; True where the configuration says not to."""
        from immediate_tasks_ipy.django_bridge import BridgeError

        if not self._config.confirm_remote_database:
            return True
        try:
            answer = input(f"{fact} {question} [y/N] ")
        except (EOFError, RuntimeError, NotImplementedError):
            msg = (
                f"{fact} Nobody can be asked here: "
                "%config ImmediateTasks.confirm_remote_database = False runs it."
            )
            raise BridgeError(msg) from None
        return answer.strip().lower() in {"y", "yes"}
