"""All that the panel tells about one task, when its row is opened."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from immediate_tasks_ipy.display.outcome import changed_places, changes
from immediate_tasks_ipy.display.tracebacks import Segment, frames
from immediate_tasks_ipy.display.values import call_text, parameters
from immediate_tasks_ipy.task_history import Entry
from immediate_tasks_ipy.task_history.entry import ENQUEUED, FINISHED, STARTED

from .json_tree import JsonTree
from .rows import cut, sendable

#: Characters of output that a detail holds; the rest is sent when asked for.
OUTPUT = 50_000
#: Attempts, places that JSON changed, and characters of an exception's message.
MOST_ATTEMPTS, MOST_CHANGES, MESSAGE = 20, 50, 10_000

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_SIGNALS = ((ENQUEUED, "enqueued"), (STARTED, "started"), (FINISHED, "finished"))


def detail(entry: Entry) -> dict[str, Any]:
    """The payload of a detail, all of it JSON."""
    result = entry.result
    status = str(result.status)
    output = plain(entry.output)
    payload: dict[str, Any] = {
        "call": sendable(call_text(entry, 2_000)),
        "taskId": sendable(str(result.id)),
        "status": status,
        "lifecycle": [[state, _ms(time)] for state, time in entry.lifecycle],
        "args": arguments_tree(entry).root(),
        "attempts": [_attempt(error) for error in result.errors[-MOST_ATTEMPTS:]],
        "output": sendable(output[-OUTPUT:]),
        "outputSize": len(output),
        "changes": _changes(entry),
        "facts": _facts(entry),
        "note": sendable(entry.note or ""),
        "uncancellable": uncancellable(entry) or "",
    }
    if status == "SUCCESSFUL":
        payload["result"] = result_tree(entry).root()
    return payload


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


def plain(text: str) -> str:
    """The text without the escape sequences that colour a terminal."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def uncancellable(entry: Entry) -> str | None:
    """Why the task can't be cancelled, as far as that is known beforehand."""
    if entry.result.is_finished:
        return "The task has finished"
    try:
        supported = bool(getattr(entry.backend, "supports_cancel", False))
    except Exception as error:
        return f"The task's backend is not available: {error}"
    return None if supported else "The task's backend can't cancel tasks"


def _changes(entry: Entry) -> list[list[str]]:
    """What JSON changed: in the result or the arguments, where, and `tuple → list`."""
    places = {"return_value": "result", "args": "arguments", "kwargs": "arguments"}
    told = [
        [shown, sendable(where), sendable(text)]
        for place, shown in places.items()
        for where, text in changes(entry, place)
    ]
    return told[:MOST_CHANGES]


def _attempt(error: Any) -> dict[str, Any]:
    return {
        "exception": sendable(str(error.exception_class_path)),
        "segments": [_segment(segment) for segment in frames(error.traceback)],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "joinedBy": segment.joined_by,
        "exception": sendable(segment.short_class),
        "message": sendable(cut(segment.message, MESSAGE)),
        "frames": [
            {
                "label": sendable(frame.label),
                "line": frame.line,
                "function": sendable(frame.function),
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
        ("Priority", f"{task.priority:+d}" if task.priority else "0"),
        ("Run after", _ms(task.run_after)),
        ("Attempts", str(result.attempts)),
        ("Worker", ", ".join(map(str, result.worker_ids[-5:]))),
        ("Cell", f"[{origin.cell}]" if origin is not None and origin.cell is not None else None),
        ("Signals", ", ".join(signals) or "none seen"),
    ]
    return [
        [label, sendable(cut(value, 500)) if isinstance(value, str) else value]
        for label, value in facts
        if value is not None and value != ""
    ]


def _ms(time: datetime | None) -> float | None:
    return None if time is None else round(time.timestamp() * 1000, 3)
