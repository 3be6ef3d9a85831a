"""Everything that `%load_ext` puts into a shell, and that `%unload_ext` takes out again."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from immediate_tasks_ipy.display.source_files import set_cell_numbers
from immediate_tasks_ipy.task_history.current import current_history
from immediate_tasks_ipy.tasks import task_backends

from . import capture
from .awaiting import AwaitTransformer
from .completion import Completion
from .config import ImmediateTasks
from .magics import EnqueueMagics
from .notebook_panel import NotebookPanel
from .notices import Notices
from .panel_actions import ShellActions
from .plan import Planner
from .refresher import Refresher
from .representation import Representation
from .runner import Runner
from .screen import Screen
from .task_results import TaskResults
from .tasks_magic import TasksMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_KINDS = ("line", "cell")
_MAGICS = {"enqueue", "tasks"}

_loaded: WeakKeyDictionary[InteractiveShell, Extension] = WeakKeyDictionary()


def load(shell: InteractiveShell) -> None:
    """Load the extension; loading it again begins anew, with the same history."""
    unload(shell)
    _loaded[shell] = Extension(shell)


def unload(shell: InteractiveShell) -> None:
    """Leave the shell as it was found."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.remove()


class Extension:
    """The parts that one shell got, and how to take each away."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.history = current_history()
        self.history.connect()
        self.config = ImmediateTasks(parent=shell)
        self.config.observe(self._configured)
        self.configurables: list[Any] = cast("list[Any]", shell.configurables)
        self.configurables.append(self.config)
        self.screen = Screen(shell)
        self.refresher = Refresher()
        self.notices = Notices()
        self.planner = Planner(shell)
        self.runner = Runner(
            shell,
            self.history,
            self.config,
            screen=self.screen,
            refresher=self.refresher,
            notices=self.notices,
        )
        self.panel = NotebookPanel(self.history, ShellActions(self.runner))
        self.runner.panel = self.panel.get
        self.representation = Representation(shell, self.history, self.screen)
        self.representation.install()
        self.representation.suppress(TaskResults)
        self._displaced = {k: dict(shell.magics_manager.magics[k]) for k in _KINDS}
        self.magics = EnqueueMagics(self.runner, self.planner)
        self.tasks_magics = TasksMagics(self.runner, self.panel)
        shell.register_magics(self.magics, self.tasks_magics)
        self.transformer = AwaitTransformer(shell, frozenset(_MAGICS), self._wants_await)
        shell.input_transformers_post.append(self.transformer)
        self.completion = Completion(shell, self.magics, self.tasks_magics, self.history)
        self.completion.install()
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)
        capture.install(shell)
        set_cell_numbers(self._cell_number)
        if self.config.backends:
            task_backends.configure(self.config.backends)
        self._configure()
        self._observe_django()

    def remove(self) -> None:
        shell = self.shell
        capture.uninstall()
        set_cell_numbers(None)
        shell.events.unregister("pre_run_cell", self._before_cell)
        shell.events.unregister("post_run_cell", self._after_cell)
        self.completion.uninstall()
        transformers = shell.input_transformers_post
        transformers[:] = [t for t in transformers if t is not self.transformer]
        self._restore_magics()
        self.representation.uninstall()
        # Magics put themselves there, too.
        ours = (self.config, self.magics, self.tasks_magics)
        self.configurables[:] = [c for c in self.configurables if all(c is not o for o in ours)]
        self.panel.close()
        self.refresher.stop()
        self.history.disconnect()
        if "immediate_tasks_ipy.django_bridge" in sys.modules:
            from immediate_tasks_ipy import django_bridge

            django_bridge.unobserve(self.history)
        for backend in task_backends.all(initialized_only=True):
            close = getattr(backend, "close", None)
            if close is not None:
                close()

    def _restore_magics(self) -> None:
        """Delete the magics that are still ours, and put back those they displaced."""
        manager = self.shell.magics_manager
        for kind in _KINDS:
            table = manager.magics[kind]
            for name in _MAGICS:
                owner = getattr(table.get(name), "__self__", None)
                if owner is self.magics or owner is self.tasks_magics:
                    del table[name]
                    if name in self._displaced[kind]:
                        table[name] = self._displaced[kind][name]
        for magics in (self.magics, self.tasks_magics):
            if manager.registry.get(type(magics).__name__) is magics:
                del manager.registry[type(magics).__name__]

    def _wants_await(self, name: str, line: str, body: str | None) -> bool:
        if name == "tasks":
            return self.tasks_magics.wants_await(line)
        return self.magics.wants_await(line, body)

    def _before_cell(self, info: Any) -> None:
        self.planner.raw_cell = info.raw_cell
        self.screen.just_shown = None
        self.runner.note_loop()
        capture.install(self.shell)
        self.notices.tell()

    def _after_cell(self, _result: Any) -> None:
        self.notices.tell()
        self._observe_django()

    def _observe_django(self) -> None:
        """Feed the history from Django's signals, once the project has imported its tasks."""
        if "django.tasks" in sys.modules or "django_tasks" in sys.modules:
            # A Django too old for the bridge says so when one of its tasks is enqueued.
            with suppress(ImportError):
                from immediate_tasks_ipy import django_bridge

                django_bridge.observe(self.history)

    def _configured(self, change: Any) -> None:
        if change["name"] == "backends":
            task_backends.configure(self.config.backends)
        self._configure()

    def _configure(self) -> None:
        self.planner.capture = self.config.capture
        self.history.limit = self.config.history_limit
        self.panel.notify_after = self.config.notify_after

    def _cell_number(self, filename: str) -> int | None:
        """The execution count of the cell whose code has that file name."""
        names: dict[str, int] = getattr(self.shell.compile, "_filename_map", {})
        return names.get(filename)
