"""The folded table below the panel, renewed when things are quiet: what a saved notebook keeps."""

from __future__ import annotations

import threading
import time
from contextvars import Context
from datetime import UTC, datetime

from immediate_tasks_ipy.task_history import Entry, Recorder
from immediate_tasks_ipy.tasks.backends.event_loop import service_loop

from .cell_output import CellOutput
from .screen import Screen

#: Seconds without a change after which it is renewed, and the least between two renewals.
QUIET, INTERVAL = 2.0, 30.0


class SavedCopy:
    """Follows a history; shown below the panel by `show`, at the end of the panel's cell.

    `changed` and `removed` are called on any thread; the table is drawn on the service loop.
    """

    def __init__(self, recorder: Recorder, screen: Screen) -> None:
        self._recorder = recorder
        self._screen = screen
        self._output: CellOutput | None = None
        self._lock = threading.Lock()
        self._dirty = False
        self._scheduled = False
        self._changed_at = 0.0
        self._shown_at = 0.0

    def show(self) -> None:
        """Show it as a new output of the cell that ends now; earlier ones are renewed no more."""
        if self._output is None:
            self._recorder.subscribe(self)
        self._output = self._screen.new_output()
        self._draw(update=False)

    def cell_ended(self) -> None:
        """Renew it now if it is out of date and all is done: no later moment may come."""
        if self._dirty and all(entry.result.is_finished for entry in self._recorder):
            self._draw(update=True)

    def close(self) -> None:
        """Renew it no more."""
        self._recorder.unsubscribe(self)
        self._output = None

    # -- what the history calls, on any thread -------------------------------

    def changed(self, _entry: Entry) -> None:
        self._changed_at = time.monotonic()
        self._dirty = True
        if not self._scheduled:
            self._schedule(QUIET)

    def removed(self, _keys: list[int]) -> None:
        self._dirty = True

    # -- drawing ---------------------------------------------------------------

    def _schedule(self, delay: float) -> None:
        with self._lock:
            if self._scheduled:
                return
            self._scheduled = True
        try:
            # In a context of its own: it knows its cell itself.
            Context().run(service_loop.call_later, delay, self._tick)
        except RuntimeError:  # no loop can run here and now
            self._scheduled = False

    def _tick(self) -> None:
        """Renew it if nothing has changed for a while, else look again later; on the loop."""
        self._scheduled = False
        if not self._dirty or self._output is None or not self._screen.is_open:
            return
        now = time.monotonic()
        wait = max(self._changed_at + QUIET - now, self._shown_at + INTERVAL - now)
        if wait > 0:
            self._schedule(wait)
        else:
            self._draw(update=True)

    def _draw(self, *, update: bool) -> None:
        output = self._output
        if output is None:
            return
        self._dirty = False
        self._shown_at = time.monotonic()
        picture = _Snapshot(list(self._recorder))
        self._screen.show(picture, "card", output, update=update, is_last=True)


class _Snapshot:
    """The table as it is now."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def html(self) -> str:
        from immediate_tasks_ipy.panel.snapshot import snapshot_html

        return snapshot_html(self._entries, now=datetime.now(UTC))

    def text(self, *, color: bool = False) -> str:  # noqa: ARG002 (there is nothing to colour)
        from immediate_tasks_ipy.panel.snapshot import snapshot_text

        return snapshot_text(self._entries)

    def line(self, *, color: bool = False) -> str:
        return self.text(color=color)
