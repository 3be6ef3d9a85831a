"""`card(result)`: the card of a result, or of several, wherever objects can be shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from immediate_tasks_ipy.batches import BatchStats
from immediate_tasks_ipy.ipython.presentation.live_card import SLOWEST
from immediate_tasks_ipy.ipython.presentation.screen import BatchView, EntryView, Picture
from immediate_tasks_ipy.task_history import Entry, current_recorder
from immediate_tasks_ipy.tasks.backends.event_loop import service_loop


class Card:
    """The card of one task, or of several as of a batch: HTML, and the same facts as text.

    It shows its tasks as they are whenever it is drawn; in marimo it follows them.
    """

    def __init__(self, entries: list[Entry], *, is_batch: bool) -> None:
        self._entries = entries
        self._is_batch = is_batch

    @property
    def html(self) -> str:
        """For a web page: no script, all styles inline."""
        return self._picture().html()

    @property
    def text(self) -> str:
        return self._picture().text()

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        picture = self._picture()
        return {"text/plain": picture.text(), "text/html": picture.html()}

    def _display_(self) -> Any:
        """What marimo shows: a widget that changes until all tasks have finished, then HTML."""
        if self._is_finished:
            return sys.modules["marimo"].Html(self.html)
        from immediate_tasks_ipy.panel.card_widget import CardWidget

        widget = CardWidget(html=self.html)

        def follow() -> None:
            is_finished = self._is_finished  # before the drawing: the last one is final
            widget.html = self.html
            if not is_finished:
                service_loop.call_later(SLOWEST / 4, follow)

        service_loop.call_soon(follow)
        return widget

    @property
    def _is_finished(self) -> bool:
        return all(entry.result.is_finished for entry in self._entries)

    def _picture(self) -> Picture:
        now = datetime.now(UTC)
        if self._is_batch:
            return BatchView(_stats(self._entries), now)
        return EntryView(self._entries[0], now)


def card(result: Any) -> Card:
    """The card of a TaskResult, or of several: TaskResults, or any iterable of results.

    Results of Django's frameworks are taken too. Raises TypeError for anything else.
    """
    if _is_result(result):
        return Card([_entry(result)], is_batch=False)
    if not isinstance(result, Iterable) or isinstance(result, str | bytes):
        raise TypeError(_NEEDED.format(result))
    results = list(result)
    for one in results:
        if not _is_result(one):
            raise TypeError(_NEEDED.format(one))
    return Card([_entry(one) for one in results], is_batch=True)


_NEEDED = "card() shows a TaskResult, or an iterable of them, and {!r} is neither."


def _is_result(value: Any) -> bool:
    """Whether it is a result of this framework or one of Django's, none of which is imported."""
    return any(kind.__name__ == "TaskResult" for kind in type(value).__mro__)


def _entry(result: Any) -> Entry:
    # A result that the history has dropped, or has never seen, is shown without its origin.
    return current_recorder().entry_of(result) or Entry(0, result, None)


def _stats(entries: list[Entry]) -> BatchStats:
    """The counts of a batch, made of results that need not have been one."""
    names = dict.fromkeys(entry.result.task.name for entry in entries)
    stats = BatchStats(f"{', '.join(names)}(…)" if names else "No tasks", len(entries))
    for entry in entries:
        if entry.result.status == "READY":
            stats.enqueued += 1
            continue
        stats.started()
        if entry.result.is_finished:
            stats.ended(entry)
    began = [e.result.enqueued_at for e in entries if e.result.enqueued_at is not None]
    ended = [e.result.finished_at for e in entries if e.result.finished_at is not None]
    if began:
        stats.started_at = min(began)
    if all(entry.result.is_finished for entry in entries):
        stats.finished_at = max(ended, default=stats.started_at)
    return stats
