"""What is shown of a task at one moment: decided here, drawn by cards, texts and the panel."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.values import is_live

from .changes import change_count, changed_places
from .related.lines import at_attempt, background_words, shown_progress, shown_status
from .times import between, clock, duration, elapsed, full_date, local, short_clock
from .values import (
    HEADLINE,
    arguments_text,
    call_text,
    clipped_lines,
    one_line,
    parameters,
    preview,
    visible,
)

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

    from .previews.live_value import LiveView
    from .traceback_view import TracebackView

GLYPHS = {"READY": "○", "RUNNING": "◐", "SUCCESSFUL": "✓", "FAILED": "✕", "CANCELLED": "⊘"}
#: Characters of an id that are shown where it is to be typed: `%tasks show 7b1e4c02`.
ID_PREFIX = 8
#: Characters of a note, and of the name of a queue, a backend or a worker.
NOTE, NAME = 400, 40
#: The last step of the path to a mapping's key.
_KEY = "(key)"


class TaskSummary:
    """One task at one moment.

    `now` (aware) is what a running task is measured to. Status and times are
    read at once, so that every form drawn from a summary says the same; the
    rest is read when it is asked for. Whatever is read may raise if the
    result is not what a backend makes: who draws says so.
    """

    def __init__(self, entry: Entry, now: datetime) -> None:
        self.entry = entry
        self.now = now
        #: `READY`, `RUNNING`, `SUCCESSFUL` or `FAILED`.
        self.status = one_line(str(entry.result.status), 20)
        #: The same, but `CANCELLED` for what the user has ended.
        self.shown_status = shown_status(entry)
        self.glyph = glyph(self.shown_status)
        self._steps = entry.lifecycle
        #: The status, and what follows it: `("SUCCESSFUL", "in 0.12 ms")`.
        self.status_text = (self.shown_status, self._status_details())

    def _status_details(self) -> str:
        result = self.entry.result
        if self.status == "RUNNING":
            if progress := shown_progress(self.entry, self.now):
                return progress
            since = self._since(result.last_attempted_at or result.started_at)
            if self.in_background and not self.entry.is_remote:
                since = f"{since.partition(',')[0]} {background_words()}".lstrip()
            return f"{at_attempt(self.entry)}{since}"
        if self.status == "READY":
            later = result.task.run_after
            if later is not None and (between(self.now, later) or 0) > 0:
                return f"not before {full_date(later)[:19]}"
            return self._since(self._steps[-1][1] if self._steps else None)
        if not (took := self.took):
            return ""
        if self.shown_status == "CANCELLED":
            return f"by you after {took}"
        text = f"{at_attempt(self.entry)}{'after' if self.status == 'FAILED' else 'in'} {took}"
        if (activity := self.entry.activity) is None or not activity.query_count:
            return text
        from .activity import count_text

        return f"{text}, {count_text(activity)}"

    def _since(self, start: datetime | None) -> str:
        if start is None or (seconds := between(start, self.now)) is None:
            return ""
        return f"for {elapsed(seconds)}, since {short_clock(start)}"

    @property
    def in_background(self) -> bool:
        """Whether the task runs apart from a cell, which does not show its output."""
        return self.entry.output_redirected

    @property
    def took(self) -> str:
        """How long the last attempt ran, `0.12 ms`; empty until it has finished."""
        seconds = self.entry.seconds
        return "" if seconds is None else duration(seconds)

    # -- what was called, and what came of it ----------------------------

    def call(self, limit: int = 72) -> str:
        """The call as written in the notebook, else `name(arguments)`."""
        return call_text(self.entry, limit)

    @property
    def value(self) -> Any:
        """The return value; of a successful task only."""
        return self.entry.result.return_value

    def headline(self, limit: int = HEADLINE) -> str:
        """Class and first line of the message of the exception that failed the task."""
        from .tracebacks import error_headline

        errors = self.entry.result.errors
        return error_headline(errors[-1], limit) if errors else "no error was recorded"

    @property
    def exception_class(self) -> str:
        """The class of that exception with its module; empty where no error was recorded."""
        errors = self.entry.result.errors
        return one_line(str(errors[-1].exception_class_path), HEADLINE) if errors else ""

    def traceback(self, *, full: bool = False) -> TracebackView | None:
        """What to show of the errors; None where none were recorded."""
        from .traceback_view import TracebackView

        errors = self.entry.result.errors
        return TracebackView.of(errors, full=full) if errors else None

    @property
    def note(self) -> str:
        """The sentence beside the outcome, if there is one."""
        note = self.entry.note or ""
        if not note and self.entry.outcome == "superseded":
            note = "A later attempt took its place, so this failure is not counted."
        return one_line(note, NOTE)

    def output(self, lines: int, characters: int) -> tuple[str, int]:
        """The end of what the task wrote, as it looked, and how many characters were before it."""
        return clipped_lines(self.entry.output, lines, characters)

    # -- when, with what, where ------------------------------------------

    @property
    def lifecycle(self) -> list[tuple[str, str]]:
        """The steps as (kind, text): `state`, with its time, and `span`, between two.

        Only the first and the last state carry a time; the first its date too
        where that is not today.
        """
        steps = self._steps
        parts: list[tuple[str, str]] = []
        for index, (state, time) in enumerate(steps):
            if index:
                before, began = steps[index - 1]
                seconds = between(began, time)
                verb = "ran" if before == "RUNNING" else "waited"
                span = "then" if seconds is None else f"{verb} {duration(seconds)}"
                parts.append(("span", span))
            text = visible(str(state))
            if index == 0 and local(time).date() != local(self.now).date():
                text += f" {full_date(time)[:23]}"
            elif index in (0, len(steps) - 1):
                text += f" {clock(time)}"
            parts.append(("state", text))
        return parts

    @property
    def began(self) -> str:
        """Date, time and offset of the first step; empty where no time is known."""
        return full_date(self._steps[0][1]) if self._steps else ""

    @property
    def last_update(self) -> str:
        """The time of this summary, and how long a task in the background has been running."""
        result = self.entry.result
        start = result.last_attempted_at or result.started_at
        seconds = between(start, self.now) if self.in_background else None
        after = "" if seconds is None else f", after {elapsed(seconds)}"
        return f"{short_clock(self.now)}{after}"

    def arguments(self, limit: int = 300) -> str:
        """The arguments by the names of the function's parameters, `a = 2, b = 3`."""
        return arguments_text(self.entry, limit)

    @property
    def argument_changes(self) -> list[tuple[str, str]]:
        """What JSON changed in the arguments: (parameter and path, `tuple → list`)."""
        return self._changes("args") + self._changes("kwargs")

    @property
    def result_changes(self) -> list[tuple[str, str]]:
        """What JSON changed in the return value; the path is empty for the value itself."""
        return self._changes("return_value")

    @property
    def argument_change_count(self) -> int:
        """In how many places of the arguments JSON changed something."""
        return self._change_count("args") + self._change_count("kwargs")

    @property
    def result_change_count(self) -> int:
        """In how many places of the return value JSON changed something."""
        return self._change_count("return_value")

    @property
    def live_arguments(self) -> bool:
        """Whether an argument is kept as it is, since JSON can't hold it."""
        return any(is_live(self.entry.result, place) for place in ("args", "kwargs"))

    @property
    def live_value(self) -> LiveView | None:
        """The return value as it is shown where JSON can't hold it; None for any other."""
        from .previews.live_value import LiveView

        return LiveView.of(self.value) if is_live(self.entry.result, "return_value") else None

    @property
    def _is_changed(self) -> bool:
        return bool(getattr(self.entry.result, "_changes", ()))

    def _change_count(self, place: str) -> int:
        return change_count(self.entry, place) if self._is_changed else 0

    def _changes(self, place: str) -> list[tuple[str, str]]:
        if not self._is_changed:
            return []
        changed = changed_places(self.entry, place, live=False)
        named = parameters(self.entry.result) if changed and place == "args" else []
        parts = []
        for path, text in changed.items():
            steps: tuple[Any, ...] = path
            if place == "args" and steps and steps[0] in range(len(named)):
                steps = (named[steps[0]], *steps[1:])
            parts.append((_path(steps), text))
        return parts

    @property
    def backend(self) -> str:
        """The alias of the backend."""
        return one_line(str(self.entry.result.backend), NAME)

    @property
    def workers(self) -> list[str]:
        """The last workers that took the task, newest last."""
        return [one_line(str(worker), NAME) for worker in self.entry.result.worker_ids[-3:]]

    @property
    def queue_and_priority(self) -> str:
        """Queue and priority, where they are not the usual: `mail · +50`."""
        task = self.entry.result.task
        parts = []
        if task.queue_name != "default":
            parts.append(one_line(str(task.queue_name), NAME))
        if task.priority:
            parts.append(signed(task.priority))
        return " · ".join(parts)

    @property
    def id(self) -> str:
        """The id, in full."""
        return one_line(str(self.entry.result.id), 64)

    def command(self, name: str) -> str:
        """The magic that shows more, `%tasks show 7b1e4c02`."""
        identity = one_line(str(self.entry.result.id)[:ID_PREFIX], ID_PREFIX)
        return f"%tasks {name} {identity}"


def glyph(status: str) -> str:
    """The sign before the word of a status."""
    return GLYPHS.get(status, "○")


def signed(priority: int) -> str:
    """A priority with its sign, `+50`."""
    return f"{priority:+d}".replace("-", "−")  # noqa: RUF001 (a minus sign)


def _path(steps: Any) -> str:
    """`items[0].shape`."""
    text = ""
    for step in steps:
        if step == _KEY:
            text += " (a key)"
            continue
        if isinstance(step, str) and step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f"[{preview(step, 24)}]"
        if len(text) > HEADLINE:
            return one_line(text, HEADLINE)
    return one_line(text, HEADLINE)
