"""The one way in which a shell starts a task: with its card, its output, its interrupts."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.error import UsageError
from IPython.display import display

from immediate_tasks_ipy.ipython.config import ImmediateTasks
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions
from immediate_tasks_ipy.ipython.presentation.live_card import GRACE, LiveCard, Render
from immediate_tasks_ipy.ipython.presentation.notices import Notices
from immediate_tasks_ipy.ipython.presentation.screen import BatchView, Picture, Screen
from immediate_tasks_ipy.task_history import Job, Recorder
from immediate_tasks_ipy.task_history.waiting import wait, wait_blocking
from immediate_tasks_ipy.tasks.backends.event_loop import run_without_suspending
from immediate_tasks_ipy.tasks.exceptions import InvalidTask
from immediate_tasks_ipy.tasks.sync import has_running_loop

from .interrupts import guarded, guarded_sync
from .job_card import JobCard
from .shell_loop import run_on_shell_loop
from .synchronous_cells import synchronous_code

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from immediate_tasks_ipy.batches import BatchStats

logger = logging.getLogger("immediate_tasks_ipy")


class Mode(Protocol):
    """How a job is brought to its end: awaited on the running loop, or blocking this thread."""

    async def run(self, body: Callable[[], Awaitable[None]], stop: Callable[[], object]) -> None:
        """Await the body; `stop` ends what it waits for at an interrupt."""

    async def enqueue(self, job: Job) -> Any:
        """Hand the job to its backend; returns its result."""

    async def finished(self, recorder: Recorder, result: Any) -> None:
        """Return when the result is finished."""


class Awaiting:
    """On the running loop: async functions are awaited there, others run in place."""

    async def run(self, body: Callable[[], Awaitable[None]], stop: Callable[[], object]) -> None:
        await guarded(body, stop)

    async def enqueue(self, job: Job) -> Any:
        if job.is_async and job.backend.finishes_tasks:
            return await job.aenqueue()
        with synchronous_code():
            return job.enqueue()

    async def finished(self, _recorder: Recorder, result: Any) -> None:
        await wait(result)


class Blocking:
    """Without awaiting: sync functions run in place, async ones on a loop of their own."""

    async def run(self, body: Callable[[], Awaitable[None]], _stop: Callable[[], object]) -> None:
        await body()

    async def enqueue(self, job: Job) -> Any:
        return job.enqueue()

    async def finished(self, recorder: Recorder, result: Any) -> None:
        wait_blocking(recorder, [result])


class Launcher:
    """Launches the jobs of one shell, and is its session."""

    def __init__(
        self,
        shell: InteractiveShell,
        recorder: Recorder,
        config: ImmediateTasks,
        *,
        screen: Screen,
        notices: Notices,
    ) -> None:
        self.shell = shell
        self.recorder = recorder
        self.config = config
        self.screen = screen
        self.notices = notices
        #: Makes the notebook's panel; raises ImportError where there is none.
        self.panel: Callable[[], Any] = _no_panel
        #: The loop that a kernel runs on between cells; None in a terminal.
        self.loop: asyncio.AbstractEventLoop | None = None
        #: The card of the synchronous job that occupies the main thread, if one does.
        self.foreground: JobCard | None = None

    # -- the session ----------------------------------------------------------

    @property
    def has_magics(self) -> bool:
        """Whether the shell is IPython's, and not what stands for one (see `api.session`)."""
        return hasattr(self.shell, "magics_manager")

    @property
    def cell(self) -> int:
        """The execution count of the cell that runs."""
        count: int = self.shell.displayhook.prompt_count
        return count

    @property
    def keeps_output(self) -> bool:
        """Whether a copy of what tasks write is kept."""
        return self.config.capture

    def note_loop(self) -> None:
        """Remember the kernel's loop; called on its thread."""
        if self.screen.is_kernel and has_running_loop():
            self.loop = asyncio.get_running_loop()

    # -- launching --------------------------------------------------------------

    def launch(self, job: Job, options: EnqueueOptions, *, shown: bool = False) -> Any:
        """Enqueue a job without awaiting; returns its result, finished if it is waited for.

        `shown` says that the shell displays the value itself.
        """
        __tracebackhide__ = True
        if not options.background and job.is_async and not has_running_loop():
            return run_on_shell_loop(self.alaunch(job, options, shown=shown))

        def body() -> Any:
            __tracebackhide__ = True
            return run_without_suspending(self._launch(job, options, Blocking(), shown=shown))

        return guarded_sync(body)

    async def alaunch(self, job: Job, options: EnqueueOptions, *, shown: bool = False) -> Any:
        """The same on the running loop, where an interrupt ends what is awaited."""
        __tracebackhide__ = True
        return await self._launch(job, options, Awaiting(), shown=shown)

    async def _launch(self, job: Job, options: EnqueueOptions, mode: Mode, *, shown: bool) -> Any:
        __tracebackhide__ = True
        card = JobCard(job, options, self.card, shell=self.shell, notices=self.notices, shown=shown)
        with self._presented(job, options, card):
            await mode.run(partial(self._run, job, options, mode, card), card.interrupt)
        return card.result

    async def _run(self, job: Job, options: EnqueueOptions, mode: Mode, card: JobCard) -> None:
        __tracebackhide__ = True
        keep_output = self.keeps_output and options.capture
        submission = job.submission
        with submission.entered(keep_output=keep_output, redirect=options.background) as route:
            card.route = route
            try:
                if options.background:
                    result = job.submit(self.loop)
                else:
                    result = await mode.enqueue(job)
            except InvalidTask as error:
                # What a function takes along is looked at when it is enqueued.
                raise UsageError(str(error)) from None
            card.result = result
            self.recorder.attach(submission, result)
            waits = options.wait or (job.backend.finishes_tasks and not options.background)
            if waits and not result.is_finished:
                await mode.finished(self.recorder, result)

    @contextmanager
    def _presented(self, job: Job, options: EnqueueOptions, card: JobCard) -> Iterator[None]:
        """The job's card, from its first sign of life to its last."""
        if not (job.is_async or options.background):
            self.foreground = card
        card.begin()
        try:
            yield
        except BaseException:
            # An interrupt: the cell has no value that the shell could show.
            card.shown = False
            raise
        finally:
            self.foreground = None
            card.end()

    # -- what a line asks for around its jobs ---------------------------------------

    def shown_options(self, options: EnqueueOptions) -> EnqueueOptions:
        """The options with how the tasks show settled; the panel is shown here, if it is to be.

        Where there is no panel, the tasks get cards.
        """
        mode = options.display or self.config.display
        if mode == "panel":
            if not self.screen.is_kernel:
                mode = "card"
            else:
                try:
                    display(self.panel())
                except ImportError:
                    logger.warning("The panel needs anywidget: pip install anywidget.")
                    mode = "card"
        return dataclasses.replace(options, display=mode)

    def card(self, render: Render, options: EnqueueOptions) -> LiveCard:
        """A card that draws what `render(now)` returns."""
        return LiveCard(
            self.screen,
            render,
            mode=options.display or self.config.display,
            live=self.config.live,
            rate=self.config.refresh_rate,
        )

    def batch_card(self, stats: BatchStats, options: EnqueueOptions) -> LiveCard:
        """A card of a batch."""

        def render(now: datetime) -> Picture:
            return BatchView(stats, now)

        return self.card(render, options)

    @contextmanager
    def batch_shown(
        self, stats: BatchStats, options: EnqueueOptions | None = None
    ) -> Iterator[None]:
        """Show the card of a batch in the running cell, for as long as this is entered."""
        card = self.batch_card(stats, options or EnqueueOptions())
        card.begin(GRACE)
        try:
            yield
        finally:
            card.finish()

    def cell_value(
        self, value: Any, results: list[Any], options: EnqueueOptions, *, quiet: bool
    ) -> Any:
        """Bind, raise and return what a line asks for; `value` is what its tasks came to."""
        __tracebackhide__ = True
        if options.out is not None:
            self.shell.user_ns[options.out] = value
        if options.raise_failure:
            for result in results:
                if result.status == "FAILED":
                    raise self._error(result)
        if quiet:
            return None
        if self.screen.is_kernel or options.display == "none":
            self.screen.last_displayed = value
        return value

    def _error(self, result: Any) -> BaseException:
        """The exception that failed a task: its own, or one that quotes it."""
        error = self.recorder.exception(result)
        if error is not None:
            return error
        last = result.errors[-1] if result.errors else None
        text = last.traceback or last.exception_class_path if last is not None else None
        return RuntimeError(text or f"Task {result.id} failed")


def _no_panel() -> Any:
    msg = "No panel in this shell."
    raise ImportError(msg)
