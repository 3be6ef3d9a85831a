"""All that the panel shows about one task, when its row is opened."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.display.changes import changed_places
from immediate_tasks_ipy.display.previews.picture import picture
from immediate_tasks_ipy.display.summary import TaskSummary, signed
from immediate_tasks_ipy.display.text import member_lines
from immediate_tasks_ipy.display.traceback_view import ExceptionView, TracebackView
from immediate_tasks_ipy.display.values import parameters, rendered_output
from immediate_tasks_ipy.panel.rows import cut, sendable
from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.entry import ENQUEUED, FINISHED, STARTED

from .activity import activity_payload
from .json_tree import JsonTree

#: Characters of output that a detail holds; the rest is sent when asked for.
OUTPUT = 50_000
#: Attempts, places that JSON changed, and characters of an exception's message.
MOST_ATTEMPTS, MOST_CHANGES, MESSAGE = 20, 50, 10_000
#: Exceptions of a chain besides the last.
MOST_EXCEPTIONS = 100

_SIGNALS = ((ENQUEUED, "enqueued"), (STARTED, "started"), (FINISHED, "finished"))


def detail(entry: Entry, *, can_debug: bool = False) -> dict[str, Any]:
    """The payload of a detail, all of it JSON.

    `can_debug` says whether the task's exception is still there.
    """
    summary = TaskSummary(entry, datetime.now(UTC))
    result = entry.result
    status = str(result.status)
    output = whole_output(entry)
    payload: dict[str, Any] = {
        "call": sendable(summary.call(2_000)),
        "taskId": sendable(str(result.id)),
        "status": status,
        "lifecycle": [[state, _ms(time)] for state, time in entry.lifecycle],
        "args": arguments_tree(entry).root(),
        "attempts": [_attempt(error, summary) for error in result.errors[-MOST_ATTEMPTS:]],
        "output": output[-OUTPUT:],
        "outputSize": len(output),
        "changes": _changes(summary),
        "facts": _facts(entry),
        "note": sendable(entry.note or ""),
        "uncancellable": uncancellable(entry) or "",
        "canDebug": can_debug,
        "cancelled": entry.outcome == "cancelled",
    }
    if entry.activity is not None:
        payload |= activity_payload(entry.activity, finished=result.is_finished)
    if status == "SUCCESSFUL":
        payload["result"] = result_tree(entry).root()
        payload["live"] = _live(summary)
    return payload


def _live(summary: TaskSummary) -> dict[str, Any] | None:
    """A return value that JSON can't hold: its title, how it is kept, its preview.

    The preview is a table, rows of [text, is header], or lines; neither for a container, which
    opens as a tree. A value that draws itself has a picture, too.
    """
    view = summary.live_value
    if view is None:
        return None
    drawn = picture(summary.value)
    return {
        "picture": drawn and [b64encode(drawn.png).decode(), drawn.width, drawn.height],
        "more": sendable(view.more),
        "title": sendable(view.title),
        "note": sendable(view.note),
        "table": [[[sendable(cell.text), cell.is_header] for cell in row] for row in view.table],
        "lines": [sendable(line) for line in view.lines],
    }


def whole_output(entry: Entry) -> str:
    """All that is kept of what the task wrote, as it looked in the end."""
    return sendable(rendered_output(entry.output))


def result_tree(entry: Entry) -> JsonTree:
    """The tree of the return value."""
    return JsonTree(entry.result._return_value, changed_places(entry, "return_value"))


def arguments_tree(entry: Entry) -> JsonTree:
    """The tree of the arguments, positional ones first, by their parameters' names."""
    result = entry.result
    args, kwargs = list(result.args), dict(result.kwargs)
    notes = changed_places(entry, "args")
    for path, note in changed_places(entry, "kwargs").items():
        if path and path[0] in kwargs:
            notes[(len(args) + list(kwargs).index(path[0]), *path[1:])] = note
    named = parameters(result)[: len(args)]
    names = [*named, *map(str, range(len(named), len(args))), *map(str, kwargs)]
    return JsonTree([*args, *kwargs.values()], notes, [sendable(name) for name in names])


def uncancellable(entry: Entry) -> str | None:
    """Why the task can't be cancelled, as far as that is known beforehand."""
    if entry.result.is_finished:
        return "The task has finished"
    try:
        supported = entry.backend.supports_cancel
    except Exception as error:
        return f"The task's backend is not available: {error}"
    return None if supported else "The task's backend can't cancel tasks"


def _changes(summary: TaskSummary) -> list[list[str]]:
    """What JSON changed: in the result or the arguments, where, and `tuple → list`."""
    changes = [("result", *change) for change in summary.result_changes]
    changes += [("arguments", *change) for change in summary.argument_changes]
    return [
        [place, sendable(where), sendable(text)] for place, where, text in changes[:MOST_CHANGES]
    ]


def _attempt(error: Any, summary: TaskSummary) -> dict[str, Any]:
    """One error of a result; its exceptions in the order in which they were raised."""
    view = TracebackView.of([error], chain_limit=MOST_EXCEPTIONS)
    see = summary.command("show")
    return {
        "exception": sendable(str(error.exception_class_path)),
        "segments": [_segment(exception, see) for exception in reversed(view.exceptions)],
    }


def _segment(exception: ExceptionView, see: str) -> dict[str, Any]:
    segment = exception.segment
    lines = [cut(segment.message, MESSAGE), *member_lines(exception, see)]
    return {
        "joinedBy": segment.joined_by,
        "exception": sendable(segment.short_class),
        "message": sendable("\n".join(lines)),
        "frames": [
            {
                "label": sendable(frame.label),
                "line": frame.line,
                "function": sendable(frame.function_name),
                "library": frame.library,
                "repeated": frame.repeated,
                "source": [
                    [line.number, sendable(cut(line.text, 500)), line.failing]
                    for line in frame.source
                ],
            }
            for frame in segment.frames
        ],
    }


def _facts(entry: Entry) -> list[list[Any]]:
    """Label and value; a value that is a number is a time in milliseconds."""
    result, task = entry.result, entry.result.task
    origin = entry.origin
    signals = [name for bit, name in _SIGNALS if entry.signals & bit]
    facts: list[tuple[str, Any]] = [
        ("Id", str(result.id)),
        ("Task", str(task.module_path)),
        ("Enqueued", _ms(result.enqueued_at)),
        ("Started", _ms(result.started_at)),
        ("Last attempted", _ms(result.last_attempted_at) if result.attempts > 1 else None),
        ("Finished", _ms(result.finished_at)),
        ("Backend", str(result.backend)),
        ("Queue", str(task.queue_name)),
        ("Priority", signed(task.priority) if task.priority else "0"),
        ("Run after", _ms(task.run_after)),
        ("Attempts", str(result.attempts)),
        ("Worker", ", ".join(map(str, result.worker_ids[-5:]))),
        ("Cell", f"[{origin.cell}]" if origin.cell is not None else None),
        ("Signals", ", ".join(signals) or "none seen"),
    ]
    return [
        [label, sendable(cut(value, 500)) if isinstance(value, str) else value]
        for label, value in facts
        if value is not None and value != ""
    ]


def _ms(time: datetime | None) -> float | None:
    return None if time is None else round(time.timestamp() * 1000, 3)
