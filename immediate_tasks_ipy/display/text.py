"""A task as plain text: for terminals, and for all that reads `text/plain`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .related.lines import (
    CHILDREN,
    Line,
    attempts,
    children,
    children_title,
    shown_progress,
)
from .summary import TaskSummary, glyph
from .values import HEADLINE, class_name, fits, head, is_container, one_line, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

    from .traceback_view import ExceptionView
    from .tracebacks import Frame

#: Lines of outputs and values before the rest is left to `%tasks show`; characters of each.
LINES, RESULT_LINES, FULL_LINES, CHARACTERS = 30, 16, 10_000, 3000
#: Changes that are named.
CHANGES = 30
#: Characters of a message below its first line, and of a line; lines of an earlier exception.
MESSAGE, LINE, EARLIER_LINES = 1000, 200, 8
CODES = {
    "READY": "90",
    "RUNNING": "34",
    "SUCCESSFUL": "32",
    "FAILED": "31",
    "CANCELLED": "90",
}


def line(entry: Entry, *, now: datetime, color: bool = False) -> str:
    """The task in one line. Never raises."""
    try:
        return _first_line(TaskSummary(entry, now), color=color)
    except Exception as error:
        return f"○ This task can't be shown: {class_name(error)}."


def text(entry: Entry, *, now: datetime, color: bool = False, full: bool = False) -> str:
    """The task in its present state, in a few lines. Never raises.

    `color` adds ANSI codes; `full` adds what a card folds away, and cuts much later.
    """
    try:
        return "\n".join(_lines(TaskSummary(entry, now), color=color, full=full))
    except Exception as error:
        return f"○ This task can't be shown: {class_name(error)}."


def paint(words: str, code: str, *, color: bool) -> str:
    """The words in a terminal's colour, by its ANSI code."""
    return f"\x1b[{code}m{words}\x1b[0m" if color and words else words


def _first_line(summary: TaskSummary, *, color: bool) -> str:
    mark = paint(summary.glyph, CODES.get(summary.shown_status, "0"), color=color)
    word, rest = summary.status_text
    call = summary.call()
    if summary.status == "SUCCESSFUL":
        end = paint(f"{word} {rest}", "2", color=color)
        return f"{mark} {call} → {preview(summary.value)}  {end}"
    end = f"{paint(word, '1', color=color)} {rest}".rstrip()
    if summary.shown_status == "FAILED":
        return f"{mark} {call}  {paint(summary.headline(HEADLINE), '1', color=color)}  {end}"
    return f"{mark} {call}  {end}"


def _lines(summary: TaskSummary, *, color: bool, full: bool) -> list[str]:
    room = CHARACTERS * (300 if full else 1)
    lines = [_first_line(summary, color=color)]
    if summary.note:
        lines.append(f"  {summary.note}")
    lines += _activity(summary, full=full)
    if summary.shown_status == "FAILED":
        lines += _traceback(summary, color=color, full=full, room=room)
    for name, parts in _facts(summary, full=full, room=room):
        for index, part in enumerate(parts):
            title = paint(f"{name if index == 0 else '':9}", "2", color=color)
            lines.append(f"  {title}  {part}")
    if full or summary.in_background:
        lines += _output(summary, FULL_LINES if full else LINES, room)
    return lines


def _activity(summary: TaskSummary, *, full: bool) -> list[str]:
    activity = summary.entry.activity
    if activity is None:
        return []
    from .activity import activity_lines

    return activity_lines(activity, full=full, finished=summary.entry.result.is_finished)


def _facts(summary: TaskSummary, *, full: bool, room: int) -> list[tuple[str, list[str]]]:
    """The facts by name, each in one line or more."""
    facts = _related(summary)
    facts.append(("Lifecycle", [" → ".join(step for _, step in summary.lifecycle)]))
    if full and summary.status == "FAILED":
        facts.insert(0, ("Exception", [kind for kind in [summary.exception_class] if kind]))
    changed = summary.argument_changes
    if full or summary.status == "FAILED" or changed:
        arguments = summary.arguments(room if full else 300)
        changes = _changes(changed, summary.argument_change_count)
        facts.append(("Arguments", [arguments, *changes] if arguments else []))
    if summary.status == "SUCCESSFUL":
        facts.append(("Result", _result(summary, full=full)))
    if full:
        workers = (f"worker {worker}" for worker in summary.workers)
        where = [summary.backend, *workers, summary.queue_and_priority]
        facts.append(("Backend", [", ".join(part for part in where if part)]))
        facts.append(("Id", [summary.id]))
    return facts


def _related(summary: TaskSummary) -> list[tuple[str, list[str]]]:
    """What a cancelled task is for Django, its progress, its attempts and its child tasks."""
    entry, facts = summary.entry, []
    if summary.shown_status == "CANCELLED":
        words = "FAILED, as Django has no other word for it"
        facts.append(("Status", [f"{words}: {summary.exception_class}"]))
    progress = shown_progress(entry, summary.now)
    if progress and summary.status != "RUNNING":
        facts.append(("Progress", [progress]))
    tried = attempts(entry)
    if tried:
        facts.append(("Attempts", [_related_line(each) for each in tried]))
    title = children_title(entry)
    if title:
        lines = [title, *map(_related_line, children(entry))]
        more = len(entry.children) - CHILDREN
        facts.append(("Children", [*lines, f"…and {more:,} more"] if more > 0 else lines))
    return facts


def _related_line(each: Line) -> str:
    number = f"{each.number:,} " if each.number else ""
    return f"{number}{glyph(each.status)} {each.text}  {each.took}".rstrip()


def _changes(changed: list[tuple[str, str]], count: int) -> list[str]:
    parts = [f"{where} {what}".strip() for where, what in changed[:CHANGES]]
    if count > len(parts):
        parts.append(f"…{count - len(parts):,} more changes")
    return [f"changed by JSON: {what}" for what in parts]


def _result(summary: TaskSummary, *, full: bool) -> list[str]:
    value = summary.value
    changes = _changes(summary.result_changes, summary.result_change_count)
    view = summary.live_value
    changes += [view.note] if view is not None else []
    if view is not None and not is_container(value):
        return [view.title, *view.text_lines, *changes]
    if fits(value) and not full:
        return changes
    from .tree import outline

    shown, complete = outline(value, FULL_LINES if full else RESULT_LINES)
    if not complete:
        shown.append(f"…the rest: {summary.command('value')}")
    return shown + changes


def _output(summary: TaskSummary, count: int, room: int) -> list[str]:
    shown, left_out = summary.output(count, room)
    if not shown:
        return []
    lines = ["  Output"]
    if left_out:
        lines.append(f"    …{left_out:,} characters before this: {summary.command('show')}")
    return lines + [f"    {part}" for part in shown.split("\n")]


# -- tracebacks -----------------------------------------------------------


def _traceback(summary: TaskSummary, *, color: bool, full: bool, room: int) -> list[str]:
    """The exception that ended the task, those that led to it, earlier attempts."""
    view = summary.traceback(full=full)
    if view is None:
        return []
    draw = _Drawing(summary.command("show"), color=color, full=full)
    indent = "    " if full else "  "
    last, *earlier = view.exceptions
    lines = ["  Traceback"] if full else []
    lines += draw.message(last, f"{indent}  ", HEADLINE)
    lines += draw.body(last, indent)
    for exception in earlier:
        lines += draw.earlier(exception, indent)
    if view.more_exceptions:
        lines.append(f"{indent}…{view.more_exceptions:,} earlier exceptions: {draw.see}")
    lines += [f"{indent}Attempt {number} failed: {headline}" for number, headline in view.attempts]
    return list(_within(lines, room))


def member_lines(exception: ExceptionView, see: str) -> list[str]:
    """The members of an exception group; none for any other exception."""
    return _Drawing(see).members(exception, "") if exception.is_group else []


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws exceptions as lines; `see` is the command that shows what is left out."""

    see: str
    color: bool = False
    full: bool = False

    def message(self, exception: ExceptionView, indent: str, shown: int) -> list[str]:
        """The lines of a message, of which the headline has shown so many characters."""
        cut = self.full and len(exception.headline) > shown
        text = exception.message if cut else exception.rest
        if not self.full:
            text = head(text, MESSAGE)
        return [f"{indent}{part}" for part in text.split("\n") if part.strip()]

    def body(self, exception: ExceptionView, indent: str, *, brief: bool = False) -> list[str]:
        """Frames and members; if `brief`, with the source of the innermost frame alone."""
        lines = []
        opened = exception.open_frames
        for index, frame in enumerate(opened, 1):
            lines += self.frame(frame, indent, source=not brief or index == len(opened))
        if exception.folded_frames and not (brief and opened):
            lines.append(paint(f"{indent}… {exception.folded_title}", "2", color=self.color))
        if exception.is_group:
            lines += self.members(exception, indent)
        return lines

    def frame(self, frame: Frame, indent: str, *, source: bool) -> list[str]:
        lines = [f"{indent}{one_line(frame.place, LINE)}{frame.repetition}"]
        for each in frame.source if source else ():
            mark = "▶" if each.failing else " "
            shown = f"{mark} {each.number:>4}  {each.text[:LINE]}"
            lines.append(indent + (paint(shown, "1", color=self.color) if each.failing else shown))
        return lines

    def earlier(self, exception: ExceptionView, indent: str) -> list[str]:
        """An exception that led to another."""
        lines = [f"{indent}{exception.relation} {one_line(exception.headline, LINE)}"]
        if self.full:
            return [
                *lines,
                *self.message(exception, f"{indent}  ", LINE),
                *self.body(exception, indent),
            ]
        return lines + self.body(exception, indent)[:EARLIER_LINES]

    def members(self, exception: ExceptionView, indent: str) -> list[str]:
        """The members of a group, set in, one after the other."""
        lines = [f"{indent}{exception.members_title}"]
        inner, below = f"{indent}  ", f"{indent}    "
        for member in exception.members:
            first, *earlier = member.exceptions
            headline = one_line(member.headline, LINE)
            lines.append(inner + paint(headline, "1", color=self.color))
            lines += self.message(first, f"{below}  ", LINE)
            lines += self.body(first, below, brief=not self.full)
            for each in earlier:
                lines += self.earlier(each, below)
        if exception.more_members:
            lines.append(f"{inner}…{exception.more_members:,} more: {self.see}")
        return lines


def _within(lines: list[str], room: int) -> Iterator[str]:
    """The lines that fit into so many characters, and a note where some do not."""
    for index, each in enumerate(lines):
        room -= len(each) + 1
        if room < 0:
            yield f"  …{len(lines) - index:,} more lines"
            return
        yield each
