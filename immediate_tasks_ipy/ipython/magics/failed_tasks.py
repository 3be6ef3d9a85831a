"""`%tasks rerun --failed`: the batch of all tasks that have failed and were not run well since."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.error import UsageError

from immediate_tasks_ipy.ipython.planning.planner import Batch
from immediate_tasks_ipy.task_history import Entry, Job, Recorder
from immediate_tasks_ipy.task_history.entries.runs import planned
from immediate_tasks_ipy.task_history.rerun import rerun_job
from immediate_tasks_ipy.tasks.exceptions import InvalidTask

from .task_ids import find_entry


@contextmanager
def failed_batch(recorder: Recorder) -> Iterator[Batch | None]:
    """The jobs that run them again, none of which has started; None, and a word, for no task.

    Within this nobody else runs them again. Raises UsageError if one can't be run as it is now:
    nothing is started then.
    """
    from immediate_tasks_ipy.batches.concurrency import default_concurrency

    failed = unresolved_failures(recorder)
    if not failed:
        print("No failed task is left to run again.")  # noqa: T201
        yield None
        return
    jobs = []
    for entry in failed:
        try:
            jobs.append(rerun_job(entry))
        except (InvalidTask, TypeError) as error:
            msg = f"{entry.result.task.name} can't be run as it is now: {error}"
            raise UsageError(msg) from None
    concurrency = min(map(default_concurrency, jobs))
    in_place = concurrency == 1 and not any(job.is_async for job in jobs)
    label = f"{len(jobs):,} failed task{'' if len(jobs) == 1 else 's'}"
    with planned(failed):
        yield Batch(label, iter(jobs), len(jobs), concurrency, in_place)


def unresolved_failures(recorder: Recorder) -> list[Entry]:
    """The tasks that have failed, and were not cancelled nor run again since, oldest first."""
    return [entry for entry in recorder if entry.outcome == "failed"]


def job_to_rerun(recorder: Recorder, written: str) -> Job:
    """What runs the task with that ID again. Raises UsageError."""
    entry = find_entry(recorder, written)
    try:
        return rerun_job(entry)
    except (InvalidTask, TypeError) as error:
        msg = f"{entry.result.task.name} can't be run as it is now: {error}"
        raise UsageError(msg) from None
