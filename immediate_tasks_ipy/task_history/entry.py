"""One task in the history: its result, its submission, what happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.foreign import adapt

from .submission import UNKNOWN_ORIGIN, Origin, Submission

if TYPE_CHECKING:
    from immediate_tasks_ipy.tasks.progress import Progress

    from .activity import Activity

#: See `Entry.outcome`.
Outcome = Literal["ready", "running", "successful", "failed", "superseded", "cancelled"]

#: Bits of `Entry.signals`: which of the three signals were seen.
ENQUEUED, STARTED, FINISHED = 1, 2, 4


class Entry:
    """A task's row in the history.

    `result` is mutated in place by its backend, so that an entry is always
    current; `transitions` is only kept apart from it where the result's own
    timestamps are not enough (more than one attempt).
    """

    __slots__ = (
        "__weakref__",
        "children_by_key",
        "key",
        "result",
        "run_number",
        "runs",
        "signals",
        "submission",
        "transitions",
        "was_cancelled",
    )

    def __init__(self, key: int, result: Any, submission: Submission | None = None) -> None:
        #: Position in order of arrival, from 1; never used twice in a history.
        self.key = key
        self.result = result
        #: None for a task that was enqueued without one: by plain code, or by another process.
        self.submission = submission
        self.signals = 0
        self.transitions: list[tuple[str, datetime]] | None = None
        #: The `Runs` of its task; None as long as there is no second one.
        self.runs: Any = None
        #: Which run of its task this is, from 1.
        self.run_number = 1
        #: The entries of the tasks that this one enqueued, by their keys.
        self.children_by_key: dict[int, Entry] | None = None
        #: Did the user cancel it?
        self.was_cancelled = False

    @property
    def outcome(self) -> Outcome:
        """What the task has come to, in one word: the status, or more where it is FAILED.

        `cancelled` by the user; `superseded` by a later run, which has made the failure good or
        is about to; `failed` is what is neither.
        """
        status = str(self.result.status)
        if status != "FAILED":
            return status.lower()  # type: ignore[return-value]
        if self.is_cancelled:
            return "cancelled"
        return "superseded" if self.runs is not None and self.runs.supersede(self) else "failed"

    @property
    def is_cancelled(self) -> bool:
        """Whether the user has ended the task: cancelled it, or pressed the stop button."""
        result = self.result
        if str(result.status) != "FAILED" or not result.errors:
            return False
        path = str(result.errors[-1].exception_class_path)
        if path == "builtins.KeyboardInterrupt":
            return True
        return self.was_cancelled and path.rpartition(".")[2] == "CancelledError"

    @property
    def children(self) -> list[Entry]:
        """The entries of the tasks that this one enqueued while it ran, oldest first."""
        return list(self.children_by_key.values()) if self.children_by_key else []

    @property
    def progress(self) -> Progress | None:
        """How far the task says it has come; None if it says nothing."""
        return None if self.submission is None else self.submission.progress

    def report(self, progress: Progress) -> None:
        """Take note of how far the task has come; from any thread."""
        self.own_submission().report(progress)

    @property
    def batch(self) -> Any:
        """The batch that the task is an item of: its `BatchStats`, with label, id and counts."""
        return None if self.submission is None else self.submission.batch

    @property
    def item(self) -> int | None:
        """Which item of its batch it is, from 0."""
        return None if self.submission is None else self.submission.item

    @property
    def backend(self) -> BaseTaskBackend:
        """The backend that the task belongs to, for refresh, cancel and re-run.

        Raises InvalidTaskBackend if its alias is no longer configured.
        """
        if self.submission is not None and self.submission.backend is not None:
            return self.submission.backend
        return adapt(self.result.task.get_backend())

    @property
    def is_remote(self) -> bool:
        """Whether the task runs outside of this process, as far as its backend is known."""
        try:
            return self.backend.is_remote
        except Exception:  # its alias is no longer configured, or its class is gone
            return False

    @property
    def origin(self) -> Origin:
        """Where the task was enqueued, as far as that is known."""
        return UNKNOWN_ORIGIN if self.submission is None else self.submission.origin

    @property
    def parent(self) -> Entry | None:
        """The entry of the task that enqueued this one."""
        parent: Entry | None = None if self.submission is None else self.submission.parent
        return parent

    @property
    def rerun_of(self) -> Entry | None:
        """The entry of the first run, if this ran its task again."""
        first: Entry | None = None if self.submission is None else self.submission.rerun_of
        return first

    @property
    def lifecycle(self) -> list[tuple[str, datetime]]:
        """The states the task went through, each with its time."""
        if self.transitions is not None:
            return list(self.transitions)
        result = self.result
        steps = []
        if result.enqueued_at is not None:
            steps.append(("READY", result.enqueued_at))
        if result.started_at is not None:
            steps.append(("RUNNING", result.started_at))
        if result.finished_at is not None:
            steps.append((str(result.status), result.finished_at))
        return steps

    @property
    def seconds(self) -> float | None:
        """How long the last attempt ran, in seconds; None until it has finished."""
        result = self.result
        if result.finished_at is None:
            return None
        began = result.last_attempted_at or result.started_at or result.enqueued_at
        if began is None:
            return 0.0
        return max(0.0, float((result.finished_at - began).total_seconds()))

    @property
    def running_seconds(self) -> float:
        """How long the attempt that runs has been running, in seconds; 0 while none does."""
        result = self.result
        began = result.last_attempted_at or result.started_at
        if result.status != "RUNNING" or began is None:
            return 0.0
        return max(0.0, float((datetime.now(began.tzinfo) - began).total_seconds()))

    @property
    def output(self) -> str:
        """What the task wrote, as far as it was kept."""
        if self.submission is None or self.submission.output is None:
            return ""
        return self.submission.output.text

    @property
    def output_redirected(self) -> bool:
        """Whether the output went to the task alone: no cell shows it."""
        return self.submission is not None and self.submission.output_redirected

    def append_output(self, text: str, *, redirected: bool = True) -> None:
        """Keep text that a task wrote; if `redirected`, no cell shows it. From any thread."""
        submission = self.own_submission()
        submission.write(text)
        if redirected:
            submission.output_redirected = True

    @property
    def note(self) -> str | None:
        """A sentence to show beside the outcome."""
        note = None if self.submission is None else self.submission.note
        if getattr(self.result, "_abandoned", False):
            may_run = "The function could not be stopped and may still be running."
            return may_run if note is None else f"{may_run} {note}"
        return note

    @note.setter
    def note(self, note: str | None) -> None:
        self.own_submission().note = note

    @property
    def activity(self) -> Activity | None:
        """What the task asks of databases and mailers; None where that is not reported."""
        return None if self.submission is None else self.submission.activity

    def own_submission(self) -> Submission:
        """The submission, made for a task that was enqueued without one."""
        if self.submission is None:
            self.submission = Submission()
            self.submission.result_id = self.result.id
        return self.submission


class RecorderObserver(Protocol):
    """Called at every change, on the thread that caused it; must be quick and never raise."""

    def changed(self, entry: Entry) -> None: ...

    def removed(self, keys: list[int]) -> None: ...
