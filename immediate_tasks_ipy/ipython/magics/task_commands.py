"""What stands after `%tasks`: each subcommand with what it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.ipython.execution.debugging import post_mortem
from immediate_tasks_ipy.ipython.execution.interrupts import guarded, guarded_sync
from immediate_tasks_ipy.ipython.execution.launcher import Launcher
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions
from immediate_tasks_ipy.ipython.planning.targets import is_async
from immediate_tasks_ipy.ipython.presentation.notebook_panel import NotebookPanel
from immediate_tasks_ipy.task_history.rerun import reload_task
from immediate_tasks_ipy.task_history.waiting import wait, wait_blocking
from immediate_tasks_ipy.tasks.backends.event_loop import service_loop
from immediate_tasks_ipy.tasks.exceptions import TaskException
from immediate_tasks_ipy.tasks.sync import has_running_loop

from .batch_commands import (
    aresume,
    await_batches,
    batch_to_resume,
    find_batch,
    results_of,
    resume,
    show_batch,
    unfinished_batches,
    wait_for_batches,
)
from .cancelling import cancel_named
from .enqueue import task_results
from .failed_tasks import failed_batch, job_to_rerun
from .pending import pending_results, value_of
from .project_tasks import ProjectTasks
from .task_ids import find_entry

if TYPE_CHECKING:
    from immediate_tasks_ipy.ipython.execution.batch_launcher import BatchLauncher

#: What stands for failed tasks in place of an id.
FAILED = "--failed"
#: Seconds to wait for cards that a front end does not take.
PATIENCE = 1.0


class TaskCommands:
    """The subcommands of `%tasks`, by their names."""

    def __init__(self, launcher: Launcher, panel: NotebookPanel, manual: str) -> None:
        """`manual` is what `help` prints."""
        self._launcher = launcher
        self._recorder = launcher.recorder
        self._panel = panel
        self._manual = manual
        #: Each is called with the words after its name.
        self.by_name: dict[str, Callable[[str], Any]] = {
            "open": self._open,
            "list": self._list,
            "show": self._show,
            "rerun": self._rerun,
            "resume": self._resume,
            "cancel": self._cancel,
            "debug": self._debug,
            "value": self._value,
            "wait": self._wait,
            "clear": self._clear,
            "export": self._export,
            "backends": self._backends,
            **ProjectTasks(launcher).subcommands,
            "help": self._help,
        }

    async def awaited(self, name: str, rest: str, *, quiet: bool) -> Any:
        """The value of one of `AWAITED`, on the running loop."""
        __tracebackhide__ = True
        steps = {"rerun": self._await_rerun, "resume": self._await_resume}
        value = await steps.get(name, self._await_wait)(rest)
        return None if quiet else value

    def reruns_async(self, written: str) -> bool:
        """Whether a re-run is of an async function, or of all failed tasks."""
        if written.strip() == FAILED:
            return True
        try:
            entry = find_entry(self._recorder, written)
            return is_async(reload_task(entry)[0])
        except (UsageError, TaskException):
            return False

    def _open(self, written: str) -> Any:
        _refuse_words("open", written)
        if not self._launcher.screen.is_kernel:
            return self._list("")
        try:
            return self._panel.get()
        except ImportError as error:
            print(f"No panel: {error}. pip install anywidget, then run %tasks again. Meanwhile:")  # noqa: T201
            return self._list("")

    def _list(self, written: str) -> None:
        from .task_list import TaskList

        for line in TaskList.parse(written).lines(self._recorder):
            print(line)  # noqa: T201

    def _help(self, written: str) -> None:
        _refuse_words("help", written)
        print(self._manual)  # noqa: T201

    def _show(self, written: str) -> None:
        from immediate_tasks_ipy.display.text import text

        if (batch := find_batch(written)) is not None:
            print(show_batch(batch))  # noqa: T201
            return
        print(text(find_entry(self._recorder, written), now=datetime.now(UTC), full=True))  # noqa: T201

    def _value(self, written: str) -> Any:
        if (batch := find_batch(written)) is not None:
            return results_of(batch)
        return value_of(self._recorder, written)

    def _rerun(self, written: str) -> Any:
        __tracebackhide__ = True
        options = EnqueueOptions()
        if written.strip() == FAILED:
            with failed_batch(self._recorder) as batch:
                return batch and self._batches.launch(batch, options, quiet=False)
        result = self._launcher.launch(job_to_rerun(self._recorder, written), options)
        return self._launcher.cell_value(result, [result], options, quiet=False)

    async def _await_rerun(self, written: str) -> Any:
        __tracebackhide__ = True
        options = EnqueueOptions()
        if written.strip() == FAILED:
            with failed_batch(self._recorder) as batch:
                return batch and await self._batches.alaunch(batch, options, quiet=False)
        result = await self._launcher.alaunch(job_to_rerun(self._recorder, written), options)
        return self._launcher.cell_value(result, [result], options, quiet=False)

    def _resume(self, written: str) -> Any:
        __tracebackhide__ = True
        return resume(batch_to_resume(written))

    async def _await_resume(self, written: str) -> Any:
        return await aresume(batch_to_resume(written))

    @property
    def _batches(self) -> BatchLauncher:
        # Imported with the first batch, so that `%load_ext` is quick.
        from immediate_tasks_ipy.ipython.execution.batch_launcher import BatchLauncher

        return BatchLauncher(self._launcher)

    def _wait(self, written: str) -> Any:
        results = pending_results(self._recorder, written)
        for result in results:
            here = has_running_loop() and is_async(result.task) and not result.is_finished
            if here and not self._runs_elsewhere(result):
                msg = (
                    f"Waiting for {result.task.name} here would block the loop it runs on: "
                    "put %tasks wait in a cell of its own"
                )
                raise UsageError(msg)
        finished = guarded_sync(partial(wait_blocking, self._recorder, results))
        guarded_sync(partial(wait_for_batches, unfinished_batches(written)))
        return self._waited_for(finished)

    def _runs_elsewhere(self, result: Any) -> bool:
        entry = self._recorder.entry_of(result)
        return entry is not None and entry.backend.supports_get_result

    async def _await_wait(self, written: str) -> Any:
        __tracebackhide__ = True
        results = pending_results(self._recorder, written)
        finished = await guarded(partial(wait, *results))
        await guarded(partial(await_batches, unfinished_batches(written)))
        return self._waited_for(finished)

    def _waited_for(self, results: list[Any]) -> Any:
        # Their cards are final before the cell ends: a client may stop listening then.
        service_loop.flush(PATIENCE)
        return results[0] if len(results) == 1 else task_results(results)

    def _cancel(self, written: str) -> None:
        print(cancel_named(self._recorder, written))  # noqa: T201

    def _debug(self, written: str) -> None:
        entry = find_entry(self._recorder, written)
        error = self._recorder.exception(entry.result)
        if error is None:
            failed = entry.result.status == "FAILED"
            reason = "too many failed since" if failed else "it did not fail"
            msg = (
                f"No live exception is kept for {entry.result.task.name}: {reason}. "
                f"%tasks rerun {entry.result.id[:8]} makes a new one"
            )
            raise UsageError(msg)
        post_mortem(self._launcher.shell, error)

    def _clear(self, written: str) -> None:
        _refuse_words("clear", written)
        count = self._recorder.clear()
        print(f"{count:,} finished tasks forgotten")  # noqa: T201

    def _export(self, written: str) -> None:
        from .task_export import export_to

        print(export_to(self._recorder, written))  # noqa: T201

    def _backends(self, written: str) -> None:
        from .backend_table import backend_table

        _refuse_words("backends", written)
        for line in backend_table():
            print(line)  # noqa: T201


def _refuse_words(name: str, written: str) -> None:
    """Raise UsageError if a subcommand that takes nothing is given something."""
    if written:
        msg = f"%tasks {name} takes nothing more, not {written!r}: write %tasks {name}"
        raise UsageError(msg)
