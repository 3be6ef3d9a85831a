"""Runs a batch with its card: awaited, in place, or in the background."""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from immediate_tasks_ipy.task_history import Batch
from immediate_tasks_ipy.tasks.backends.helper_loop import helper_loop
from immediate_tasks_ipy.tasks.sync import async_to_sync, has_running_loop

from .batch import ItemError
from .batch_plan import ReadyBatch
from .interrupts import guarded
from .live_card import GRACE, LiveCard
from .picture import BatchPicture, Picture
from .runner import Runner
from .shell_loop import run_on_shell_loop
from .task_results import TaskResults

logger = logging.getLogger("immediate_tasks_ipy")


class BatchRunner:
    """Enqueues batches for one shell, each with its card."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run(self, ready: ReadyBatch, options: Namespace, *, quiet: bool) -> Any:
        """Run a batch without awaiting: sync functions in place, all else on a loop of its own."""
        __tracebackhide__ = True
        self._runner.listen(ready.backend)
        self._runner.open_panel(options)
        if options.background:
            return self._in_background(ready, options, quiet=quiet)
        if ready.is_sync:
            with self._presented(ready, options):
                ready.each.run_sync(ready.items)
        elif has_running_loop():
            with self._presented(ready, options):
                async_to_sync(ready.each.run, ready.items)
        else:
            return run_on_shell_loop(self.arun(ready, options, quiet=quiet))
        return self._conclude(ready, options, quiet=quiet)

    async def arun(self, ready: ReadyBatch, options: Namespace, *, quiet: bool) -> Any:
        """Run a batch on the running loop."""
        __tracebackhide__ = True
        self._runner.listen(ready.backend)
        self._runner.open_panel(options)
        if options.background:
            return self._in_background(ready, options, quiet=quiet)

        async def body() -> None:
            __tracebackhide__ = True
            await ready.each.run(ready.items)

        def stop() -> None:
            ready.each.stop(KeyboardInterrupt())

        with self._presented(ready, options):
            await guarded(body, stop)
        return self._conclude(ready, options, quiet=quiet)

    def _in_background(self, ready: ReadyBatch, options: Namespace, *, quiet: bool) -> Any:
        card = self._card(ready.batch, options)
        loop = self._runner.kernel_loop or helper_loop()
        future = asyncio.run_coroutine_threadsafe(ready.each.run(ready.items), loop)

        def ended(_: Any) -> None:
            error = future.exception() if not future.cancelled() else None
            if error is not None and not isinstance(error, ItemError):
                logger.error("A batch in the background ended early.", exc_info=error)
            self._runner.refresher.schedule(card.last_picture, 0)
            if not self._runner.screen.is_kernel:
                self._runner.notices.add_text(
                    BatchPicture(ready.batch, datetime.now().astimezone()).text()
                )

        card.begin(0)
        future.add_done_callback(ended)
        return self._conclude(ready, options, quiet=quiet)

    @contextmanager
    def _presented(self, ready: ReadyBatch, options: Namespace) -> Iterator[None]:
        card = self._card(ready.batch, options)
        card.begin(GRACE)
        try:
            yield
        finally:
            card.finish()

    def _card(self, batch: Batch, options: Namespace) -> LiveCard:
        def render(now: datetime) -> Picture:
            return BatchPicture(batch, now)

        return self._runner.card(render, self._runner.mode(options))

    def _conclude(self, ready: ReadyBatch, options: Namespace, *, quiet: bool) -> Any:
        __tracebackhide__ = True
        results = TaskResults(ready.each.live_results)
        return self._runner.conclude(results, ready.each.results, options, quiet=quiet)
