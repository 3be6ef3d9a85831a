"""Resuming a batch, and running its failures again: with its own concurrency, and a card."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from immediate_tasks_ipy.task_history import Entry, Job
from immediate_tasks_ipy.task_history.entries.runs import planned
from immediate_tasks_ipy.task_history.rerun import rerun_job
from immediate_tasks_ipy.task_history.session import current_session
from immediate_tasks_ipy.tasks.sync import async_to_sync

from .batch_run import BatchRun
from .batch_stats import BatchStats
from .concurrency import default_concurrency


class Pass(NamedTuple):
    """One pass over some items of a batch, in the two ways there are."""

    batch: BatchRun
    run: Callable[..., Coroutine[Any, Any, list[Any]]]
    run_in_place: Callable[[], Any]
    #: The failures that it is about to make good.
    entries: tuple[Entry, ...] = ()


def resumed_pass(batch: BatchRun | None) -> Pass:
    """The pass that goes on where a batch was ended. Raises ValueError."""
    if batch is None:
        msg = "These results are of no batch: only what --each returned can be resumed."
        raise ValueError(msg)
    if batch.is_running:
        msg = "The batch is running: there is nothing to resume."
        raise ValueError(msg)
    if not batch.can_resume:
        msg = "There is nothing to go on with: every item was enqueued, or can't be read any more."
        raise ValueError(msg)
    return Pass(batch, batch.resume, batch.resume_sync)


def failed_pass(
    batch: BatchRun | None, entries: Iterable[Entry], concurrency: int | None
) -> list[Pass]:
    """The passes that run failures again.

    Those of a batch are its own; others make one of their kind and backend, as those of a batch
    are. Raises ValueError for a concurrency below 1.
    """
    if concurrency is not None and concurrency < 1:
        msg = f"concurrency={concurrency!r}: give a whole number of at least 1."
        raise ValueError(msg)
    # Each once, however often its result stands in a list of results.
    known = {id(entry): entry for entry in map(newest, entries)}
    failed = [entry for entry in known.values() if entry.outcome == "failed"]
    if not failed:
        return []
    if batch is not None:
        batch.concurrency = concurrency or batch.concurrency
        return [Pass(batch, batch.rerun_failed, batch.rerun_failed_sync)]
    groups: dict[tuple[bool, int], list[tuple[Entry, Job]]] = {}
    for entry in failed:
        job = rerun_job(entry)
        groups.setdefault((job.is_async, id(job.backend)), []).append((entry, job))
    passes = []
    for group in groups.values():
        jobs = [job for _, job in group]
        stats = BatchStats(f"{jobs[0].task.name}(…)", len(jobs))
        at_once = concurrency or default_concurrency(jobs[0])
        in_place = not jobs[0].is_async
        run = BatchRun(jobs, stats=stats, concurrency=at_once, wait=True, in_place=in_place)
        passes.append(Pass(run, run.run, run.run_sync, tuple(entry for entry, _ in group)))
    return passes


def newest(entry: Entry) -> Entry:
    """The newest run of a task that was not cancelled, for one that failed."""
    if entry.runs is None or entry.outcome != "superseded":
        return entry
    later = [run for run in entry.runs.entries if not run.is_cancelled]
    return later[-1] if later else entry


def run_pass(one: Pass) -> None:
    """Run a pass, blocking this thread: in place, or on a loop of its own."""
    with _shown(one.batch), planned(one.entries):
        if one.batch.is_in_place:
            one.run_in_place()
        else:
            async_to_sync(one.run, interrupted_by=KeyboardInterrupt())


async def run_pass_awaited(one: Pass) -> None:
    """Run a pass on the running loop."""
    with _shown(one.batch), planned(one.entries):
        await one.run()


def _shown(batch: BatchRun) -> AbstractContextManager[object]:
    return current_session().batch_shown(batch.stats)
