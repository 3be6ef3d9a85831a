"""`%tasks available` and `%tasks stored`: the tasks of a Django project, and their results."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError

from immediate_tasks_ipy.ipython.execution.launcher import Launcher
from immediate_tasks_ipy.ipython.execution.synchronous_cells import synchronous_code
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions
from immediate_tasks_ipy.task_history import Job, Origin, Submission

if TYPE_CHECKING:
    from immediate_tasks_ipy.django_bridge.catalogue import AvailableTask, StoredResult

#: Stored results that are listed unless a number is given.
LISTED = 20


class ProjectTasks:
    """The subcommands that need a Django project."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    @property
    def subcommands(self) -> dict[str, Callable[[str], Any]]:
        """What can stand after `%tasks`."""
        return {"available": self._available, "stored": self._stored}

    def _available(self, written: str) -> None:
        catalogue = _catalogue()
        found, failed = _answered(catalogue.available)
        wanted = written.strip().casefold()
        shown = [task for task in found if wanted in f"{task.name} {task.summary}".casefold()]
        names_framework = len({task.framework for task in found}) > 1
        for task in shown:
            print(_available_line(task, names_framework=names_framework))  # noqa: T201
        for name, error in failed.items():
            print(f"{name} can't be imported: {type(error).__name__}: {error}")  # noqa: T201
        if not found:
            print("The project has no tasks in `tasks` of its applications.")  # noqa: T201
        elif not shown:
            print(f"None of {len(found):,} tasks contains {written.strip()!r}.")  # noqa: T201

    def _stored(self, written: str) -> Any:
        options = _parse(written)
        catalogue = _catalogue()
        if options.run is not None:
            return self._run(options.run, options.alias)
        if options.send is not None:
            return self._send(options.send, options.alias)
        status = "FAILED" if options.failed else None
        rows = _answered(
            lambda: catalogue.stored(options.alias, status=status, limit=options.limit)
        )
        for row in rows:
            print(_stored_line(row))  # noqa: T201
        if not rows:
            print("No results are stored that match.")  # noqa: T201
        return None

    def _run(self, result_id: str, alias: str | None) -> Any:
        """Run a stored result's task here, as a worker would."""
        __tracebackhide__ = True
        from immediate_tasks_ipy import django_bridge

        catalogue = _catalogue()
        result, listed = _answered(lambda: catalogue.stored_result(result_id, alias))
        task, backend = _answered(lambda: django_bridge.prepare(result.task, None))
        is_claimed = listed.status not in {"FAILED", "SUCCESSFUL"}
        if is_claimed:
            _answered(lambda: catalogue.claim(listed, "notebook"))
        new = self._launch(task, backend, result)
        if is_claimed:
            error = self._launcher.recorder.exception(new)
            _answered(lambda: catalogue.finish(listed, new, error))
        return new

    def _send(self, result_id: str, alias: str | None) -> Any:
        """Enqueue a stored result's task again, where it was."""
        __tracebackhide__ = True
        from immediate_tasks_ipy import django_bridge

        result, listed = _answered(lambda: _catalogue().stored_result(result_id, alias))
        task, backend = _answered(lambda: django_bridge.prepare(result.task, listed.backend))
        return self._launch(task, backend, result)

    def _launch(self, task: Any, backend: Any, result: Any) -> Any:
        __tracebackhide__ = True
        origin = Origin(None, self._launcher.cell, None)
        submission = Submission(origin, backend)
        job = Job(task, backend, tuple(result.args), dict(result.kwargs), submission)
        options = EnqueueOptions()
        new = self._launcher.launch(job, options)
        return self._launcher.cell_value(new, [new], options, quiet=False)


def imported_task_names() -> list[str]:
    """The paths of the project's tasks that are imported, for completion; never raises."""
    if "immediate_tasks_ipy.django_bridge" not in sys.modules:
        return []
    try:
        names: list[str] = _catalogue().imported_names()
    except Exception:
        return []
    return names


def project_aliases() -> list[str]:
    """The aliases of the project's backends as `--backend` takes them."""
    if "immediate_tasks_ipy.django_bridge" not in sys.modules:
        return []
    from immediate_tasks_ipy import django_bridge

    return [f"django:{alias}" for alias in django_bridge.aliases()]


def _catalogue() -> Any:
    try:
        from immediate_tasks_ipy.django_bridge import catalogue
    except ImportError as error:
        raise UsageError(str(error)) from None
    return catalogue


def _answered(function: Callable[[], Any]) -> Any:
    """What a function of the bridge returns; a refusal is a UsageError."""
    __tracebackhide__ = True
    from immediate_tasks_ipy.django_bridge import BridgeError

    try:
        with synchronous_code():
            return function()
    except BridgeError as error:
        raise UsageError(str(error)) from None


def _available_line(task: AvailableTask, *, names_framework: bool) -> str:
    facts = [
        "async" if task.is_async else "",
        f"queue {task.queue_name}" if task.queue_name != "default" else "",
        f"priority {task.priority:+d}" if task.priority else "",
        f"backend {task.backend}" if task.backend != "default" else "",
        task.framework if names_framework else "",
    ]
    listed = ", ".join(fact for fact in facts if fact)
    parts = [f"{task.name}{task.signature}", f"[{listed}]" if listed else "", task.summary]
    return "  ".join(part for part in parts if part)


def _stored_line(row: StoredResult) -> str:
    times = {
        "enqueued": row.enqueued_at,
        "started": row.started_at,
        "finished": row.finished_at,
    }
    known = [(word, time) for word, time in times.items() if time is not None]
    when = ""
    if known:
        word, time = known[-1]
        shown = time.astimezone() if time.tzinfo is not None else time
        when = f"{word} {shown:%Y-%m-%d %H:%M:%S}"
    queue = "" if row.queue_name == "default" else f" · {row.queue_name}"
    return f"{row.id[:8]}  {row.status:10}  {row.task}  {row.backend}{queue}  {when}".rstrip()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%tasks stored: {message}")


def _parse(written: str) -> argparse.Namespace:
    parser = _Parser(prog="%tasks stored", add_help=False, allow_abbrev=False)
    parser.add_argument("alias", nargs="?")
    parser.add_argument("--failed", action="store_true")
    parser.add_argument("--limit", type=int, default=LISTED)
    parser.add_argument("--run", metavar="ID")
    parser.add_argument("--send", metavar="ID")
    try:
        options = parser.parse_args(shlex.split(written))
    except ValueError:
        msg = f"A quote is not closed in {written!r}."
        raise UsageError(msg) from None
    if options.limit < 1:
        msg = f"--limit {options.limit}: give a whole number of at least 1"
        raise UsageError(msg)
    if options.run and options.send:
        msg = "--run runs it here and --send sends it again: leave one out"
        raise UsageError(msg)
    if options.alias is not None:
        options.alias = options.alias.removeprefix("django:")
    return options
