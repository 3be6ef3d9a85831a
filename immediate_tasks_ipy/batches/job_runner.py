"""Runs jobs, a few at a time: one pass of a batch over its items."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from immediate_tasks_ipy.task_history import Entry, Job, Recorder
from immediate_tasks_ipy.task_history.waiting import wait_blocking
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.faults import interrupts

from .concurrency import default_concurrency
from .item_context import item_context, start_eagerly
from .item_results import ItemResults
from .items import ItemError
from .resume_file import ResumeFile

logger = logging.getLogger("immediate_tasks_ipy")

#: Seconds that cancelled tasks have for their clean-up before the batch ends without them.
GRACE = 0.2
#: Seconds that tasks which never wait keep the loop waiting, at least one task.
YIELD_INTERVAL = 0.01


class Limits(NamedTuple):
    """How jobs are run."""

    #: How many at a time.
    concurrency: int = 1
    #: Do more run at a time where their backend has come to want more?
    may_grow: bool = False
    #: Seconds that each may run.
    timeout: float | None = None
    #: Does a task count as ended when it is finished, or when it is enqueued? None: its backend
    #: says so.
    wait: bool | None = None
    #: Awaited on the running loop? Else in place, one after the other.
    on_loop: bool = True


@dataclass(slots=True)
class Flight:
    """A job that has begun and not ended."""

    job: Job
    #: The asyncio task that awaits it, if one does.
    task: asyncio.Task[None] | None = None
    #: Does its room become free with the signal of its end? Else when its call returns.
    ends_elsewhere: bool = False


class JobRunner:
    """Begins jobs as there is room, on the running loop or, without one, in place.

    Async functions are awaited on the loop; synchronous ones run in place if only one may run
    at a time, else in threads. All methods belong to the thread it was made in.
    """

    def __init__(
        self, items: ItemResults, recorder: Recorder, limits: Limits, store: ResumeFile | None
    ) -> None:
        #: None where the jobs run in place.
        self.loop = asyncio.get_running_loop() if limits.on_loop else None
        self.owner = asyncio.current_task() if limits.on_loop else None
        #: Why nothing could be enqueued for an item.
        self.refusal: ItemError | None = None
        #: A KeyboardInterrupt or SystemExit in a task, which ends them all.
        self.interrupt: BaseException | None = None
        #: The jobs that were ended because the batch was stopped, by the index of their item.
        self.cut_off: dict[int, Job] = {}
        self.in_flight: dict[int, Flight] = {}
        self.timers: dict[int, asyncio.TimerHandle] = {}
        self._items = items
        self._recorder = recorder
        self._limits = limits
        self._concurrency = limits.concurrency
        self._store = store
        self._room: asyncio.Future[None] | None = None
        # The jobs that have ended elsewhere and still take their room, until the loop's next turn.
        self._leaving: deque[int] = deque()
        self._is_leaving = False
        self._known: tuple[Any, bool] = (None, False)
        self._next_yield = 0.0
        items.on_end = self._ended
        items.on_start = None if limits.timeout is None else self._started

    @property
    def has_room(self) -> bool:
        return len(self.in_flight) < self._concurrency

    def _grow(self) -> bool:
        """Make room if the backend has come to want more jobs; returns whether it has."""
        job = next((flight.job for flight in list(self.in_flight.values())), None)
        wanted = 0 if job is None else default_concurrency(job)
        has_grown = wanted > self._concurrency
        self._concurrency = max(wanted, self._concurrency)
        return has_grown

    async def wait_for_room(self) -> None:
        if self._limits.may_grow and self._grow():
            return
        self._room = asyncio.get_running_loop().create_future()
        try:
            await self._room
        finally:
            self._room = None

    def _wake(self) -> None:
        """End `wait_for_room`; on the loop."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def yield_to_loop(self) -> None:
        """Let buttons and interrupts have their turn, now and then."""
        if self.loop is None:
            interrupts.raise_pending_interrupt()
        elif self.loop.time() > self._next_yield:
            await asyncio.sleep(0)
            self._next_yield = self.loop.time() + YIELD_INTERVAL

    # -- one job --------------------------------------------------------------

    def begin(self, job: Job) -> bool:
        """Start a job; returns whether it kept this thread until its end."""
        if self._store is not None:
            kept = self._store.find(job)
            if kept is not None:
                self._items.restore(job, kept)
                return True
        index = self._items.expect(job)
        context = item_context(job.submission)
        loop = self.loop
        flight = self.in_flight[index] = Flight(job)
        if loop is not None:
            if self._limits.timeout is not None and not job.backend.is_remote:
                self._set_timer(index)
            if self._is_async(job) or not job.backend.finishes_tasks:
                task = start_eagerly(loop, self._enqueue(index, job), context)
                if task.done():
                    return True
                flight.task = task
                return False
        in_place = loop is None or self._limits.concurrency == 1
        flight.ends_elsewhere = not in_place
        try:
            result = context.run(job.enqueue) if in_place else context.run(job.submit, None)
            self._items.attach(job, result)
        except Exception as error:
            self._refuse(index, error)
            self._leave(index)
        else:
            self._follow(index, flight, result)
        return in_place

    def _follow(self, index: int, flight: Flight, result: Any) -> None:
        """Free the room of a job that was enqueued in place or in a thread, once it has ended."""
        if not result.is_finished and self._waits(flight.job):
            if self.loop is None:
                wait_blocking(self._recorder, [result])
            else:
                flight.ends_elsewhere = True
                if not result.is_finished:  # else it has ended meanwhile
                    return
        self._leave(index)

    @interrupts.contains_interrupts
    async def _enqueue(self, index: int, job: Job) -> None:
        """The asyncio task of a job; raises nothing, since an interrupt would end the loop."""
        try:
            result = await job.aenqueue()
            self._items.attach(job, result)
            if self._waits(job) and not result.is_finished:
                self.in_flight[index] = Flight(job, ends_elsewhere=True)
                if not result.is_finished:
                    return
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._refuse(index, error)
        except BaseException as error:
            self.interrupt = error
            self.cut_off[index] = job
            if self.owner is not None and not interrupts.is_interrupt_pending():
                self.owner.cancel()
        self._leave(index)

    def _waits(self, job: Job) -> bool:
        wait = self._limits.wait
        return job.backend.finishes_tasks if wait is None else wait

    def _is_async(self, job: Job) -> bool:
        function = job.task.func
        if self._known[0] is not function:
            self._known = function, job.is_async
        return self._known[1]

    def _leave(self, index: int) -> None:
        """A job takes no room any more; on the loop."""
        self.in_flight.pop(index, None)
        if self._limits.timeout is not None:
            self._stop_timer(index)
        self._wake()

    def _ended(self, index: int, entry: Entry) -> None:
        """A task has ended; on any thread."""
        if self._store is not None:
            self._store.keep(index, entry.result)
        flight = self.in_flight.get(index)
        if flight is not None and flight.ends_elsewhere:
            self._leaving.append(index)
            if not self._is_leaving:
                self._is_leaving = True
                self._call_on_loop(self._leave_all)

    def _leave_all(self) -> None:
        self._is_leaving = False  # before the last look, so that none is left
        while self._leaving:
            self._leave(self._leaving.popleft())

    def _refuse(self, index: int, error: Exception) -> None:
        """Nothing could be enqueued for an item: the batch ends with those before it."""
        self._items.withdraw(index)
        if self.refusal is None:
            self.refusal = ItemError("The task could not be enqueued", index, error, refused=True)

    # -- ended from outside ---------------------------------------------------------

    def _started(self, index: int, _entry: Entry) -> None:
        """A task has begun to run, for the first time or again; on any thread."""
        self._call_on_loop(self._set_timer, index)

    def _set_timer(self, index: int) -> None:
        loop, timeout = self.loop, self._limits.timeout
        if loop is None or timeout is None or index not in self.in_flight:
            return
        self._stop_timer(index)
        self.timers[index] = loop.call_later(timeout, self._time_out, index)

    def _stop_timer(self, index: int) -> None:
        timer = self.timers.pop(index, None)
        if timer is not None:
            timer.cancel()

    def _time_out(self, index: int) -> None:
        flight = self.in_flight.get(index)
        error = TimeoutError(f"The task did not finish within {self._limits.timeout:g} seconds.")
        if not self._fail(index, error) and (flight is None or flight.task is None):
            self._leave(index)

    def stop(self, error: BaseException, *, by_user: bool = False) -> None:
        """Fail the tasks in flight with `error`; on the loop."""
        for index, flight in list(self.in_flight.items()):
            self.cut_off[index] = flight.job
            if by_user:
                self._mark_cancelled(index)
            if not self._fail(index, error) and flight.task is not None:
                flight.task.cancel()

    async def clean_up(self) -> None:
        """Give the tasks that were stopped a moment for their own clean-up."""
        tasks = [flight.task for flight in self.in_flight.values() if flight.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)

    def _fail(self, index: int, error: BaseException) -> bool:
        """Bring a task to its end with that error; False if its backend can't."""
        flight, result = self.in_flight.get(index), self._items.live[index]
        if flight is None or result is None or result.is_finished:
            return False
        try:
            flight.job.backend.cancel(result, error=error)
        except TaskNotCancellable:
            return False
        except Exception:
            logger.exception("Backend %r could not cancel a task.", flight.job.backend.alias)
            return False
        return True

    def _mark_cancelled(self, index: int) -> None:
        result = self._items.live[index]
        entry = None if result is None else self._recorder.entry_of(result)
        if entry is not None:
            entry.was_cancelled = True

    def _call_on_loop(self, function: Any, *args: Any) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(function, *args)
