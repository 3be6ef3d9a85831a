"""The results of a batch as they finish, for `for` and for `async for`."""

from __future__ import annotations

import asyncio
import contextlib
import queue
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from immediate_tasks_ipy.task_history import Entry, Recorder

#: Seconds between two looks for an interrupt while a thread waits.
_SLICE = 0.1

#: Called with each result that ends, and with None when all have ended.
Listener = Callable[["Any | None"], object]


class Source(Protocol):
    """Results that end one by one."""

    @property
    def is_finished(self) -> bool:
        """Whether all have ended, and none follows."""

    def subscribe(self, listener: Listener) -> list[Any]:
        """Call back from now on, on any thread; returns the results that have ended before."""

    def unsubscribe(self, listener: Listener) -> None: ...


class AsCompleted:
    """Yields each result once it has finished, those that have finished already first.

    It ends when all have ended and no item follows.
    """

    def __init__(
        self, source: Source, loop: Callable[[], asyncio.AbstractEventLoop | None]
    ) -> None:
        self._source = source
        self._loop = loop

    def __iter__(self) -> Iterator[Any]:
        """Blocks this thread; raises RuntimeError on the loop that runs the tasks."""
        running = asyncio._get_running_loop()
        if running is not None and not self._source.is_finished and self._loop() is running:
            msg = (
                "The batch runs on this thread's loop, which a plain `for` would block: write "
                "`async for result in results.as_completed()`."
            )
            raise RuntimeError(msg)
        return self._blocking()

    def _blocking(self) -> Iterator[Any]:
        arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        before = self._source.subscribe(arrived.put)
        seen = set(map(id, before))
        try:
            yield from before
            while not (self._source.is_finished and arrived.empty()):
                with contextlib.suppress(queue.Empty):
                    result = arrived.get(timeout=_SLICE)
                    if result is not None and id(result) not in seen:
                        seen.add(id(result))
                        yield result
        finally:
            self._source.unsubscribe(arrived.put)

    async def __aiter__(self) -> AsyncIterator[Any]:
        """On the running loop, whichever loop or thread runs the tasks."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Any] = asyncio.Queue()

        def put(result: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(arrived.put_nowait, result)

        before = self._source.subscribe(put)
        seen = set(map(id, before))
        try:
            if self._source.is_finished:
                put(None)
            for result in before:
                yield result
            while (result := await arrived.get()) is not None:
                if id(result) not in seen:
                    seen.add(id(result))
                    yield result
        finally:
            self._source.unsubscribe(put)


class ResultList:
    """Results that were enqueued one by one, as a Source."""

    def __init__(self, results: list[Any], recorder: Recorder) -> None:
        self._results = results
        self._recorder = recorder
        self._observers: dict[Listener, _Observer] = {}

    @property
    def is_finished(self) -> bool:
        return all(result.is_finished for result in self._results)

    def subscribe(self, listener: Listener) -> list[Any]:
        pending = {result.id: result for result in self._results if not result.is_finished}
        observer = self._observers[listener] = _Observer(pending, listener)
        self._recorder.subscribe(observer)
        # Some may have finished before the observer was there.
        before = [result for result in self._results if result.is_finished]
        for result in before:
            pending.pop(result.id, None)
        return before

    def unsubscribe(self, listener: Listener) -> None:
        observer = self._observers.pop(listener, None)
        if observer is not None:
            self._recorder.unsubscribe(observer)


class _Observer:
    def __init__(self, pending: dict[str, Any], listener: Listener) -> None:
        self._pending = pending
        self._listener = listener

    def changed(self, entry: Entry) -> None:
        if entry.result.is_finished and self._pending.pop(entry.result.id, None) is not None:
            self._listener(entry.result)
            if not self._pending:
                self._listener(None)

    def removed(self, keys: list[int]) -> None:
        pass
