"""A shell in this process, as a kernel has one or as a terminal has one, and what it showed.

def test_a_cell_is_a_task(notebook):
    ran = notebook.run("%%enqueue\n1 + 1")
    assert "SUCCESSFUL" in ran.text
"""

from __future__ import annotations

import atexit
import io
import re
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tests.support.pristine import Pristine
from tests.support.services import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLORS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Ran:
    """What running one cell came to."""

    #: IPython's ExecutionResult.
    execution: Any
    #: What was written to stdout and stderr, without colours.
    out: str
    err: str
    #: The MIME bundles a front end shows at the end, in order, updates in place followed.
    outputs: list[dict[str, Any]] = field(default_factory=list)
    #: Every message: ("display_data" | "update_display_data" | "execute_result", bundle).
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.execution.success)

    @property
    def error(self) -> Any:
        """The exception that ended the cell, or None."""
        return self.execution.error_before_exec or self.execution.error_in_exec

    @property
    def value(self) -> Any:
        return self.execution.result

    @property
    def html(self) -> str:
        return "\n".join(data.get("text/html", "") for data in self.outputs)

    @property
    def text(self) -> str:
        return "\n".join(data.get("text/plain", "") for data in self.outputs)


class _Stream(io.StringIO):
    def isatty(self) -> bool:
        return False


class Publisher(DisplayPublisher):
    """Keeps what is displayed, as a kernel would send it."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **_: Any) -> None:
        name = (transient or {}).get("display_id")
        self.shell.shown.append(("update_display_data" if update else "display_data", data, name))

    def clear_output(self, wait: bool = False) -> None:
        self.shell.shown.append(("clear_output", {}, None))


class _Hook(DisplayHook):
    """Keeps the value of a cell, as a kernel would send it: nothing where there is no data."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict, md_dict=None) -> None:
        if format_dict:
            self.shell.shown.append(("execute_result", format_dict, None))

    def finish_displayhook(self) -> None:
        self._is_active = False


class NotebookShell(InteractiveShell):
    """A shell that displays as a kernel's does."""

    kernel: Any = None

    def __init__(self, **options: Any) -> None:
        self.shown: list[tuple[str, dict[str, Any], Any]] = []
        super().__init__(**options)

    def init_display_pub(self) -> None:
        self.display_pub = Publisher(parent=self, shell=self)

    def init_displayhook(self) -> None:
        self.displayhook_class = _Hook
        super().init_displayhook()


class Session:
    """A shell, and cells to run in it one after the other."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._streams: tuple[Any, Any] = (_Stream(), _Stream())
        self._out, self._err = self._streams

    def run(self, code: str) -> Ran:
        """Run a cell to its end."""
        return self._ran(lambda: self.shell.run_cell(code, store_history=True))

    async def arun(self, code: str) -> Ran:
        """Run a cell on the running loop, as a kernel does."""
        before, start = self._enter()
        try:
            execution = await self.shell.run_cell_async(
                code,
                store_history=True,
                transformed_cell=self.shell.transform_cell(code),
            )
            self.shell.events.trigger("post_execute")
            self.shell.events.trigger("post_run_cell", execution)
        finally:
            self._leave(before)
        return self._told(execution, start)

    def _ran(self, function: Callable[[], Any]) -> Ran:
        before, start = self._enter()
        try:
            execution = function()
        finally:
            self._leave(before)
        return self._told(execution, start)

    def _enter(self) -> tuple[Any, Any]:
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._streams
        shown = len(getattr(self.shell, "shown", ()))
        return before, (self._out.tell(), self._err.tell(), shown)

    def _leave(self, before: tuple[Any, Any]) -> None:
        self._streams = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = before

    def _told(self, execution: Any, start: tuple[int, int, int]) -> Ran:
        shown = getattr(self.shell, "shown", [])[start[2] :]
        out = COLORS.sub("", self._out.getvalue()[start[0] :])
        err = COLORS.sub("", self._err.getvalue()[start[1] :])
        return Ran(execution, out, err, _final(shown), [(kind, data) for kind, data, _ in shown])

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What all cells show by now."""
        return _final(self.shell.shown)

    @property
    def streams(self) -> tuple[Any, Any]:
        """What stands in `sys.stdout` and `sys.stderr` while cells run."""
        return self._streams

    def __getitem__(self, name: str) -> Any:
        """A variable of the notebook."""
        return self.shell.user_ns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.shell.user_ns

    def __setitem__(self, name: str, value: Any) -> None:
        self.shell.user_ns[name] = value

    def usage_error(self, code: str) -> str:
        """Run a cell that is answered by a usage error, and return its sentence."""
        from IPython.core.error import UsageError

        ran = self.run(code)
        assert type(ran.error) is UsageError, f"{ran.error!r}\n{ran.out}\n{ran.text}"
        assert "Traceback" not in ran.out + ran.err
        sentence = str(ran.error)
        assert "\n" not in sentence, sentence
        return sentence


def wait_until(condition: Callable[[], object]) -> None:
    """Return once `condition()` holds; fail if it does not within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "The condition never held."
        tick.wait(0.005)


#: The shells of this process that are used again and again, one of each class.
_reused: dict[type[InteractiveShell], Pristine] = {}


def new_shell(shell_class: type[InteractiveShell], config: Config | None = None) -> Any:
    """Make a shell that keeps its history in memory, as the process's only one."""
    chosen = Config()
    chosen.HistoryManager.enabled = False
    chosen.merge(config or {})
    shell_class.clear_instance()
    InteractiveShell.clear_instance()
    shell = shell_class.instance(config=chosen)
    # Many shells that all collect garbage at exit take minutes.
    atexit.unregister(shell.atexit_operations)
    return shell


def reused_shell(shell_class: type[InteractiveShell]) -> Any:
    """Return this process's shell of that class as it was when it was made, as its only one."""
    if shell_class not in _reused:
        _reused[shell_class] = Pristine.of(new_shell(shell_class))
    shell = _reused[shell_class].shell
    InteractiveShell.clear_instance()
    for one in shell_class._walk_mro():
        one._instance = shell
    sys.modules["__main__"] = shell.user_module
    _reused[shell_class].restore()
    return shell


@contextmanager
def session(shell_class: type[InteractiveShell], config: Config | None = None) -> Iterator[Session]:
    """A shell of that class with the extension loaded; with a `config`, one of its own."""
    from immediate_tasks_ipy.task_history import set_current_recorder
    from immediate_tasks_ipy.tasks import task_backends

    set_current_recorder(None)
    main = sys.modules["__main__"]
    shell = new_shell(shell_class, config) if config else reused_shell(shell_class)
    made = Session(shell)
    try:
        loaded = made.run("%load_ext immediate_tasks_ipy")
        assert loaded.ok, loaded.error
        yield made
    finally:
        made.run("%unload_ext immediate_tasks_ipy")
        if not config:
            # What the test has left would else live as long as the shell.
            _reused[shell_class].restore()
        shell_class.clear_instance()
        # What is spawned by another test takes its program from it.
        sys.modules["__main__"] = main
        set_current_recorder(None)
        task_backends.configure(None)


def _final(shown: list[tuple[str, dict[str, Any], Any]]) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    places: dict[Any, int] = {}
    for kind, data, name in shown:
        if kind == "clear_output":
            outputs.clear()
            places.clear()
        elif kind == "update_display_data":
            if name in places:
                outputs[places[name]] = data
        else:
            if name is not None:
                places[name] = len(outputs)
            outputs.append(data)
    return outputs
