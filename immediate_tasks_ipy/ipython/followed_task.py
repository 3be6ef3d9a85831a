"""Finding the entry of a task that is about to be enqueued, and hearing of its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from immediate_tasks_ipy.task_history import Entry, Origin, TaskHistory

from .picture import EntryPicture, Picture


class FollowedTask:
    """Finds the entry of the task that is enqueued with one origin, and draws it."""

    def __init__(self, history: TaskHistory, origin: Origin) -> None:
        self._history = history
        self._origin = origin
        self.entry: Entry | None = None
        #: Whether the task is still waited for.
        self.active = False
        self._on_end: Callable[[Entry], Any] | None = None

    def follow(self) -> None:
        self.active = True
        self._history.subscribe(self)

    def leave(self) -> None:
        self.active = False
        self._history.unsubscribe(self)

    def on_end(self, callback: Callable[[Entry], Any]) -> None:
        """Have `callback` called once, on whichever thread, when the task has ended."""
        self._on_end = callback
        if self.entry is not None:
            self.changed(self.entry)

    def changed(self, entry: Entry) -> None:
        """The history's word that an entry changed; from any thread."""
        if self.entry is None and entry.origin is self._origin:
            self.entry = entry
        if entry is self.entry and self._on_end is not None and entry.result.is_finished:
            callback, self._on_end = self._on_end, None
            callback(entry)

    def removed(self, keys: list[int]) -> None:
        """Nothing to do: a card keeps its entry."""

    @property
    def is_followed(self) -> bool:
        """Whether anybody will tell how the task goes on."""
        backend = self.entry.backend if self.entry is not None else None
        return getattr(backend, "finishes_tasks", False) or getattr(
            backend, "supports_get_result", False
        )

    def render(self, now: datetime) -> Picture | None:
        """How the task looks now; None as long as it is not enqueued."""
        return EntryPicture(self.entry, now) if self.entry is not None else None
