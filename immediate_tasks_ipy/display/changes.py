"""What JSON changed in a task's values: where, and in how many places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.jsonable import UNPLACED
from immediate_tasks_ipy.tasks.values import KEPT

from .values import one_line

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry


def changed_places(entry: Entry, place: str, *, live: bool = True) -> dict[tuple[Any, ...], str]:
    """What JSON changed, by path below `return_value`, `args` or `kwargs`, one text per place.

    With `live`, what JSON can't hold is among it.
    """
    places: dict[tuple[Any, ...], list[str]] = {}
    for change in getattr(entry.result, "_changes", ()) or ():
        if change.after == UNPLACED or not change.path or change.path[0] != place:
            continue
        if live or change.after != KEPT:
            texts = places.setdefault(tuple(change.path[1:]), [])
            text = _change(change)
            if text not in texts:
                texts.append(text)
    return {path: ", ".join(texts[:3]) for path, texts in places.items()}


def change_count(entry: Entry, place: str) -> int:
    """In how many places JSON changed something, those without a record of their own included."""
    return len(changed_places(entry, place, live=False)) + unplaced_count(entry, place)


def unplaced_count(entry: Entry, place: str) -> int:
    """How many changes have no record of their own, after the first hundred."""
    return sum(
        change.times
        for change in getattr(entry.result, "_changes", ()) or ()
        if change.after == UNPLACED and change.path[0] == place
    )


def _change(change: Any) -> str:
    """`tuple → list`, or `int keys: str in a stored backend` for keys, which are kept."""
    before, after = one_line(str(change.before), 60), one_line(str(change.after), 60)
    if change.after == KEPT:
        return f"{before}, live"
    if "stored backend" in after:
        return f"{before.removesuffix('s')}s: str in a stored backend"
    return f"{before} → {after}"
