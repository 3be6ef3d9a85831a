"""What the user asks about a run, beside its result: its queries, and what it would do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from contextvars import Token
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import SyncToAsync, sync_to_async

from immediate_tasks_ipy.task_history.activity import Activity, DryRunReport
from immediate_tasks_ipy.task_history.submission import current_submission

from . import lens, lifecycle, threads
from .errors import BridgeError
from .frameworks import frameworks_in_use
from .lens.dry_run import current_dry_run
from .lens.statements import described
from .project.remote_database import asking
from .signals import report_activity


@dataclass(frozen=True, slots=True)
class Inspection:
    """How a task's run is looked at."""

    #: Show the statements, not only how many there were.
    sql: bool = False
    #: Fail the task that makes more queries.
    max_queries: int | None = None
    #: Roll everything back, and report what it would have done.
    dry_run: bool = False

    @property
    def options(self) -> str:
        """The options of `%enqueue` that ask for it."""
        given = {
            "--sql": self.sql,
            "--max-queries": self.max_queries is not None,
            "--dry-run": self.dry_run,
        }
        return " and ".join(option for option, is_given in given.items() if is_given)


DEFAULT = Inspection()


@contextmanager
def inspected(result: Any, inspection: Inspection) -> Iterator[None]:
    """Around the sync function of a task, in the thread that calls it."""
    looking, dry_run = _begun(result, inspection)
    if dry_run is None:
        with looking:
            yield
        return
    dry_run.begin()
    token = current_dry_run.set(dry_run)
    try:
        with looking:
            yield
    finally:
        current_dry_run.reset(token)
        dry_run.end()


@asynccontextmanager
async def ainspected(result: Any, inspection: Inspection) -> AsyncIterator[None]:
    """The same around an async function.

    asgiref's thread does all asynchronous work: a dry run has another one, or what else is awaited
    meanwhile would be rolled back with it.
    """
    looking, dry_run = _begun(result, inspection)
    if dry_run is None:
        with looking:
            yield
        return
    # One at a time: they would wait for each other's locks.
    async with _turn():
        with threads.connections_of_its_own():
            await sync_to_async(dry_run.begin)()
            token = current_dry_run.set(dry_run)
            try:
                with looking:
                    yield
            except GeneratorExit:
                # The coroutine is closed: nothing can be awaited any more, and its context is gone.
                SyncToAsync.single_thread_executor.submit(dry_run.end)
                raise
            except BaseException:
                await _end(dry_run, token)
                raise
            else:
                await _end(dry_run, token)


def _turn() -> asyncio.Lock:
    """Held by one awaited dry run of the running loop at a time."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def _end(dry_run: lens.DryRun, token: Token[lens.DryRun | None]) -> None:
    current_dry_run.reset(token)
    # A cancellation must not leave the transaction open.
    await asyncio.shield(sync_to_async(dry_run.end)())


def _begun(
    result: Any, inspection: Inspection
) -> tuple[AbstractContextManager[None], lens.DryRun | None]:
    """The lens around a function, and the dry run around that, if it is to be one."""
    activity = _activity(result, inspection)
    if activity is None:
        return nullcontext(), None
    is_magics = current_submission.get() is not None
    confirm_write = _confirm_write if is_magics and asking() is not None else None
    looking = lens.looking(lens.Lens(activity, inspection.max_queries, confirm_write))
    return looking, None if activity.dry_run is None else _dry_run(activity.dry_run)


def _confirm_write(connection: Any, sql: str) -> None:
    """Raise BridgeError where the user does not want a task to write to a remote database."""
    databases = asking()
    refusal = None if databases is None else databases.refusal(connection, described(sql))
    if refusal is not None:
        raise BridgeError(refusal)


def _activity(result: Any, inspection: Inspection) -> Activity | None:
    """The activity shown beside the result; None where nobody looks."""
    activity = Activity(is_detailed=inspection.sql)
    if inspection.dry_run:
        activity.dry_run = DryRunReport()
    is_shown = report_activity(result, activity)
    if not is_shown and inspection == DEFAULT:
        return None
    lens.install()
    return activity


def _dry_run(report: DryRunReport) -> lens.DryRun:
    for framework in frameworks_in_use():
        lens.record_enqueues(framework.base.Task, partial(lifecycle.new_result, framework))
    return lens.DryRun(report)
