"""The items of a batch, and the job that is made of each."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import AsyncIterable, Callable, Iterable, Sized
from pathlib import Path
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from immediate_tasks_ipy.task_history import Job
from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code
from immediate_tasks_ipy.tasks.values import refusal

Items = Iterable[Any] | AsyncIterable[Any]

_NOTHING = object()
#: Where this package's own files are.
_PACKAGE = str(Path(__file__).parents[1]) + os.sep


class ItemError(Exception):
    """A batch ended early: an item could not be read, or nothing could be enqueued for it.

    The cause is the exception that says why.
    """

    def __init__(
        self, what: str, index: int, error: BaseException, *, refused: bool = False
    ) -> None:
        super().__init__(f"{what} for item {index}: {description(error)}")
        self.__cause__ = error
        _leave_out_own_frames(error)
        #: The item's position in the iterable, from 0.
        self.index = index
        #: Was the task refused by its backend, while item and call were in order?
        self.is_refusal = refused
        #: The results of the items before it, all ended.
        self.results: list[Any] = []


class ItemJobs:
    """A job for each item, made when it is asked for, with the item's index in its submission.

    Reading can stop anywhere, an interrupt included, and go on later with the same item.
    """

    def __init__(self, items: Items, make: Callable[[Any], Job]) -> None:
        #: Does reading need a running loop?
        self.is_async = isinstance(items, AsyncIterable)
        self._items = items
        self._make = make
        self._iterator: Any = None
        #: How many items have been read: the index of the next.
        self._read = 0
        #: What was read and not taken yet: the item, the job made of it.
        self._item: Any = _NOTHING
        self._job: Job | None = None
        self._is_at_end = False

    @property
    def may_go_on(self) -> bool:
        """Whether there may be more: the end was not reached, and what comes next is not lost."""
        return not self._is_at_end and (self._job is not None or not self._is_lost)

    @calls_user_code
    async def next(self) -> Job | None:
        """The next job; None after the last. The same again unless `take` was called.

        Raises ItemError.
        """
        if self._job is None:
            if self._item is _NOTHING:
                if self._is_at_end:
                    return None
                item = await self._anext_item() if self.is_async else self._next_item()
                if item is _NOTHING:
                    self._is_at_end = True
                    return None
                self._item = item
                self._read += 1
            index = self._read - 1
            try:
                job = self._make(self._item)
            except Exception as error:
                self._item = _NOTHING
                raise ItemError("The call could not be made", index, error) from error
            if job.submission.batch is None:
                job.submission.item = index
            self._job = job
        return self._job

    def take(self) -> None:
        """The job that `next` returned is on its way."""
        self._job, self._item = None, _NOTHING

    async def close(self) -> None:
        """Close what was not read to its end; it is opened again where that is possible."""
        iterator, self._iterator = self._iterator, None
        if inspect.isasyncgen(iterator):
            await iterator.aclose()
        elif inspect.isgenerator(iterator):
            iterator.close()

    @property
    def _is_lost(self) -> bool:
        """Whether reading has begun and can't go on: the items come only once, and are closed."""
        if self._iterator is not None and not _is_exhausted(self._iterator):
            return False
        return self._read > 0 and not self._can_reopen

    @property
    def _can_reopen(self) -> bool:
        return not hasattr(self._items, "__anext__" if self.is_async else "__next__")

    @calls_user_code
    def _next_item(self) -> Any:
        # No coroutine, unlike `_anext_item`: that would be the dearest part of a small item.
        index = self._read
        try:
            if self._iterator is None or _is_exhausted(self._iterator):
                self._iterator = iter(self._items)  # type: ignore[arg-type]
                for _ in range(index if self._can_reopen else 0):  # to where reading stopped
                    next(self._iterator)
            return next(self._iterator, _NOTHING)
        except Exception as error:
            raise ItemError("The iterable failed", index, error) from error

    @calls_user_code
    async def _anext_item(self) -> Any:
        index = self._read
        try:
            if self._iterator is None or _is_exhausted(self._iterator):
                self._iterator = aiter(self._items)  # type: ignore[arg-type]
                for _ in range(index if self._can_reopen else 0):
                    await anext(self._iterator)
            return await anext(self._iterator, _NOTHING)
        except Exception as error:
            raise ItemError("The iterable failed", index, error) from error


def _is_exhausted(iterator: Any) -> bool:
    """Whether a generator has ended, or was ended by an exception raised in it."""
    if isinstance(iterator, GeneratorType):
        return iterator.gi_frame is None
    return isinstance(iterator, AsyncGeneratorType) and iterator.ag_frame is None


def _leave_out_own_frames(error: BaseException) -> None:
    """Have an exception's traceback begin in the code that this package has called."""
    with contextlib.suppress(Exception):
        first = error.__traceback__
        while first is not None and first.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            first = first.tb_next
        error.__traceback__ = first or error.__traceback__


def jobs_of_items(items: Items, make: Callable[[Any], Job]) -> ItemJobs:
    """A job for each item, made when it is asked for."""
    return ItemJobs(items, make)


def known_size(items: Items) -> int | None:
    """How many items there are, where that can be said before they are read."""
    if isinstance(items, Sized):
        with contextlib.suppress(Exception):
            return len(items)
    return None


def description(error: BaseException) -> str:
    """Class and message of an exception, in one piece of text; never raises."""
    sentence = refusal(error)
    if sentence is not None:
        return sentence
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
