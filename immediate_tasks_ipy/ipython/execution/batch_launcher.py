"""Launches a batch with its card: awaited, in place, or in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.batches import BatchRun, BatchStats, ItemError, TaskResults
from immediate_tasks_ipy.batches.resume_file import ResumeFile, ResumeFileError
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions
from immediate_tasks_ipy.ipython.planning.planner import Batch
from immediate_tasks_ipy.ipython.presentation.screen import BatchView
from immediate_tasks_ipy.tasks.backends.event_loop import background_loop
from immediate_tasks_ipy.tasks.sync import async_to_sync, has_running_loop

from .interrupts import guarded, guarded_sync
from .launcher import Launcher
from .shell_loop import run_on_shell_loop

logger = logging.getLogger("immediate_tasks_ipy")


class BatchLauncher:
    """Runs batches for one shell, each with its card.

    The results are bound to the variables that the line names before the first task begins, and
    fill while the batch runs: however it ends, what there is is not lost.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def launch(
        self, batch: Batch, options: EnqueueOptions, *, quiet: bool, name: str | None = None
    ) -> Any:
        """Run a batch without awaiting: sync functions in place, all else on a loop of its own.

        `name` is the variable that the value is assigned to.
        """
        __tracebackhide__ = True
        results, run = self._bound(batch, options, name)
        if options.background:
            return self._in_background(results, run, options, quiet=quiet)
        if not batch.in_place and not has_running_loop():
            return run_on_shell_loop(self._arun(results, run, options, quiet=quiet))

        def body() -> None:
            __tracebackhide__ = True
            with in_one_line(), self._launcher.batch_shown(run.stats, options):
                if batch.in_place:
                    run.run_sync()
                else:
                    async_to_sync(run.run, interrupted_by=KeyboardInterrupt())

        guarded_sync(body)
        return self._value(results, options, quiet=quiet)

    async def alaunch(
        self, batch: Batch, options: EnqueueOptions, *, quiet: bool, name: str | None = None
    ) -> Any:
        """Run a batch on the running loop."""
        __tracebackhide__ = True
        results, run = self._bound(batch, options, name)
        if options.background:
            return self._in_background(results, run, options, quiet=quiet)
        return await self._arun(results, run, options, quiet=quiet)

    async def _arun(
        self, results: TaskResults, run: BatchRun, options: EnqueueOptions, *, quiet: bool
    ) -> Any:
        __tracebackhide__ = True

        async def body() -> None:
            __tracebackhide__ = True
            await run.run()

        def stop() -> None:
            run.stop(KeyboardInterrupt())

        with in_one_line(), self._launcher.batch_shown(run.stats, options):
            await guarded(body, stop)
        return self._value(results, options, quiet=quiet)

    def _in_background(
        self, results: TaskResults, run: BatchRun, options: EnqueueOptions, *, quiet: bool
    ) -> Any:
        launcher = self._launcher
        card = launcher.batch_card(run.stats, options)
        loop = launcher.loop or background_loop.loop
        run.stats.is_in_background = True
        future = asyncio.run_coroutine_threadsafe(run.run(), loop)

        def ended(_: Any) -> None:
            error = future.exception() if not future.cancelled() else None
            if error is not None and not isinstance(error, ItemError):
                logger.error("A batch in the background ended early.", exc_info=error)
            card.finish_later()
            if not launcher.screen.is_kernel:
                now = datetime.now().astimezone()
                launcher.notices.add_text(BatchView(run.stats, now).text())

        card.begin(0)
        future.add_done_callback(ended)
        return self._value(results, options, quiet=quiet)

    def _bound(
        self, batch: Batch, options: EnqueueOptions, name: str | None
    ) -> tuple[TaskResults, BatchRun]:
        """The run of a batch, and its results, bound to the variables that the line names."""
        stats = BatchStats(batch.label, batch.total)
        stats.name = name or options.out
        stats.source = batch.source
        run = BatchRun(
            batch.jobs,
            stats=stats,
            concurrency=batch.concurrency,
            may_grow=options.concurrency is None,
            timeout=options.timeout,
            capture=self._launcher.keeps_output and options.capture,
            wait=True if options.wait else None,
            in_place=batch.in_place,
            recorder=self._launcher.recorder,
            store=_store(options),
        )
        results = TaskResults(batch=run)
        for variable in (name, options.out):
            if variable is not None:
                self._launcher.shell.user_ns[variable] = results
        return results, run

    def _value(self, results: TaskResults, options: EnqueueOptions, *, quiet: bool) -> Any:
        __tracebackhide__ = True
        return self._launcher.cell_value(results, list(results), options, quiet=quiet)


@contextmanager
def in_one_line() -> Iterator[None]:
    """A task that its backend refuses is one line, as for a single call."""
    __tracebackhide__ = True
    try:
        yield
    except ItemError as error:
        if not error.is_refusal:
            raise
        raise UsageError(str(error)) from None


def _store(options: EnqueueOptions) -> ResumeFile | None:
    if options.resume is None:
        return None
    try:
        return ResumeFile(options.resume)
    except ResumeFileError as error:
        msg = f"--resume {error}"
        raise UsageError(msg) from None
