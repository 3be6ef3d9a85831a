"""What becomes of the tasks of one batch, as the history reports it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.task_history import Batch, Entry, Origin, Output, TaskHistory

#: How far a task of a batch has come.
_NEW, _ENQUEUED, _RUNNING, _ENDED = range(4)


@dataclass(slots=True)
class ItemOrigin(Origin):
    """The origin of a task that was enqueued for one item of a batch."""

    #: The item's position in the iterable, from 0.
    index: int = 0
    stage: int = _NEW
    #: None once the task has ended, so that its entry keeps nothing else alive.
    progress: BatchProgress | None = None


class BatchProgress:
    """Observes the history: counts into the batch, and collects the results by index.

    It lasts until every task of the batch has ended, which may be long after
    the last was enqueued. Called from any thread.
    """

    def __init__(
        self, batch: Batch, history: TaskHistory, template: Origin, *, capture: bool
    ) -> None:
        self.batch = batch
        #: The results in the order of the items; None where nothing was enqueued.
        self.results: list[Any] = []
        #: Called with the index of a task that has ended, on the thread that ended it.
        self.on_end: Callable[[int], object] = int
        #: The asyncio task that awaits the batch.
        self.owner: asyncio.Task[Any] | None = None
        self._history = history
        self._template = template
        self._capture = capture
        self._lock = threading.Lock()
        self._unended = 0
        self._complete = False

    def open(self) -> None:
        self._history.subscribe(self)

    def origin(self, label: str | None) -> ItemOrigin:
        """The origin of the next item's task."""
        template = self._template
        origin = ItemOrigin(
            label,
            template.cell,
            template.source,
            template.backend,
            Output() if self._capture else None,
            self._capture,
            template.note,
            len(self.results),
            _NEW,
            self,
        )
        with self._lock:
            self.results.append(None)
            self._unended += 1
        return origin

    def withdraw(self, origin: ItemOrigin) -> None:
        """Forget an item for which nothing was enqueued."""
        with self._lock:
            if origin.stage != _NEW:
                return
            origin.stage = _ENDED
            origin.progress = None
            self._unended -= 1

    def found(self, origin: ItemOrigin, result: Any) -> None:
        """Take note of a result that the signals have not reported."""
        if origin.stage == _NEW:
            entry = self._history.add(result)
            entry.origin = origin
            self._history.changed(entry)

    def complete(self, error: str | None = None) -> None:
        """No item follows; `error` is what kept the rest from being enqueued."""
        with self._lock:
            self._complete = True
            if error is not None:
                self.batch.error = error
        self._close_when_done()

    def changed(self, entry: Entry) -> None:
        origin = entry.origin
        if type(origin) is not ItemOrigin or origin.progress is not self:
            return
        result, batch = entry.result, self.batch
        ended = result.is_finished
        with self._lock:
            before = origin.stage
            if before == _ENDED:
                return
            if before == _NEW:
                self.results[origin.index] = result
                batch.enqueued += 1
            if ended:
                origin.stage = _ENDED
                origin.progress = None
                if before != _RUNNING:
                    batch.running += 1
                batch.ended(entry)
                self._unended -= 1
            else:
                running = result.status == "RUNNING"
                origin.stage = _RUNNING if running else _ENQUEUED
                batch.running += running - (before == _RUNNING)
        if ended:
            self.on_end(origin.index)
            if self._complete:
                self._close_when_done()

    def removed(self, keys: list[int]) -> None:
        pass

    def _close_when_done(self) -> None:
        with self._lock:
            if self._unended or not self._complete or self.batch.finished_at is not None:
                return
            self.batch.finished_at = datetime.now(UTC)
        self._history.unsubscribe(self)
