"""The life of one run of a task, as a state machine without I/O."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.faults.locks import new_rlock
from immediate_tasks_ipy.tasks.progress import reporter_of, set_reporter

from .execution_states import CancelAction, State

if TYPE_CHECKING:
    from immediate_tasks_ipy.tasks.threads.thread_call import ThreadCall

    from .retries import RetryPolicy

#: The result of the task whose function runs in this context; None outside of tasks.
#: A task that is enqueued meanwhile is its child.
running_result: ContextVar[Any] = ContextVar("immediate_tasks_ipy.running_result", default=None)


set_reporter(lambda: reporter_of(running_result.get()))


def forget_running(result: Any) -> None:
    """A task has ended: nothing that is enqueued here from now on is its child.

    For an interrupt that came before the code which resets `running_result` was reached.
    """
    if running_result.get() is result:
        running_result.set(None)


READY, SCHEDULED = State.READY, State.SCHEDULED
ON_LOOP, IN_THREAD = State.ON_LOOP, State.IN_THREAD
CANCELLING, ENDED = State.CANCELLING, State.ENDED

# Held for the transitions of one execution that two threads may race for. All share one: it is
# never held for long, and a lock for each would cost more than the rest of it. Reentrant, since a
# signal handler may cancel a run while its thread is in here.
_lock = new_rlock()


class Execution:
    """One run of a task: who may cancel it, who decides its outcome.

    It calls no function, sends no signal and writes no result: a driver does, in a thread or on
    a loop, and asks it at every step. The right to write the outcome is given once: by `finish`
    when it returns True, or by `request_cancel` when it returns FAIL or INTERRUPT. Who says `by`
    whom it is taken may ask `finish` again, and an interrupt in between loses no outcome.

    A driver calls, in this order: `schedule` if it hands the run over; `begin`; `enter_loop` or
    `enter_thread` right before the function; `clear_cancel` after an awaited one; `finish`.
    For another attempt it calls `retry` in place of `finish`; if that is True it makes the
    result READY, and starts over with `schedule`. Where a thread calls a function for an asyncio
    task that awaits it, the asyncio task enters first; the thread may enter as well.

    The next state, if it is another one, and what is returned; `error` is a RuntimeError,
    `cancelled` a CancelledError that is raised:

    ==========  =========  ===========  ==========  ============  ===========  ===========
    state       schedule   begin        enter_loop  enter_thread  retry        finish
    ==========  =========  ===========  ==========  ============  ===========  ===========
    READY       SCHEDULED  True         ON_LOOP     IN_THREAD     error        ENDED, True
    SCHEDULED   error      READY, True  error       error         True         ENDED, True
    ON_LOOP     error      True         error       None          READY, True  ENDED, True
    IN_THREAD   error      True         error       error         READY, True  ENDED, True
    CANCELLING  None       True         cancelled   cancelled     False        ENDED, True
    ENDED       None       False        cancelled   cancelled     False        False
    ==========  =========  ===========  ==========  ============  ===========  ===========

    ==========  ==========================  ==========================  ==============
    state       request_cancel              ... with grace              deliver_cancel
    ==========  ==========================  ==========================  ==============
    READY       CANCELLING, NONE            CANCELLING, NONE            False
    SCHEDULED   ENDED, FAIL                 ENDED, FAIL                 False
    ON_LOOP     CANCELLING, CANCEL_ON_LOOP  CANCELLING, CANCEL_ON_LOOP  False
    IN_THREAD   ENDED, INTERRUPT            CANCELLING, INTERRUPT       False
    CANCELLING  again                       again                       True or False
    ENDED       TOO_LATE                    TOO_LATE                    False
    ==========  ==========================  ==========================  ==============

    An execution that another process runs is SCHEDULED to its end: there `retry` asks whether the
    result may become READY again, after its worker was lost.

    "Again" is what the state before CANCELLING has in that column: a function that has swallowed
    a cancellation gets another. `deliver_cancel` is True once for each request, if that is between
    `enter_loop` and `clear_cancel`; and `clear_cancel` is True once, in any state, if
    `deliver_cancel` was. These two belong to the loop of the asyncio task, `enter_loop` to its
    driver; all others are thread-safe.
    """

    #: What a cancelled result is to fail with, if not with the CancelledError itself. The driver
    #: drops it once that is written: its frames would keep each other alive.
    error: BaseException | None = None
    #: Was the asyncio task cancelled, and not uncancelled since?
    cancel_pending = False
    #: For the driver: refers to `asyncio_task`; kept alive, that of a closed loop would never end.
    task_reference: weakref.ref[asyncio.Task[Any]] | None = None
    #: For the driver: the receivers of `task_finished` that have not been called; None before that.
    receivers: Iterator[Any] | None = None
    #: For the driver: the call of the function in a thread.
    thread: ThreadCall | None = None
    #: For the driver: whether to try again after a failure.
    policy: RetryPolicy | None = None
    #: For the driver: ends the pause before another attempt.
    end_pause: Callable[[], object] | None = None

    # `enter_loop` and `finish` are on the way of every awaited task, and take no lock. Who takes
    # the execution out of the registry has the right to the outcome. `_step` belongs to the
    # driver, `_is_cancelled` to `request_cancel`: each is written before the other is read, so
    # that at least one of the two sees what the other did.
    _step = READY
    _is_cancelled = False
    _has_ended = False
    _has_left_function = False
    # Is there a request that `deliver_cancel` has not answered?
    _is_requested = False

    def __init__(self, result: Any, registry: dict[str, Any]) -> None:
        """`registry` holds the execution by the id of its result until it has ended."""
        #: A TaskResult, or Django's.
        self.result = result
        self._registry = registry
        # Who has asked for the right to the outcome; the first has it. To append is atomic.
        self._finishers: list[object] = []
        registry[result.id] = self

    @property
    def asyncio_task(self) -> asyncio.Task[Any] | None:
        """For the driver: the asyncio task that awaits the function."""
        return None if self.task_reference is None else self.task_reference()

    @asyncio_task.setter
    def asyncio_task(self, asyncio_task: asyncio.Task[Any] | None) -> None:
        self.task_reference = None if asyncio_task is None else weakref.ref(asyncio_task)

    @property
    def state(self) -> State:
        """Where the run is."""
        if self._has_ended:
            return ENDED
        return CANCELLING if self._is_cancelled else self._step

    @property
    def is_awaited(self) -> bool:
        """Whether the asyncio task is in the function."""
        return self._step is ON_LOOP and not self._has_left_function

    def schedule(self) -> None:
        """The run is handed to an event loop or a thread. Raises RuntimeError."""
        with _lock:
            state = self.state
            if state is READY:
                self._step = SCHEDULED
            elif state is not CANCELLING and state is not ENDED:
                raise self._misuse("schedule")

    def begin(self) -> bool:
        """Whether the result may become RUNNING: False if the outcome is decided already."""
        with _lock:
            if self._step is SCHEDULED:
                self._step = READY
            return not self._has_ended

    def enter_loop(self) -> None:
        """The asyncio task enters the function. Raises CancelledError if that was cancelled."""
        if self._step is not READY:
            raise self._refusal("enter_loop")
        self._step = ON_LOOP
        if self._is_cancelled or self._has_ended:
            self._has_left_function = True
            raise self._refusal("enter_loop")

    def enter_thread(self) -> None:
        """A thread enters the function. Raises CancelledError if that was cancelled."""
        with _lock:
            state = self.state
            if state is READY:
                self._step = IN_THREAD
            elif state is not ON_LOOP:
                raise self._refusal("enter_thread")

    def retry(self) -> bool:
        """Whether the run may start over after its function has failed.

        False if it was cancelled, or has ended. The result may become READY then: nobody else
        writes it before the next `schedule`. Raises RuntimeError if the function was not entered.
        """
        with _lock:
            state = self.state
            if state is READY:
                raise self._misuse("retry")
            if state is CANCELLING or state is ENDED:
                return False
            if state is not SCHEDULED:
                self._step = READY
                self._has_left_function = False
            return True

    def finish(self, by: object = None) -> bool:
        """Take the right to write the outcome; False if another has taken it before.

        The same `by`, an object of the caller's own, gets the same answer each time.
        """
        finishers = self._finishers
        if by is None:
            by = object()
        finishers.append(by)
        if finishers[0] is not by:
            return False
        self._has_ended = True
        self._registry.pop(self.result.id, None)
        return True

    def is_finished_by(self, by: object) -> bool:
        """Whether that one has the right to write the outcome."""
        return bool(self._finishers) and self._finishers[0] is by

    # -- cancelling ------------------------------------------------------

    def request_cancel(
        self, error: BaseException | None = None, *, grace: bool = False, by: object = None
    ) -> CancelAction:
        """Cancel the run; returns what the caller has to do for that.

        The result is to fail with the first `error`, or with the CancelledError. FAIL and
        INTERRUPT give the caller the right to write that, as `finish` does. With `grace`,
        INTERRUPT does not: the function gets time to end, and the caller may `finish` it later.
        """
        with _lock:
            if self._has_ended:
                return CancelAction.TOO_LATE
            step = self._step
            if step is SCHEDULED:
                return CancelAction.FAIL if self.finish(by) else CancelAction.TOO_LATE
            if step is IN_THREAD and not grace:
                return CancelAction.INTERRUPT if self.finish(by) else CancelAction.TOO_LATE
            if self.error is None:
                self.error = error
            self._is_cancelled = self._is_requested = True
            if step is ON_LOOP:
                return CancelAction.CANCEL_ON_LOOP
            return CancelAction.INTERRUPT if step is IN_THREAD else CancelAction.NONE

    def deliver_cancel(self) -> bool:
        """Whether the asyncio task is to be cancelled now; called by its loop.

        Only while it is in the function: before that, `enter_loop` raises; after it, there is
        nothing to cancel, and the asyncio task may be the caller's own.
        """
        if not self.is_awaited or self.state is not CANCELLING or not self._is_requested:
            return False
        self._is_requested = False
        self.cancel_pending = True
        return True

    def clear_cancel(self) -> bool:
        """The asyncio task has left the function; returns whether it has to be uncancelled.

        The caller's own next await would be taken for cancelled otherwise.
        """
        self._has_left_function = True
        if not self.cancel_pending:
            return False
        self.cancel_pending = False
        return True

    def final_error(self, error: BaseException) -> BaseException:
        """What the result fails with when `error` ended the function.

        That is the error of `request_cancel`, if `error` is the CancelledError that came of it.
        """
        if self.error is not None and issubclass(type(error), asyncio.CancelledError):
            return self.error
        return error

    def _refusal(self, method: str) -> BaseException:
        if self._is_cancelled or self._has_ended:
            return asyncio.CancelledError()
        return self._misuse(method)

    def _misuse(self, method: str) -> RuntimeError:
        return RuntimeError(f"An execution that is {self.state.value} can't {method}.")
