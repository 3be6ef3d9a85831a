"""Everything that `%load_ext` puts into a shell, and that `%unload_ext` takes out again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from immediate_tasks_ipy.display.source_files import set_cell_numbers
from immediate_tasks_ipy.task_history.current import current_recorder
from immediate_tasks_ipy.task_history.session import current_session, set_current_session
from immediate_tasks_ipy.task_history.submission import PlainOutput
from immediate_tasks_ipy.tasks import task_backends

from .config import ImmediateTasks
from .django_session import DjangoSession
from .execution.launcher import Launcher
from .magics.completion import Completion
from .magics.enqueue import EnqueueMagics
from .magics.tasks import TasksMagics
from .planning.await_transformer import AwaitTransformer
from .planning.cell_source import lines_of_python
from .planning.planner import Planner
from .planning.targets import is_task
from .presentation import capture
from .presentation.formatters import ResultFormatters
from .presentation.notebook_panel import NotebookPanel
from .presentation.notices import Notices
from .presentation.screen import Screen
from .presentation.task_inspection import TaskInspection

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .execution.panel_actions import ShellActions

_KINDS = ("line", "cell")
_MAGICS = {"enqueue", "tasks"}

_loaded: WeakKeyDictionary[InteractiveShell, Extension] = WeakKeyDictionary()
#: The settings of extensions that were unloaded.
_settings: WeakKeyDictionary[InteractiveShell, ImmediateTasks] = WeakKeyDictionary()


def load(shell: InteractiveShell) -> None:
    """Load the extension; loading it again replaces it, with the same history."""
    unload(shell)
    _loaded[shell] = Extension(shell)


def unload(shell: InteractiveShell) -> None:
    """Leave the shell as it was found."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.remove()
        _settings[shell] = extension.config


def extension_of(shell: InteractiveShell) -> Extension:
    """The extension of a shell, loaded as `%load_ext` does where it is not."""
    if shell not in _loaded:
        manager: Any = shell.extension_manager
        manager.load_extension(__package__.partition(".")[0])
    if shell not in _loaded:  # it was unloaded without IPython's knowledge
        load(shell)
    return _loaded[shell]


class Extension:
    """The parts that one shell got, and how to take each away."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.recorder = current_recorder()
        self.recorder.connect()
        self.config = ImmediateTasks.of(shell, _settings.get(shell))
        self.config.observe(self._configured)
        self.configurables: list[Any] = cast("list[Any]", shell.configurables)
        self.configurables.append(self.config)
        self.screen = Screen(shell)
        self.notices = Notices()
        self.planner = Planner(shell)
        self.launcher = Launcher(
            shell, self.recorder, self.config, screen=self.screen, notices=self.notices
        )
        set_current_session(self.launcher)
        self.panel = NotebookPanel(self.recorder, self._panel_actions, self.screen)
        self.launcher.panel = self.panel.get
        self.formatters = ResultFormatters(shell, self.recorder, self.screen)
        self.formatters.install()
        self._displaced = {k: dict(shell.magics_manager.magics[k]) for k in _KINDS}
        self.magics = EnqueueMagics(self.launcher, self.planner)
        self.tasks_magics = TasksMagics(self.launcher, self.planner, self.panel)
        shell.register_magics(self.magics, self.tasks_magics)
        self.transformer = AwaitTransformer(
            shell, {"enqueue": self.magics.wants_await, "tasks": self.tasks_magics.wants_await}
        )
        shell.input_transformers_post.append(self.transformer)
        shell.input_transformers_cleanup.append(lines_of_python)
        self.transformer.hide_from_history()
        self.inspection = TaskInspection(shell, is_task)
        self.inspection.install()
        self.plain_output = PlainOutput(
            self.recorder.entry_of, is_on=lambda: self.launcher.keeps_output
        )
        self.plain_output.connect()
        self.completion = Completion(shell, self.magics, self.tasks_magics, self.recorder)
        self.completion.install()
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)
        capture.install(shell)
        set_cell_numbers(self._cell_number)
        if self.config.backends:
            task_backends.configure(self.config.backends)
        self._configure()
        self.django = DjangoSession(shell, self.recorder, self.config)
        self.django.install()

    def remove(self) -> None:
        shell = self.shell
        self.config.unobserve(self._configured)
        capture.uninstall()
        set_cell_numbers(None)
        shell.events.unregister("pre_run_cell", self._before_cell)
        shell.events.unregister("post_run_cell", self._after_cell)
        self.completion.uninstall()
        transformers = shell.input_transformers_post
        transformers[:] = [t for t in transformers if t is not self.transformer]
        cleanup = shell.input_transformers_cleanup
        cleanup[:] = [t for t in cleanup if t is not lines_of_python]
        self.transformer.restore_history()
        self.inspection.uninstall()
        self.plain_output.disconnect()
        self._restore_magics()
        self.formatters.uninstall()
        # Magics put themselves there, too.
        ours = (self.config, self.magics, self.tasks_magics)
        self.configurables[:] = [c for c in self.configurables if all(c is not o for o in ours)]
        if "immediate_tasks_ipy.batches" in sys.modules:
            from immediate_tasks_ipy.batches import known_batches

            known_batches.cancel_all()
        # While the history still observes: what has not finished is shown as it ends here.
        for backend in task_backends.all(initialized_only=True):
            backend.close()
        self.panel.close()
        self.screen.is_open = False
        if current_session() is self.launcher:
            set_current_session(None)
        self.recorder.disconnect()
        self.django.uninstall()

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

    def _before_cell(self, info: Any) -> None:
        self.planner.raw_cell = info.raw_cell
        self.screen.last_displayed = None
        self.launcher.note_loop()
        capture.install(self.shell)
        self.inspection.install()
        self.notices.print_all()
        self.screen.repeat_late()
        self.django.before_cell()

    def _after_cell(self, _result: Any) -> None:
        self.notices.print_all()
        self.panel.cell_ended()
        self.screen.repeat_late()
        self.django.after_cell()

    def _panel_actions(self) -> ShellActions:
        from .execution.panel_actions import ShellActions

        return ShellActions(self.launcher)

    def _configured(self, change: Any) -> None:
        if change["name"] == "backends":
            task_backends.configure(self.config.backends)
        self._configure()

    def _configure(self) -> None:
        self.recorder.limit = self.config.history_limit
        self.recorder.bound_memory(self.config.history_memory * 2**20)
        self.panel.notify_after = self.config.notify_after

    def _cell_number(self, filename: str) -> int | None:
        """The execution count of the cell whose code has that file name."""
        names: dict[str, int] = getattr(self.shell.compile, "_filename_map", {})
        return names.get(filename)
