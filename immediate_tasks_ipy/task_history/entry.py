"""One task in the history: its result, where it came from, what happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .origin import Origin

#: Bits of `Entry.signals`: which of the three signals were seen.
ENQUEUED, STARTED, FINISHED = 1, 2, 4


class Entry:
    """A task's row in the history.

    `result` is mutated in place by its backend, so that an entry is always
    current; `transitions` is only kept apart from it where the result's own
    timestamps can't tell the story (more than one attempt).
    """

    __slots__ = ("__weakref__", "key", "origin", "result", "signals", "transitions")

    def __init__(self, key: int, result: Any, origin: Origin | None) -> None:
        #: Position in order of arrival, from 1; never used twice in a history.
        self.key = key
        self.result = result
        self.origin = origin
        self.signals = 0
        self.transitions: list[tuple[str, datetime]] | None = None

    @property
    def backend(self) -> Any:
        """The backend object that the task belongs to, for refresh and re-run."""
        if self.origin is not None and self.origin.backend is not None:
            return self.origin.backend
        return self.result.task.get_backend()

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
    def output(self) -> str:
        """What the task wrote, as far as it was kept."""
        if self.origin is None or self.origin.output is None:
            return ""
        return self.origin.output.text

    @property
    def note(self) -> str | None:
        """A sentence to show beside the outcome."""
        if getattr(self.result, "_given_up", False):
            return "The function could not be stopped and may still be running."
        return self.origin.note if self.origin is not None else None
