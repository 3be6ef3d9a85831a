"""`%tasks`: the panel, and what can be done with tasks by name."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.actions import cancel, rerun_origin, resolve
from immediate_tasks_ipy.task_history.waiting import wait, wait_blocking
from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, TaskException, TaskNotCancellable
from immediate_tasks_ipy.tasks.sync import has_running_loop

from .awaiting import unmark
from .debugging import post_mortem
from .job import Job
from .magics import EnqueueMagics
from .notebook_panel import NotebookPanel
from .own_frames import awaited, drop_own_frames
from .runner import Runner
from .selection import select
from .targets import is_async
from .task_results import TaskResults

#: Tasks that `%tasks list` shows unless it is told a number.
LISTED = 20
#: Subcommands that wait, and are awaited where that is possible.
AWAITED = ("wait", "rerun")


@magics_class
class TasksMagics(Magics):
    """The magic that shows tasks and acts on them."""

    shell: InteractiveShell

    def __init__(self, runner: Runner, panel: NotebookPanel) -> None:
        super().__init__(runner.shell)
        self._runner = runner
        self._history = runner.history
        self._panel = panel
        #: What can stand after `%tasks`.
        self.subcommands: dict[str, Callable[[str], Any]] = {
            "list": self._list,
            "show": self._show,
            "rerun": self._rerun,
            "cancel": self._cancel,
            "debug": self._debug,
            "value": self._value,
            "wait": self._wait,
            "clear": self._clear,
            "export": self._export,
            "backends": self._backends,
        }

    @no_var_expand
    @line_magic
    def tasks(self, line: str) -> Any:
        """Show the tasks of this session, and act on them.

        ::

            %tasks                  the live panel (in a terminal, the list)
            %tasks list [N]         the latest N tasks as text, 20 unless told
            %tasks show ID          one task's card in full
            %tasks value ID         the value a task returned, also one that JSON can't hold
            %tasks rerun ID         run it again: the function as it is now, the same arguments
            %tasks cancel ID        cancel a task that waits or runs
            %tasks debug ID         post mortem: the debugger where a recent task failed
            %tasks wait [ID]        wait for a task, or for all that are not finished
            %tasks clear            forget the finished ones
            %tasks export FILE      write all to FILE.jsonl or FILE.csv; --force overwrites
            %tasks backends         the backends and what they can do

        An ID is the beginning of a task's id, as long as only one begins so; -1
        is the latest task, -2 the one before.
        """
        __tracebackhide__ = True
        try:
            value = self._tasks(line)
        except BaseException as error:
            drop_own_frames(error)
            raise
        return awaited(value) if inspect.iscoroutine(value) else value

    def _tasks(self, line: str) -> Any:
        marks, line = unmark(line)
        line, quiet = line.strip().rstrip("; \t"), line.rstrip().endswith(";")
        name, _, rest = line.partition(" ")
        if not name:
            return self._open()
        subcommand = self.subcommands.get(name)
        if subcommand is None:
            msg = f"No %tasks {name}: there are {', '.join(self.subcommands)}"
            raise UsageError(msg)
        if marks.awaited and name in AWAITED:
            return self._awaited(name, rest, quiet=quiet)
        value = subcommand(rest.strip())
        return None if quiet else value

    async def _awaited(self, name: str, rest: str, *, quiet: bool) -> Any:
        __tracebackhide__ = True
        value = await (self._await_rerun(rest) if name == "rerun" else self._await_wait(rest))
        return None if quiet else value

    def wants_await(self, line: str) -> bool:
        """Whether it is of use to await this `%tasks` line."""
        name, _, rest = line.strip().partition(" ")
        if name != "rerun":
            return name in AWAITED
        try:
            entry = select(self._history, rest)
            return is_async(resolve(entry)[0])
        except (UsageError, TaskException):
            return False

    def _open(self) -> Any:
        if not self._runner.screen.is_kernel:
            return self._list("")
        try:
            return self._panel.get()
        except ImportError as error:
            print(f"No panel: {error}. pip install anywidget, then run %tasks again. Meanwhile:")  # noqa: T201
            return self._list("")

    def _list(self, written: str) -> None:
        from immediate_tasks_ipy.display.text import line as status_line

        try:
            count = int(written) if written else LISTED
        except ValueError:
            msg = f"%tasks list {written}: give a number of tasks, %tasks list 50"
            raise UsageError(msg) from None
        entries = list(self._history)
        now = datetime.now(UTC)
        for entry in entries[-count:] if count > 0 else []:
            print(f"{entry.result.id[:8]}  {status_line(entry, now=now)}")  # noqa: T201
        left = len(entries) - max(count, 0)
        if not entries:
            print("No tasks yet. Put %%enqueue above a call in a cell and run it.")  # noqa: T201
        elif left > 0:
            print(f"… and {left:,} before: %tasks list {len(entries)}")  # noqa: T201

    def _show(self, written: str) -> None:
        from immediate_tasks_ipy.display.text import text

        print(text(select(self._history, written), now=datetime.now(UTC), full=True))  # noqa: T201

    def _value(self, written: str) -> Any:
        result = select(self._history, written).result
        if result.status == "SUCCESSFUL":
            return result.return_value
        try:
            return self._history.raw_value(result)
        except LookupError:
            state = "failed" if result.is_finished else "has not finished yet"
            see = f"%tasks show {result.id[:8]}"
            msg = f"{result.task.name} {state}, so it has no value: {see} tells more"
            raise UsageError(msg) from None

    def _job(self, entry: Entry) -> Job:
        try:
            task, anew = resolve(entry)
        except (InvalidTask, TypeError) as error:
            msg = f"{entry.result.task.name} can't be run as it is now: {error}"
            raise UsageError(msg) from None
        origin = rerun_origin(entry, resolved_anew=anew)
        origin.cell = self.shell.displayhook.prompt_count
        origin.backend = entry.backend
        result = entry.result
        return Job(task, entry.backend, tuple(result.args), dict(result.kwargs), origin)

    def _rerun(self, written: str) -> Any:
        __tracebackhide__ = True
        options = EnqueueMagics.default_options()
        job = self._job(select(self._history, written))
        result = self._runner.run(job, options, shown=False)
        return self._runner.conclude(result, [result], options, quiet=False)

    async def _await_rerun(self, written: str) -> Any:
        __tracebackhide__ = True
        options = EnqueueMagics.default_options()
        job = self._job(select(self._history, written))
        result = await self._runner.arun(job, options, shown=False)
        return self._runner.conclude(result, [result], options, quiet=False)

    def _pending(self, written: str) -> list[Any]:
        if written.strip():
            entry = select(self._history, written)
            if not _ends(entry):
                msg = (
                    f"{type(entry.backend).__name__} never tells that a task has finished: "
                    "there is nothing to wait for"
                )
                raise UsageError(msg)
            return [entry.result]
        pending = [entry for entry in self._history if not entry.result.is_finished]
        return [entry.result for entry in pending if _ends(entry)]

    def _wait(self, written: str) -> Any:
        results = self._pending(written)
        for result in results:
            here = has_running_loop() and is_async(result.task) and not result.is_finished
            if here and not getattr(result.task.get_backend(), "supports_get_result", False):
                msg = (
                    f"Waiting for {result.task.name} here would block the loop it runs on: "
                    "put %tasks wait in a cell of its own"
                )
                raise UsageError(msg)
        return self._waited_for(wait_blocking(self._history, results))

    async def _await_wait(self, written: str) -> Any:
        from .interrupts import guarded

        __tracebackhide__ = True
        results = self._pending(written)
        return self._waited_for(await guarded(lambda: wait(*results), lambda: None))

    def _waited_for(self, results: list[Any]) -> Any:
        # Their cards are final before the cell ends: a client may stop listening then.
        self._runner.refresher.settle()
        return results[0] if len(results) == 1 else TaskResults(results)

    def _cancel(self, written: str) -> None:
        entry = select(self._history, written)
        try:
            cancel(entry.result)
        except TaskNotCancellable as error:
            raise UsageError(str(error)) from None
        print(f"{entry.result.task.name} cancelled")  # noqa: T201

    def _debug(self, written: str) -> None:
        entry = select(self._history, written)
        error = self._history.exception(entry.result)
        if error is None:
            reason = (
                "it did not fail" if entry.result.status != "FAILED" else "too many failed since"
            )
            msg = (
                f"No live exception is kept for {entry.result.task.name}: {reason}. "
                f"%tasks rerun {entry.result.id[:8]} makes a new one"
            )
            raise UsageError(msg)
        post_mortem(self.shell, error)

    def _clear(self, written: str) -> None:
        _refuse_words("clear", written)
        count = self._history.clear()
        print(f"{count:,} finished tasks forgotten")  # noqa: T201

    def _export(self, written: str) -> None:
        from .export import export

        try:
            words = shlex.split(written)
        except ValueError:
            msg = f"A quote is not closed in {written!r}."
            raise UsageError(msg) from None
        force = "--force" in words
        paths = [word for word in words if word != "--force"]
        if len(paths) != 1:
            msg = "%tasks export takes one file: %tasks export tasks.jsonl, or tasks.csv"
            raise UsageError(msg)
        try:
            count = export(self._history, paths[0], force=force)
        except (OSError, ValueError) as error:
            raise UsageError(str(error)) from None
        print(f"{count:,} tasks written to {paths[0]}")  # noqa: T201

    def _backends(self, written: str) -> None:
        _refuse_words("backends", written)
        rows = [("alias", "class", "queues", "can")]
        for alias in task_backends:
            try:
                backend = task_backends[alias]
            except Exception as error:
                rows.append((alias, "?", "?", str(error)))
                continue
            queues = ", ".join(sorted(backend.queues)) or "any"
            rows.append((alias, type(backend).__name__, queues, ", ".join(_abilities(backend))))
        if "immediate_tasks_ipy.django_bridge" in sys.modules:
            from immediate_tasks_ipy import django_bridge

            rows += [(f"django:{alias}", "Django's", "?", "?") for alias in django_bridge.aliases()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            print("  ".join(f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)).rstrip())  # noqa: T201


def _ends(entry: Entry) -> bool:
    """Whether a task has begun, or its backend will ever tell that it has ended."""
    if entry.result.status != "READY":
        return True
    try:
        backend = entry.backend
    except Exception:
        # Its alias is gone; whoever had the task may still run it.
        return True
    finishes = getattr(backend, "finishes_tasks", True)
    return bool(finishes or getattr(backend, "supports_get_result", False))


def _refuse_words(name: str, written: str) -> None:
    if written:
        msg = f"%tasks {name} takes nothing more, not {written!r}: write %tasks {name}"
        raise UsageError(msg)


def _abilities(backend: Any) -> list[str]:
    words = {
        "supports_async_task": "async",
        "supports_priority": "priority",
        "supports_defer": "run_after",
        "supports_get_result": "get_result",
        "supports_cancel": "cancel",
    }
    return [word for name, word in words.items() if getattr(backend, name, False)]
