"""How a task stands, in words: what card, terminal text and lists of tasks have in common."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .plain_text import one_line, visible
from .times import between, clock, duration, elapsed, full_date, local, short_clock
from .tracebacks import last_exception
from .values import parameters, preview

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry

GLYPHS = {"READY": "○", "RUNNING": "◐", "SUCCESSFUL": "✓", "FAILED": "✕"}
#: Characters of an id that are shown where it is to be typed: `%tasks show 7b1e4c02`.
ID_PREFIX = 8
#: The step of a change that stands for a mapping's key.
_KEY = "(key)"
#: Characters of an exception's first line.
HEADLINE = 160


def status(entry: Entry) -> str:
    """`READY`, `RUNNING`, `SUCCESSFUL` or `FAILED`."""
    return one_line(str(entry.result.status), 20)


def glyph(state: str) -> str:
    """The sign that stands before the word of a status."""
    return GLYPHS.get(state, "○")


def short_id(entry: Entry) -> str:
    """What to type to mean this task."""
    return one_line(str(entry.result.id)[:ID_PREFIX], ID_PREFIX)


def in_background(entry: Entry) -> bool:
    """Tell whether the task runs apart from a cell: its output was moved to it."""
    return entry.origin is not None and entry.origin.output_moved


def standing(entry: Entry, now: datetime) -> tuple[str, str]:
    """The status and what follows it: `("SUCCESSFUL", "in 0.12 ms")`.

    A task that still runs is measured up to `now`.
    """
    state = status(entry)
    result = entry.result
    if state == "RUNNING":
        if in_background(entry):
            return state, "in the background; %tasks shows it"
        return state, _since(result.last_attempted_at or result.started_at, now)
    if state == "READY":
        later = result.task.run_after
        if later is not None and (between(now, later) or 0) > 0:
            return state, f"not before {full_date(later)[:19]}"
        return state, _since(entry.lifecycle[-1][1] if entry.lifecycle else None, now)
    seconds = entry.seconds
    if seconds is None:
        return state, ""
    return state, f"{'after' if state == 'FAILED' else 'in'} {duration(seconds)}"


def _since(start: datetime | None, now: datetime) -> str:
    seconds = between(start, now)
    if start is None or seconds is None:
        return ""
    return f"for {elapsed(seconds)}, since {short_clock(start)}"


def headline(entry: Entry, limit: int = HEADLINE) -> str:
    """Class and first line of the message of the exception that failed the task."""
    errors = entry.result.errors
    if not errors:
        return "no error was recorded"
    return error_headline(errors[-1], limit)


def error_headline(error: Any, limit: int = HEADLINE) -> str:
    """Class and first line of the message of one `TaskError`."""
    name = one_line(str(error.exception_class_path).rpartition(".")[2], limit)
    parsed = last_exception(error.traceback)
    first = parsed.message.partition("\n")[0].strip()
    if parsed.exception and parsed.short_class != name:
        first = parsed.headline
    return one_line(f"{name}: {first}" if first else name, limit)


def value(entry: Entry) -> Any:
    """The return value of a successful task."""
    return entry.result.return_value


def lifecycle(entry: Entry, now: datetime) -> list[tuple[str, str]]:
    """The steps of a task as (kind, text): `state`, with its time, and `span`, between two.

    Only the first and the last state carry a time; the first its date too
    where that is not today.
    """
    steps = entry.lifecycle
    told: list[tuple[str, str]] = []
    for index, (state, time) in enumerate(steps):
        if index:
            before, began = steps[index - 1]
            seconds = between(began, time)
            verb = "ran" if before == "RUNNING" else "waited"
            told.append(("span", f"{verb} {duration(seconds)}" if seconds is not None else "then"))
        text = visible(str(state))
        if index == 0 and local(time).date() != local(now).date():
            text += f" {full_date(time)[:23]}"
        elif index in (0, len(steps) - 1):
            text += f" {clock(time)}"
        told.append(("state", text))
    return told


def changes(entry: Entry, place: str) -> list[tuple[str, str]]:
    """What JSON changed at `return_value`, `args` or `kwargs`: (where, `tuple → list`).

    Where is `items[0].shape`, or empty for the value itself.
    """
    named = parameters(entry.result) if place == "args" else []
    told = []
    for path, text in changed_places(entry, place).items():
        steps: tuple[Any, ...] = path
        if place == "args" and steps and steps[0] in range(len(named)):
            steps = (named[steps[0]], *steps[1:])
        told.append((_path(steps), text))
    return told


def changed_places(entry: Entry, place: str) -> dict[tuple[Any, ...], str]:
    """What JSON changed by path below a place; several changes of one place in one text."""
    places: dict[tuple[Any, ...], list[str]] = {}
    for change in getattr(entry.result, "_changes", ()) or ():
        if change.path and change.path[0] == place:
            texts = places.setdefault(tuple(change.path[1:]), [])
            text = _change(change)
            if text not in texts:
                texts.append(text)
    return {path: ", ".join(texts[:3]) for path, texts in places.items()}


def _change(change: Any) -> str:
    """`tuple → list`, or `int keys: str in a stored backend` for keys, which are kept."""
    before, after = one_line(str(change.before), 60), one_line(str(change.after), 60)
    if "stored backend" in after:
        return f"{before.removesuffix('s')}s: str in a stored backend"
    return f"{before} → {after}"


def _path(steps: Any) -> str:
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


def placing(entry: Entry) -> str:
    """Queue and priority, where they are not the usual: `mail · +50`."""
    task = entry.result.task
    told = []
    if task.queue_name != "default":
        told.append(one_line(str(task.queue_name), 40))
    if task.priority:
        told.append(f"{task.priority:+d}".replace("-", "−"))  # noqa: RUF001 (a minus sign)
    return " · ".join(told)


def backend_text(entry: Entry) -> tuple[str, list[str]]:
    """The alias, and the workers that took the task, newest last."""
    result = entry.result
    workers = [one_line(str(worker), 40) for worker in result.worker_ids[-3:]]
    return one_line(str(result.backend), 40), workers
