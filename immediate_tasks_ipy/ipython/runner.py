"""Runs one job with everything around it: origin, captured output, card, waiting, interrupts."""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from immediate_tasks_ipy.task_history import Entry, Origin, Output, TaskHistory
from immediate_tasks_ipy.task_history.actions import cancel
from immediate_tasks_ipy.task_history.origin import current_origin
from immediate_tasks_ipy.task_history.waiting import wait, wait_blocking
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, TaskNotCancellable
from immediate_tasks_ipy.tasks.sync import has_running_loop

from .capture import copy_to, move_to
from .config import ImmediateTasks
from .deadline import Deadline
from .followed_task import FollowedTask
from .interrupts import guarded
from .job import Job
from .live_card import GRACE, LiveCard, Render
from .notices import Notices
from .refresher import Refresher
from .screen import Screen
from .shell_loop import run_on_shell_loop
from .targets import is_django_task

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


logger = logging.getLogger("immediate_tasks_ipy")


class Runner:
    """Enqueues jobs for one shell, each with its card."""

    def __init__(
        self,
        shell: InteractiveShell,
        history: TaskHistory,
        config: ImmediateTasks,
        *,
        screen: Screen,
        refresher: Refresher,
        notices: Notices,
    ) -> None:
        self.shell = shell
        self.history = history
        self.config = config
        self.screen = screen
        self.refresher = refresher
        self.notices = notices
        #: Makes the notebook's panel.
        self.panel: Callable[[], Any] = _no_panel
        #: The loop that a kernel runs on between cells; None in a terminal.
        self.kernel_loop: asyncio.AbstractEventLoop | None = None
        #: The task that a synchronous function runs for in place, if one does.
        self.foreground: FollowedTask | None = None

    def note_loop(self) -> None:
        """Remember the kernel's loop; called on its thread."""
        if self.screen.is_kernel and has_running_loop():
            self.kernel_loop = asyncio.get_running_loop()

    def mode(self, options: Namespace) -> str:
        """How the tasks of a line show."""
        return str(options.display or self.config.display)

    def open_panel(self, options: Namespace) -> None:
        """Show the panel, where the tasks of a line are to show there; else they get cards."""
        if self.mode(options) != "panel":
            return
        if self.screen.is_kernel:
            try:
                display(self.panel())
            except ImportError:
                logger.warning("The panel needs anywidget: pip install anywidget.")
            else:
                return
        options.display = "card"

    def card(self, render: Render, mode: str) -> LiveCard:
        """A card that draws what `render(now)` returns."""
        return LiveCard(
            self.screen,
            self.refresher,
            render,
            mode=mode,
            live=self.config.live,
            rate=self.config.refresh_rate,
        )

    def run(self, job: Job, options: Namespace, *, shown: bool) -> Any:
        """Enqueue without awaiting: sync functions in place, async ones on a loop of their own.

        Returns the result. `shown` says that the shell displays the value itself.
        """
        __tracebackhide__ = True
        if not options.background and job.is_async and not has_running_loop():
            return run_on_shell_loop(self.arun(job, options, shown=shown))
        with (
            self._presented(job, options, shown=shown) as presented,
            self._context(job, options) as route,
        ):
            presented.route = route
            result = self._started(job, options)
            presented.result = result
            if self._waits(job, options, result):
                wait_blocking(self.history, [result])
        return presented.result

    async def arun(self, job: Job, options: Namespace, *, shown: bool) -> Any:
        """Enqueue on the running loop: async functions are awaited there, others run in place."""
        __tracebackhide__ = True

        async def body() -> Any:
            with self._context(job, options) as route:
                presented.route = route
                if options.background or not (job.is_async and job.is_waited_for):
                    result = self._started(job, options)
                else:
                    result = await job.backend.aenqueue(job.task, job.args, job.kwargs)
                presented.result = result
                if self._waits(job, options, result):
                    await wait(result)
                return result

        with self._presented(job, options, shown=shown) as presented:
            await guarded(body, presented.interrupt)
        return presented.result

    def conclude(self, value: Any, results: list[Any], options: Namespace, *, quiet: bool) -> Any:
        """Bind, raise and return what a line asks for; `value` is what its tasks came to."""
        __tracebackhide__ = True
        if options.out is not None:
            self.shell.user_ns[options.out] = value
        if vars(options)["raise"]:
            for result in results:
                if result.status == "FAILED":
                    raise self._error(result)
        if quiet:
            return None
        if self.screen.is_kernel or options.display == "none":
            self.screen.just_shown = value
        return value

    def _error(self, result: Any) -> BaseException:
        """The exception that failed a task: its own, or one that quotes it."""
        error = self.history.exception(result)
        if error is not None:
            return error
        last = result.errors[-1] if result.errors else None
        return RuntimeError(last.traceback if last is not None else f"Task {result.id} failed")

    def refuse(self, job: Job, options: Namespace) -> None:
        """Raise UsageError for what the job's backend can't do, before anything runs."""
        name = type(job.backend).__name__
        if options.wait and not (job.is_waited_for or job.backend.supports_get_result):
            msg = f"{name} never tells that a task has finished: leave out --wait"
            raise UsageError(msg)
        if options.timeout is None:
            return
        if not getattr(job.backend, "supports_cancel", False):
            msg = f"{name} can't stop a task once it is enqueued: leave out --timeout"
            raise UsageError(msg)
        if not (job.is_async or _is_remote(job) or options.background):
            msg = (
                "--timeout can't stop a synchronous task in the foreground: add --background, "
                "or make the function async"
            )
            raise UsageError(msg)

    def listen(self, backend: Any) -> None:
        """Have what becomes of tasks that run elsewhere arrive in the history."""
        if hasattr(backend, "on_output"):
            type(backend).on_output = staticmethod(self._output_arrived)
            type(backend).on_released = staticmethod(self.history.on_released)

    def _output_arrived(self, result: Any, text: str) -> None:
        entry = self.history.add(result)
        if entry.origin is None:
            entry.origin = Origin()
        if entry.origin.output is None:
            entry.origin.output = Output()
        entry.origin.output.write(text)
        entry.origin.output_moved = True
        self.history.changed(entry)

    def _started(self, job: Job, options: Namespace) -> Any:
        self.listen(job.backend)
        if options.background:
            result = job.backend.submit(job.task, job.args, job.kwargs, loop=self.kernel_loop)
        else:
            result = job.backend.enqueue(job.task, job.args, job.kwargs)
        if not result.is_finished and is_django_task(job.task):
            from immediate_tasks_ipy import django_bridge

            django_bridge.follow(self.history, self.history.add(result))
        return result

    def _waits(self, job: Job, options: Namespace, result: Any) -> bool:
        if result.is_finished or options.background:
            return False
        return bool(job.is_waited_for or options.wait)

    @contextmanager
    def _context(self, job: Job, options: Namespace) -> Iterator[Any]:
        """Mark what is enqueued, and what is written, as this job's."""
        with ExitStack() as stack:
            token = current_origin.set(job.origin)
            stack.callback(current_origin.reset, token)
            route = None
            if self.config.capture and not options.no_capture:
                job.origin.output = output = Output()
                job.origin.output_moved = options.background
                route = stack.enter_context((move_to if options.background else copy_to)(output))
            try:
                yield route
            except InvalidTask as error:
                # What a function takes along is looked at when it is enqueued.
                raise UsageError(str(error)) from None

    @contextmanager
    def _presented(self, job: Job, options: Namespace, *, shown: bool) -> Iterator[_Presented]:
        """The job's card, from its first sign of life to its last."""
        followed = FollowedTask(self.history, job.origin)
        presented = _Presented(followed)
        card = self.card(followed.render, self.mode(options))
        followed.follow()
        if not (job.is_async or options.background):
            self.foreground = followed
        card.begin(0 if options.background else GRACE)
        if options.timeout is not None:
            self.refresher.schedule(Deadline(followed, options.timeout), options.timeout)
        try:
            yield presented
        except BaseException:
            # An interrupt: the cell has no value that the shell could show.
            shown = False
            raise
        finally:
            self.foreground = None
            if presented.route is not None and presented.route.cleared:
                card.show_anew()
            result = presented.result
            if result is None or result.is_finished:
                shown = shown and not (vars(options)["raise"] and _failed(result))
                followed.leave()
                card.finish(printed=not shown)
            else:
                self._leave_behind(followed, card, shown=shown)

    def _leave_behind(self, followed: FollowedTask, card: LiveCard, *, shown: bool) -> None:
        """The cell is done, its task is not: the card goes on, and a failure is not silent."""

        def ended(entry: Entry) -> None:
            followed.leave()
            self.refresher.schedule(card.last_picture, 0)
            if not self.screen.is_kernel or not card.is_visible:
                self.notices.add(entry)

        card.stay(printed=not shown, followed=followed.is_followed)
        followed.on_end(ended)


def _failed(result: Any) -> bool:
    return result is not None and result.status == "FAILED"


def _no_panel() -> Any:
    msg = "No panel in this shell."
    raise ImportError(msg)


class _Presented:
    """What the body of a `with` reports to the card around it."""

    def __init__(self, followed: FollowedTask) -> None:
        self.result: Any = None
        self.route: Any = None
        self._followed = followed

    def interrupt(self) -> None:
        """Fail the task with KeyboardInterrupt, where its backend can."""
        entry = self._followed.entry
        if entry is None or entry.result.is_finished:
            return
        with suppress(TaskNotCancellable):
            cancel(entry.result, error=KeyboardInterrupt())


def _is_remote(job: Job) -> bool:
    return bool(getattr(job.backend, "supports_get_result", False))
