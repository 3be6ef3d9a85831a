"""What a cell, an extension or a test may change in a shell, and how to undo it.

A new shell takes longer than most tests. One that is put back to how it was made is
as good as new: `tests/ipython/test_reused_shells.py` compares the two.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config


def tables(shell: InteractiveShell) -> Iterator[dict[Any, Any] | list[Any] | set[Any]]:
    """Yield the tables and lists in which a shell keeps what was registered with it."""
    magics = shell.magics_manager
    yield from (magics.magics["line"], magics.magics["cell"], magics.registry)
    yield from (shell.input_transformers_post, shell.input_transformers_cleanup)
    yield from (shell.input_transformer_manager.line_transforms, shell.ast_transformers)
    yield from shell.events.callbacks.values()
    yield from (shell.configurables, shell.extension_manager.loaded)
    yield shell.Completer.custom_matchers
    yield from (shell.hooks, vars(shell.display_pub), vars(shell.InteractiveTB))
    display = shell.display_formatter
    itself = (display.ipython_display_formatter, display.mimebundle_formatter)
    for formatter in (*display.formatters.values(), *itself):
        yield from (formatter.type_printers, formatter.deferred_printers)
        yield formatter.singleton_printers


def settings(shell: InteractiveShell) -> dict[str, Any]:
    """Return what `%config`, `%autoawait` and their like set, by trait."""
    names = {*shell.trait_names(config=True), "custom_exceptions", "loop_runner"}
    return {name: getattr(shell, name) for name in names}


@dataclass(frozen=True)
class Pristine:
    """A shell as it was when nothing had run in it."""

    shell: InteractiveShell
    #: Each table with a copy of what it held.
    tables: list[tuple[Any, Any]]
    settings: dict[str, Any]
    #: Into this `%config` writes even what is refused.
    config: Config
    #: Those of the compiler, where `from __future__ import …` leaves a trace.
    flags: int

    @classmethod
    def of(cls, shell: InteractiveShell) -> Pristine:
        # What is made when it is first used would else be taken for an addition.
        with redirect_stdout(StringIO()):
            shell.run_cell("%config\n%time", silent=True)
        _reset(shell)
        kept = [(table, table.copy()) for table in tables(shell)]
        return cls(shell, kept, settings(shell), deepcopy(shell.config), shell.compile.flags)

    def restore(self) -> None:
        """Forget everything that has run, and take away what was registered."""
        shell = self.shell
        if shell.config != self.config:
            shell.config.clear()
            shell.config.update(deepcopy(self.config))
        for name, value in settings(shell).items():
            if value is not self.settings[name]:
                setattr(shell, name, self.settings[name])
        for table, before in self.tables:
            if table != before:
                table.clear()
                (table.extend if isinstance(table, list) else table.update)(before)
        _reset(shell)
        shell.compile.flags = self.flags
        shell.compile._filename_map.clear()
        if hasattr(shell, "shown"):
            # A list of its own for every test: whoever still writes into the last one's is alone.
            shell.shown = []


def _reset(shell: InteractiveShell) -> None:
    """Do what `%reset -f` does, but for its collection of garbage, which takes longest."""
    hook = shell.displayhook
    cached, hook.do_full_cache = hook.do_full_cache, False
    try:
        shell.reset(new_session=True)
    finally:
        hook.do_full_cache = cached
    hook._ = hook.__ = hook.___ = ""
