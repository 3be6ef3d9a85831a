"""Django's signals feed the history, whoever enqueues."""

from __future__ import annotations

import threading
from typing import Any

from immediate_tasks_ipy.task_history import TaskHistory

from .family import FAMILIES, Family, families_in_use
from .follower import follow, unfollow
from .refresh import advance

_lock = threading.Lock()
#: The histories that observe a framework, by its module.
_observed: dict[str, tuple[TaskHistory, ...]] = {family.module: () for family in FAMILIES}


def observe(history: TaskHistory) -> None:
    """Connect the history to the frameworks that are in use so far.

    Cheap, and harmless when repeated: call it whenever a framework may have
    been imported since. A framework that nobody imported is left alone. From any
    thread.
    """
    for family in families_in_use():
        if history in _observed[family.module]:
            continue
        with _lock:
            if history not in _observed[family.module]:
                _observed[family.module] += (history,)
                _connect(family, history)


def observe_newcomers() -> None:
    """Connect the histories that observe one framework to one that came into use since."""
    for history in {history for histories in _observed.values() for history in histories}:
        observe(history)


def recorded(task_result: Any) -> Any:
    """The object that a history keeps current for this result; the result itself if none does.

    A queueing backend may signal one copy of a result and return another.
    """
    for histories in _observed.values():
        for history in histories:
            entry = history.entry_of(task_result)
            if entry is not None:
                return entry.result
    return task_result


def unobserve(history: TaskHistory) -> None:
    """Take the history off all signals, and stop following its results."""
    with _lock:
        for family in FAMILIES:
            if history in _observed[family.module]:
                _observed[family.module] = tuple(
                    other for other in _observed[family.module] if other is not history
                )
                for signal in _signals(family):
                    signal.disconnect(dispatch_uid=_uid(history))
    unfollow(history)


def _connect(family: Family, history: TaskHistory) -> None:
    enqueued, started, finished = _signals(family)

    def on_enqueued(*, sender: Any, task_result: Any, **_: Any) -> None:
        history.on_enqueued(task_result=task_result)
        if getattr(sender, "supports_get_result", False):
            entry = history.entry_of(task_result)
            if entry is not None:
                follow(history, entry)

    def on_started(*, task_result: Any, **_: Any) -> None:
        _bring_up_to(history, task_result)
        history.on_started(task_result=task_result)

    def on_finished(*, task_result: Any, **_: Any) -> None:
        _bring_up_to(history, task_result)
        history.on_finished(task_result=task_result)

    for signal, receiver in (
        (enqueued, on_enqueued),
        (started, on_started),
        (finished, on_finished),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=_uid(history))


def _bring_up_to(history: TaskHistory, task_result: Any) -> None:
    """A worker in this process reports on a copy of the result that the history has."""
    entry = history.entry_of(task_result)
    if entry is not None and entry.result is not task_result:
        advance(entry.result, task_result)


def _signals(family: Family) -> tuple[Any, Any, Any]:
    signals = family.signals
    return signals.task_enqueued, signals.task_started, signals.task_finished


def _uid(history: TaskHistory) -> tuple[str, int]:
    return ("immediate_tasks_ipy", id(history))
