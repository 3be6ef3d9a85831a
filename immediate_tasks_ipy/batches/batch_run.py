"""A task per job, a few at a time: what `--each`, resuming and re-running a batch run on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from immediate_tasks_ipy.task_history import Entry, Job, Recorder, current_recorder
from immediate_tasks_ipy.task_history.entries.runs import entry_of, planned
from immediate_tasks_ipy.task_history.rerun import rerun_job
from immediate_tasks_ipy.tasks.backends.event_loop import run_without_suspending

from . import known_batches
from .batch_stats import BatchStats
from .item_results import ItemResults
from .items import ItemError, ItemJobs
from .job_runner import JobRunner, Limits
from .resume_file import ResumeFile


class BatchRun:
    """Enqueues a job for each item in their order, at most `concurrency` at a time.

    With `may_grow`, more where their backend has come to want more: a cluster that has grown.

    Async functions are awaited on the running loop; synchronous ones run in place if
    `concurrency` is 1, else in threads. Every task has a context of its own; with `capture`,
    its output is redirected to it. With `wait`, a task counts as ended when it is finished,
    else when it is enqueued; unset, that is up to its backend. A task that runs longer than
    `timeout` seconds fails with TimeoutError.

    The jobs are read only as far as there is room. Whatever ends a run, `items` keeps what
    there is, and `resume` goes on from there; `rerun_failed` runs the failures again. One of
    these runs at a time. `stats` counts until every task has ended, which may be long after the
    last was enqueued. With a `store`, what it has is not run, and what finishes is kept there.
    """

    def __init__(
        self,
        jobs: ItemJobs | Iterable[Job],
        *,
        stats: BatchStats,
        concurrency: int = 1,
        may_grow: bool = False,
        timeout: float | None = None,
        capture: bool = True,
        wait: bool | None = None,
        in_place: bool = True,
        recorder: Recorder | None = None,
        store: ResumeFile | None = None,
    ) -> None:
        self.stats = stats
        self.recorder = current_recorder() if recorder is None else recorder
        #: The results by item, growing while the batch runs.
        self.items = ItemResults(stats, self.recorder, capture=capture)
        self._jobs = jobs if isinstance(jobs, ItemJobs) else ItemJobs(jobs, _itself)
        #: At most so many tasks are in flight.
        self.concurrency = concurrency
        self._may_grow = may_grow
        self._timeout, self._wait, self._in_place = timeout, wait, in_place
        self._store = stats.file = store
        self._runner: JobRunner | None = None
        self._stopped_by: BaseException | None = None
        self._is_cancelled = False
        #: Jobs that were cut off, by the index of their item.
        self._cut_off: dict[int, Job] = {}
        known_batches.register(self)

    @property
    def results(self) -> list[Any]:
        """The results so far, in the order of the items."""
        return list(self.items.results)

    @property
    def is_in_place(self) -> bool:
        """Whether it needs no loop: synchronous functions, one after the other."""
        return self._in_place and self.concurrency == 1 and not self._jobs.is_async

    @property
    def is_running(self) -> bool:
        """Whether jobs are being enqueued."""
        return self._runner is not None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that it is running on, if it does."""
        return None if self._runner is None else self._runner.loop

    @property
    def can_resume(self) -> bool:
        """Whether it was ended early, and can go on."""
        if self.is_running or not (self.stats.error or self._cut_off):
            return False
        return self._jobs.may_go_on or bool(self._unfinished())

    async def run(self, *, interrupted_by: BaseException | None = None) -> list[Any]:
        """Enqueue all jobs on the running loop; returns the results when all have ended.

        Raises ItemError after the tasks in flight have ended, if an item could not be enqueued.
        A cancellation or KeyboardInterrupt ends them at once, with `interrupted_by` if that
        is given. After `cancel` it returns what there is.
        """
        return await self._run_on_loop(iter(()), reads=True, interrupted_by=interrupted_by)

    def run_sync(self) -> list[Any]:
        """Enqueue the jobs one after the other in this thread; returns the results.

        Raises ItemError if an item could not be enqueued, and KeyboardInterrupt.
        """
        if self._jobs.is_async:
            msg = "The items are an async iterable, which needs a running loop."
            raise TypeError(msg)
        return self._run_in_place(iter(()), reads=True)

    async def resume(self, *, interrupted_by: BaseException | None = None) -> list[Any]:
        """Go on where the batch was ended: what was cut off, then the items not read yet."""
        return await self._run_on_loop(
            self._unfinished_jobs(), reads=self._jobs.may_go_on, interrupted_by=interrupted_by
        )

    def resume_sync(self) -> list[Any]:
        """The same in this thread."""
        return self._run_in_place(self._unfinished_jobs(), reads=self._jobs.may_go_on)

    async def rerun_failed(self, *, interrupted_by: BaseException | None = None) -> list[Any]:
        """Run what has failed and was not made good again; the new runs take their places."""
        failed = self._failed()
        with planned(failed.values()):
            jobs = (self._rerun_job(index, entry) for index, entry in failed.items())
            return await self._run_on_loop(jobs, reads=False, interrupted_by=interrupted_by)

    def rerun_failed_sync(self) -> list[Any]:
        """The same in this thread."""
        failed = self._failed()
        with planned(failed.values()):
            jobs = (self._rerun_job(index, entry) for index, entry in failed.items())
            return self._run_in_place(jobs, reads=False)

    def stop(self, error: BaseException) -> None:
        """Fail the tasks in flight with `error`; call it on the loop, then cancel `run`."""
        self._stopped_by = error
        if self._runner is not None:
            self._runner.stop(error)

    def cancel(self) -> None:
        """Stop reading items, and cancel the tasks in flight; from any thread."""
        self._is_cancelled = True
        runner = self._runner
        if runner is not None and runner.loop is not None:
            runner.loop.call_soon_threadsafe(self._cancel_on_loop, runner)

    def _cancel_on_loop(self, runner: JobRunner) -> None:
        if runner is self._runner and runner.owner is not None:
            runner.stop(asyncio.CancelledError(), by_user=True)
            runner.owner.cancel()

    async def _run_on_loop(
        self, jobs: Iterator[Job], *, reads: bool, interrupted_by: BaseException | None
    ) -> list[Any]:
        runner = self._begin(interrupted_by, on_loop=True)
        try:
            await self._feed(runner, jobs, reads=reads)
            while runner.in_flight:
                await runner.wait_for_room()
            if runner.interrupt is not None and runner.loop is not None:
                await runner.loop.create_future()  # until the cancellation that goes with it
        except BaseException as error:
            interrupt = runner.interrupt
            was_asked_for = interrupt is not None or self._is_cancelled
            if was_asked_for and runner.owner is not None:
                runner.owner.uncancel()
            await self._end_early(runner, interrupt or error)
            if interrupt is not None:
                raise interrupt from None
            if self._is_cancelled:
                return self.results
            raise
        return self._end(runner)

    def _run_in_place(self, jobs: Iterator[Job], *, reads: bool) -> list[Any]:
        runner = self._begin(None, on_loop=False)
        try:
            run_without_suspending(self._feed(runner, jobs, reads=reads))
        except BaseException as error:
            for index, flight in runner.in_flight.items():
                runner.cut_off[index] = flight.job
            self._complete(runner, self._reason(error))
            raise
        return self._end(runner)

    def _begin(self, interrupted_by: BaseException | None, *, on_loop: bool) -> JobRunner:
        if self._runner is not None:
            msg = "The batch is running already: wait for it, or cancel it first."
            raise RuntimeError(msg)
        self._is_cancelled = False
        self._stopped_by = interrupted_by
        self.items.begin()
        limits = Limits(self.concurrency, self._may_grow, self._timeout, self._wait, on_loop)
        self._runner = JobRunner(self.items, self.recorder, limits, self._store)
        known_batches.hold(self)
        return self._runner

    async def _feed(self, runner: JobRunner, jobs: Iterator[Job], *, reads: bool) -> None:
        """Start jobs as there is room, until there are no more or one is refused."""
        queue: deque[Job] = deque()
        try:
            queue.extend(jobs)
            while (queue or reads) and not self._is_over(runner):
                if not runner.has_room:
                    await runner.wait_for_room()
                    continue
                job = queue[0] if queue else await self._jobs.next()
                if job is None or self._is_over(runner):
                    break
                if queue:
                    queue.popleft()
                else:
                    self._jobs.take()
                if runner.begin(job):
                    await runner.yield_to_loop()
        except ItemError as refusal:
            runner.refusal = runner.refusal or refusal
        finally:
            for job in queue:
                if job.submission.item is not None:
                    runner.cut_off[job.submission.item] = job
        if runner.refusal is not None:
            await self._jobs.close()

    def _is_over(self, runner: JobRunner) -> bool:
        return runner.refusal is not None or runner.interrupt is not None or self._is_cancelled

    def _end(self, runner: JobRunner) -> list[Any]:
        """All jobs are enqueued: the results, or the error that ended the batch early."""
        refusal = runner.refusal
        if refusal is not None:
            self._complete(runner, str(refusal))
            refusal.results = self.results
            raise refusal
        self._complete(runner, self._reason(None) if self._is_cancelled else None)
        return self.results

    async def _end_early(self, runner: JobRunner, error: BaseException) -> None:
        if not self._is_cancelled:
            self.stop(self._stopped_by or error)
        await runner.clean_up()
        self._complete(runner, self._reason(error))

    def _complete(self, runner: JobRunner, error: str | None) -> None:
        self._runner = None
        self._cut_off.update(runner.cut_off)
        self.items.complete(error)
        self.stats.is_resumable = self.can_resume
        known_batches.release(self)

    def _reason(self, error: BaseException | None) -> str:
        if isinstance(error, ItemError):
            return str(error)
        read = len(self.items.live)
        stats = self.stats
        stats.was_cancelled, stats.was_interrupted = self._is_cancelled, not self._is_cancelled
        stats.interruptions += 1
        word = "Cancelled" if self._is_cancelled else "Interrupted"
        return f"{word} after {read:,} {'item' if read == 1 else 'items'}."

    def _failed(self) -> dict[int, Entry]:
        """The entries of the items whose failure was not made good, by their indexes."""
        entries = {
            index: entry_of(self.recorder, result)
            for index, result in enumerate(self.items.live)
            if result is not None and result.status == "FAILED"
        }
        return {index: entry for index, entry in entries.items() if entry.outcome == "failed"}

    def _unfinished(self) -> dict[int, Job]:
        """The jobs that were cut off and have not been successful, in the order of their items."""
        live = self.items.live
        return {
            index: self._cut_off[index]
            for index in sorted(self._cut_off)
            if live[index] is None or live[index].status != "SUCCESSFUL"
        }

    def _unfinished_jobs(self) -> Iterator[Job]:
        unfinished, self._cut_off = self._unfinished(), {}
        for index, job in unfinished.items():
            result = self.items.live[index]
            again = result is not None
            yield self._rerun_job(index, entry_of(self.recorder, result)) if again else job

    def _rerun_job(self, index: int, entry: Entry) -> Job:
        job = rerun_job(entry)
        job.submission.batch, job.submission.item = self.stats, index
        return job


def _itself(job: Job) -> Job:
    return job
