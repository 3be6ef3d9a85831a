"""One task per item of an iterable, a few at a time: what `--each` runs on."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import sys
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from typing import Any

from immediate_tasks_ipy.task_history import (
    Batch,
    Origin,
    TaskHistory,
    current_history,
    current_origin,
)
from immediate_tasks_ipy.task_history.waiting import wait_blocking
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .batch_items import BatchItems, Call, ItemError, Items
from .batch_progress import BatchProgress, ItemOrigin
from .output_route import move_to

__all__ = ["Call", "Each", "ItemError", "in_item_of"]

#: Seconds that cancelled tasks have for their clean-up before the batch ends without them.
GRACE = 0.2
#: Seconds that tasks which never wait keep the loop waiting, at least one task.
BREATH = 0.01


class Each:
    """Enqueues a task per item, at most `concurrency` at a time, in the order of the items.

    `call` says what to enqueue for an item. Async functions are awaited on the
    running loop; synchronous ones run in place if `concurrency` is 1, else in
    threads. Every task has a context of its own; with `capture`, its output is
    moved to it. `origin` is the cell that the tasks come from. With `wait`, a
    task counts as ended when it is finished, else when it is enqueued; unset,
    that is up to the backend. A task that runs longer than `timeout` seconds
    fails with TimeoutError.

    The iterable is read only as far as there is room; nothing but the results
    is kept. One use per instance.
    """

    def __init__(
        self,
        call: Callable[[Any], Call],
        *,
        backend: Any,
        batch: Batch,
        concurrency: int = 1,
        timeout: float | None = None,
        capture: bool = True,
        wait: bool | None = None,
        origin: Origin | None = None,
        history: TaskHistory | None = None,
    ) -> None:
        self._backend = backend
        self._finishes = bool(getattr(backend, "finishes_tasks", False))
        self._wait = self._finishes if wait is None else wait
        self._concurrency = concurrency
        self._timeout = timeout
        self._history = current_history() if history is None else history
        self._progress = BatchProgress(batch, self._history, origin or Origin(), capture=capture)
        self._items = BatchItems(call, self._progress)
        self._in_flight: dict[int, asyncio.Task[None] | None] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._room: asyncio.Future[None] | None = None
        self._interrupt: BaseException | None = None
        self._stopped_by: BaseException | None = None
        self._known: tuple[Any, bool] = (None, False)
        self._next_breath = 0.0

    @property
    def results(self) -> list[Any]:
        """The results so far, in the order of the items."""
        return [result for result in self._progress.results if result is not None]

    @property
    def live_results(self) -> list[Any]:
        """The results by item, growing while the batch runs; None where there is none yet."""
        return self._progress.results

    # -- with a loop -------------------------------------------------------

    async def run(self, items: Items) -> list[Any]:
        """Enqueue a task per item; returns the results when all have ended.

        Raises ItemError after the tasks in flight have ended, if an item could
        not be enqueued. A cancellation or KeyboardInterrupt ends them at once.
        """
        self._loop = asyncio.get_running_loop()
        self._progress.owner = asyncio.current_task()
        self._progress.on_end = self._ended
        self._progress.open()
        try:
            if isinstance(items, AsyncIterable):
                await self._read_async(items)
            else:
                await self._read(items)
            while self._in_flight:
                await self._wait_for_room()
            if self._interrupt is not None:
                await asyncio.sleep(0)  # where the cancellation that goes with it arrives
        except BaseException as error:
            interrupt = self._interrupt
            if interrupt is not None and self._progress.owner is not None:
                self._progress.owner.uncancel()
            await self._end_early(interrupt or error)
            if interrupt is not None:
                raise interrupt from None
            raise
        refusal = self._items.error
        self._progress.complete(None if refusal is None else str(refusal))
        return self._results_or_raise()

    def stop(self, error: BaseException) -> None:
        """Fail the tasks in flight with `error`; call it on the loop, then cancel `run`."""
        self._stopped_by = error
        for index, task in list(self._in_flight.items()):
            if not self._end(index, error) and task is not None:
                task.cancel()

    async def _read(self, items: Iterable[Any]) -> None:
        iterator = self._items.iterator(iter, items)
        try:
            while self._items.error is None and self._interrupt is None:
                if len(self._in_flight) >= self._concurrency:
                    await self._wait_for_room()
                    continue
                try:
                    item = next(iterator)
                except StopIteration:
                    return
                except Exception as error:
                    self._items.unreadable(error)
                    return
                if self._begin(item):
                    await self._breathe()
        finally:
            close = getattr(iterator, "close", None)
            if inspect.isgenerator(iterator) and close is not None:
                close()

    async def _read_async(self, items: AsyncIterable[Any]) -> None:
        iterator = self._items.iterator(aiter, items)
        try:
            while self._items.error is None and self._interrupt is None:
                if len(self._in_flight) >= self._concurrency:
                    await self._wait_for_room()
                    continue
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    self._items.unreadable(error)
                    return
                if self._items.error is None and self._begin(item):
                    await self._breathe()
        finally:
            if inspect.isasyncgen(iterator):
                await iterator.aclose()

    async def _breathe(self) -> None:
        """Let the loop go on, and with it buttons and interrupts, now and then."""
        if self._loop.time() > self._next_breath:
            await asyncio.sleep(0)
            self._next_breath = self._loop.time() + BREATH

    async def _wait_for_room(self) -> None:
        self._room = self._loop.create_future()
        try:
            await self._room
        finally:
            self._room = None

    def _begin(self, item: Any) -> bool:
        """Start the task of an item; returns whether it kept the loop waiting until its end."""
        call = self._items.call(item)
        if call is None:
            return False
        origin = self._progress.origin(call.label)
        index = origin.index
        context = contextvars.copy_context()
        context.run(_enter, origin)
        if self._timeout is not None:
            self._timers[index] = self._loop.call_later(self._timeout, self._time_out, index)
        if self._is_async(call.task) or not self._finishes:
            task = _start(self._loop, self._enqueue(origin, call), context)
            if task.done():
                return True
            self._in_flight[index] = task
            return False
        in_place = self._concurrency == 1
        start = self._backend.enqueue if in_place else self._backend.submit
        self._in_flight[index] = None
        try:
            result = context.run(start, call.task, call.args, dict(call.kwargs))
            self._progress.found(origin, result)
        except Exception as error:
            self._items.refused(origin, error)
            self._leave(index)
        else:
            if result.is_finished or not self._wait:
                self._leave(index)
        return in_place

    async def _enqueue(self, origin: ItemOrigin, call: Call) -> None:
        """The asyncio task of an item; raises nothing, since an interrupt would end the loop."""
        try:
            result = await self._backend.aenqueue(call.task, call.args, dict(call.kwargs))
            self._progress.found(origin, result)
            if self._wait and not result.is_finished:
                self._in_flight[origin.index] = None
                if not result.is_finished:
                    return
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._items.refused(origin, error)
        except BaseException as error:
            self._interrupt = error
            if self._progress.owner is not None:
                self._progress.owner.cancel()
        self._leave(origin.index)

    def _ended(self, index: int) -> None:
        # Those with an asyncio task leave by themselves; of the others, any thread may tell.
        if self._in_flight.get(index, index) is None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._leave, index)

    def _leave(self, index: int) -> None:
        self._in_flight.pop(index, None)
        if self._timeout is not None:
            timer = self._timers.pop(index, None)
            if timer is not None:
                timer.cancel()
        room = self._room
        if room is not None and not room.done():
            room.set_result(None)

    def _time_out(self, index: int) -> None:
        message = f"The task did not finish within {self._timeout:g} seconds."
        if not self._end(index, TimeoutError(message)) and self._in_flight.get(index) is None:
            self._leave(index)

    def _end(self, index: int, error: BaseException) -> bool:
        """Bring a task to its end with that error; False if its backend can't."""
        result = self._progress.results[index]
        if result is None:
            return False
        try:
            self._backend.cancel(result, error=error)
        except (AttributeError, TaskNotCancellable):
            return False
        return True

    async def _end_early(self, error: BaseException) -> None:
        self.stop(self._stopped_by or error)
        tasks = [task for task in self._in_flight.values() if task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        self._progress.complete(self._sentence(error))

    # -- without one -------------------------------------------------------

    def run_sync(self, items: Any) -> list[Any]:
        """Enqueue a task per item, one after the other in this thread; returns the results.

        Raises ItemError if an item could not be enqueued, and KeyboardInterrupt.
        """
        if isinstance(items, AsyncIterable):
            msg = f"{type(items).__name__!r} is an async iterable, which needs a running loop."
            raise TypeError(msg)
        self._progress.open()
        error: BaseException | None = None
        try:
            self._read_sync(items)
            error = self._items.error
        except BaseException as interrupt:
            error = interrupt
            raise
        finally:
            self._progress.complete(None if error is None else self._sentence(error))
        return self._results_or_raise()

    def _read_sync(self, items: Iterable[Any]) -> None:
        iterator = self._items.iterator(iter, items)
        while self._items.error is None:
            try:
                item = next(iterator)
            except StopIteration:
                return
            except Exception as error:
                self._items.unreadable(error)
                return
            call = self._items.call(item)
            if call is None:
                return
            origin = self._progress.origin(call.label)
            context = contextvars.copy_context()
            context.run(_enter, origin)
            try:
                result = context.run(self._backend.enqueue, call.task, call.args, dict(call.kwargs))
                self._progress.found(origin, result)
            except Exception as error:
                self._items.refused(origin, error)
                return
            if self._wait and not result.is_finished:
                wait_blocking(self._history, [result])

    # -- both --------------------------------------------------------------

    def _results_or_raise(self) -> list[Any]:
        error = self._items.error
        if error is None:
            return self.results
        error.results = self.results
        raise error

    def _is_async(self, task: Any) -> bool:
        function = task.func
        if self._known[0] is not function:
            self._known = function, inspect.iscoroutinefunction(function)
        return self._known[1]

    def _sentence(self, error: BaseException) -> str:
        if isinstance(error, ItemError):
            return str(error)
        read = len(self._progress.results)
        return f"Interrupted after {read:,} {'item' if read == 1 else 'items'}."


def _start(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, None],
    context: contextvars.Context,
) -> asyncio.Task[None]:
    """An asyncio task that runs at once as far as its first real wait, where Python can do that."""
    if sys.version_info < (3, 12):
        return loop.create_task(coroutine, context=context)
    return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)


def in_item_of(owner: asyncio.Task[Any]) -> bool:
    """Whether the running code is a task of the batch that `owner` awaits."""
    origin = current_origin.get()
    if not isinstance(origin, ItemOrigin) or origin.progress is None:
        return False
    return origin.progress.owner is owner and asyncio.current_task() is not None


def _enter(origin: ItemOrigin) -> None:
    """Make this context that of an item's task."""
    current_origin.set(origin)
    if origin.output is not None:
        move_to(origin.output).__enter__()
