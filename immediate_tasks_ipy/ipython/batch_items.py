"""The items of a batch: reading them, making calls of them, and what went wrong with one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sized
from typing import Any, NamedTuple

from .batch_progress import BatchProgress, ItemOrigin

Items = Iterable[Any] | AsyncIterable[Any]


class Call(NamedTuple):
    """What to enqueue for one item."""

    task: Any
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}
    #: How the call is written; None for the task's name and its arguments.
    label: str | None = None


class ItemError(Exception):
    """A batch ended early: an item could not be read, or nothing could be enqueued for it.

    The cause is the exception that says why.
    """

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        #: The item's position in the iterable, from 0.
        self.index = index
        #: The results of the items before it, all ended.
        self.results: list[Any] = []


class BatchItems:
    """Makes calls of items, and remembers the first that fails in `error`."""

    def __init__(self, call: Callable[[Any], Call], progress: BatchProgress) -> None:
        self._call = call
        self._progress = progress
        self.error: ItemError | None = None

    def iterator(self, iterator_of: Callable[[Any], Any], items: Items) -> Any:
        """`iter` or `aiter` of the items; None with `error` set, if that fails."""
        batch = self._progress.batch
        if batch.total is None and isinstance(items, Sized):
            with contextlib.suppress(Exception):
                batch.total = len(items)
        try:
            return iterator_of(items)
        except Exception as error:
            self.unreadable(error)
            return None

    def call(self, item: Any) -> Call | None:
        """What to enqueue for an item; None with `error` set, if that can't be said."""
        try:
            return self._call(item)
        except Exception as error:
            self._fail("The call could not be made", len(self._progress.results), error)
            return None

    def unreadable(self, error: Exception) -> None:
        """The iterable raised."""
        self._fail("The iterable failed", len(self._progress.results), error)

    def refused(self, origin: ItemOrigin, error: Exception) -> None:
        """The backend, or a receiver of its signals, raised."""
        self._progress.withdraw(origin)
        self._fail("The task could not be enqueued", origin.index, error)

    def _fail(self, what: str, index: int, error: Exception) -> None:
        if self.error is None:
            self.error = ItemError(f"{what} for item {index}: {_described(error)}", index)
            self.error.__cause__ = error


def _described(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
