"""One enqueue: where it comes from, what belongs to its task, and the job to be enqueued."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.retries import RetryPolicy, offered
from immediate_tasks_ipy.tasks.faults.locks import new_lock
from immediate_tasks_ipy.tasks.output import Output
from immediate_tasks_ipy.tasks.progress import Progress, progress_bar_in
from immediate_tasks_ipy.tasks.signals import task_finished, task_started

from .output_route import Route, current_route, redirect_to, tee_to

if TYPE_CHECKING:
    from .activity import Activity


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a task was enqueued."""

    #: How the task is called in the notebook, `add(2, 3)` or `cell [7]`.
    label: str | None = None
    #: The execution count of the cell.
    cell: int | None = None
    #: The text of that cell.
    source: str | None = None

    @property
    def unlabelled(self) -> Origin:
        """The same cell, for another task that is enqueued from it."""
        return self if self.label is None else Origin(None, self.cell, self.source)


#: The origin of tasks of which nothing is known.
UNKNOWN_ORIGIN = Origin()


class Submission:
    """One enqueue, from before its backend is called until its task has finished.

    The code that enqueues makes one and sets `current_submission` to it; the recorder
    attaches it to the entry of the first task that is enqueued in that context.
    Tasks that this one enqueues in turn get submissions of their own, from the
    same cell.
    """

    __slots__ = (
        "activity",
        "backend",
        "batch",
        "item",
        "note",
        "on_change",
        "origin",
        "output",
        "output_redirected",
        "parent",
        "policy",
        "progress",
        "rerun_of",
        "result_id",
    )

    def __init__(
        self,
        origin: Origin = UNKNOWN_ORIGIN,
        backend: BaseTaskBackend | None = None,
        *,
        output: Output | None = None,
        output_redirected: bool = False,
        note: str | None = None,
        policy: RetryPolicy | None = None,
        on_change: Callable[[Any], object] | None = None,
    ) -> None:
        self.origin = origin
        #: The backend that the task is handed to, where it is not the one of the task's alias.
        self.backend = backend
        #: What the task has written, as far as it is kept.
        self.output = output
        #: Does the output go to the task alone, so that no cell shows it?
        self.output_redirected = output_redirected
        #: A sentence to show beside the outcome.
        self.note = note
        #: What the task asks of databases and mailers, where its framework reports it.
        self.activity: Activity | None = None
        #: Whether the task is tried again after a failure, in the same result.
        self.policy = policy
        #: Called with the entry whenever it changes, on the thread that changes it; must be quick
        #: and never raise. Dropped when the task has finished.
        self.on_change = on_change
        #: The entry of the task that was running when this one was enqueued.
        self.parent: Any = None
        #: The entry of the first run, if this runs its task again.
        self.rerun_of: Any = None
        #: The batch that the task is an item of, and which, from 0: a `BatchStats` of `batches`.
        self.batch: Any = None
        self.item: int | None = None
        #: How far the task says it has come.
        self.progress: Progress | None = None
        #: The id of the result it belongs to, once there is one.
        self.result_id: str | None = None

    @property
    def is_attached(self) -> bool:
        """Whether it belongs to a result."""
        return self.result_id is not None

    def attached_to(self, result_id: str) -> Submission:
        """The submission of a result that is enqueued in this one's context.

        The first result is the one that it was made for. Those that its task
        enqueues in turn come from the same cell; the rest is their own.
        """
        if self.result_id is None:
            self.result_id = result_id
        if self.result_id == result_id:
            return self
        return Submission(self.origin.unlabelled).attached_to(result_id)

    @contextmanager
    def entered(self, *, keep_output: bool, redirect: bool) -> Iterator[Route | None]:
        """Have what is enqueued below belong to this submission, and what is written there kept.

        With `redirect`, the output goes to the task alone. Yields the route of
        the output, None if it is not kept.
        """
        token = current_submission.set(self)
        try:
            if not keep_output:
                yield None
                return
            self.output_redirected = redirect
            with (redirect_to if redirect else tee_to)(self) as route:
                yield route
        finally:
            current_submission.reset(token)

    def write(self, text: str) -> None:
        """Keep text that the task has written; from any thread."""
        output = self.output
        if output is None:
            with _lock:
                output = self.output = self.output or Output()
        output.write(text)
        if "[" in text:
            bar = progress_bar_in(text)
            if bar is not None:
                self.report(bar)

    def report(self, progress: Progress) -> None:
        """Take note of how far the task has come; from any thread."""
        before = self.progress
        self.progress = progress if before is None else before.followed_by(progress)

    def listen(self, callback: Callable[[Any], object]) -> None:
        """Call that back as well at every change of the entry; see `on_change`."""
        before = self.on_change
        self.on_change = callback if before is None else partial(_call_both, before, callback)


def _call_both(first: Callable[[Any], object], second: Callable[[Any], object], entry: Any) -> None:
    first(entry)
    second(entry)


@dataclass(slots=True)
class Job:
    """What to enqueue, where, with which arguments, and its submission. For one use."""

    task: Any
    backend: BaseTaskBackend
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    submission: Submission = field(default_factory=Submission)

    @property
    def is_async(self) -> bool:
        """Whether the task's function is a coroutine function."""
        return inspect.iscoroutinefunction(self.task.func)

    def enqueue(self) -> Any:
        """Hand the task to its backend."""
        return self._offering(self.backend.enqueue)

    async def aenqueue(self) -> Any:
        """Hand the task to its backend."""
        policy = self.submission.policy
        if policy is None:
            return await self.backend.aenqueue(self.task, self.args, dict(self.kwargs))
        with offered(policy):
            return await self.backend.aenqueue(self.task, self.args, dict(self.kwargs))

    def submit(self, loop: asyncio.AbstractEventLoop | None) -> Any:
        """Start the task in the background, an async function on `loop`."""
        return self._offering(partial(self.backend.submit, loop=loop))

    def _offering(self, enqueue: Callable[..., Any]) -> Any:
        policy = self.submission.policy
        if policy is None:
            return enqueue(self.task, self.args, dict(self.kwargs))
        with offered(policy):
            return enqueue(self.task, self.args, dict(self.kwargs))


#: Held where the output of a task is made, which most tasks never need.
_lock = new_lock()

#: The submission of the tasks that are enqueued in this context.
current_submission: ContextVar[Submission | None] = ContextVar("current_submission", default=None)


class PlainOutput:
    """Keeps a copy of what tasks write that plain code has enqueued, without a submission.

    A task's signals are sent in the context that its function runs in: a route is entered when
    it starts, and left when it has finished.
    """

    def __init__(self, entry_of: Callable[[Any], Any], *, is_on: Callable[[], bool]) -> None:
        """`entry_of` finds the entry of a result."""
        self._entry_of = entry_of
        self._is_on = is_on
        self._routes: dict[str, Route] = {}

    def connect(self) -> None:
        task_started.connect(self._started, weak=False, dispatch_uid=self)
        task_finished.connect(self._finished, weak=False, dispatch_uid=self)

    def disconnect(self) -> None:
        for signal in (task_started, task_finished):
            signal.disconnect(dispatch_uid=self)
        self._routes.clear()

    def _started(self, *, task_result: Any, **_: Any) -> None:
        entry, submission = self._entry_of(task_result), current_submission.get()
        if entry is None or (
            submission is not None
            and (submission is entry.submission or current_route.get() is None)
        ):
            return  # who has enqueued it has seen to its output, or wants no copy
        if self._is_on() and not _is_remote(entry):
            self._routes[task_result.id] = tee_to(_Copy(entry)).__enter__()

    def _finished(self, *, task_result: Any, **_: Any) -> None:
        if self._routes:
            route = self._routes.pop(task_result.id, None)
            if route is not None:
                route.__exit__()


class _Copy:
    """Writes to a task's entry while the task runs."""

    __slots__ = ("_entry",)

    def __init__(self, entry: Any) -> None:
        self._entry = entry

    def write(self, text: str, /) -> None:
        if not self._entry.result.is_finished:
            self._entry.append_output(text, redirected=False)


def _is_remote(entry: Any) -> bool:
    """Whether a task runs outside of this process, so that this context is not its own."""
    try:
        return bool(entry.backend.is_remote)
    except Exception:  # its alias is no longer configured
        return True
