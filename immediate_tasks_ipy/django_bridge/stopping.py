"""Ending a run of a Django task from outside: it is interrupted, cancelled, or given up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from immediate_tasks_ipy.tasks.backends.driver import Driver
from immediate_tasks_ipy.tasks.backends.execution_states import CancelAction, State
from immediate_tasks_ipy.tasks.backends.function_call import cancel_on_loop
from immediate_tasks_ipy.tasks.faults.locks import new_lock
from immediate_tasks_ipy.tasks.finishing import finishing

from . import lifecycle, threads
from .execution import DjangoExecution
from .frameworks import TaskFramework
from .signals import signals_of
from .synchronous import has_running_loop

#: Seconds that an interrupted task has for its clean-up before it is abandoned.
GRACE = 1.0
#: Added to the error of a function that goes on after its result has ended.
NOT_STOPPED = "The function could not be stopped and may still be running."


class StoppingDriver(Driver):
    """The part of the bridge's driver that does not run the function."""

    __slots__ = ("_begin_lock", "framework")

    def __init__(self, framework: TaskFramework, sender: type, worker_id: str) -> None:
        super().__init__(sender, worker_id)
        self.framework = framework
        # Held where a thread begins a task that another one may be abandoning.
        self._begin_lock = new_lock()

    def interrupt(self, execution: DjangoExecution, error: KeyboardInterrupt) -> None:
        """Stop a task whose caller was interrupted, and abandon it if it does not stop."""
        self._stop(execution, error)
        threads.wait_for(GRACE, lambda: bool(execution.result.is_finished))
        self.abandon(execution, error)

    def _stop(self, execution: DjangoExecution, error: BaseException) -> None:
        """Interrupt the function wherever it is; it gets time for its clean-up."""
        action = execution.request_cancel(error, grace=True)
        if action is CancelAction.CANCEL_ON_LOOP:
            cancel_on_loop(execution)
        elif action is CancelAction.INTERRUPT and execution.thread is not None:
            execution.thread.interrupt()
        elif action is CancelAction.FAIL:  # it waits for its next attempt
            self.fail_from_outside(execution, error)

    def abandon(self, execution: DjangoExecution, error: BaseException) -> bool:
        """Make a task FAILED whatever its function does; False if it has ended before."""
        if not self._finish(execution):
            return False
        self.fail_from_outside(execution, error)
        return True

    def _finish(self, execution: DjangoExecution) -> bool:
        """As `Execution.finish`, while a thread may be about to make the result RUNNING."""
        with self._begin_lock:
            return execution.finish()

    def fail_from_outside(self, execution: Any, error: BaseException) -> None:
        """See Driver; a function that is in a thread is interrupted."""
        if execution.thread is not None and execution.thread.interrupt():
            error.add_note(NOT_STOPPED)
        if execution.end_pause is not None:
            execution.end_pause()
        send = partial(while_handling, error, partial(self._send_finished_robustly, execution))
        with finishing(execution.result):
            self._write_failure(execution, error)
            if has_running_loop():
                threads.run_in_own_thread(send).result()
            else:
                send()

    def _repair(self, execution: Any, error: BaseException, *, by: object) -> None:
        if execution.finish(by=by) and not execution.result.is_finished:
            self.fail_from_outside(execution, error)

    def _release(self, execution: DjangoExecution, error: BaseException) -> None:
        """READY for another attempt, unless the task was abandoned meanwhile."""
        with self._begin_lock:
            if execution.state is not State.ENDED:
                lifecycle.release(self.framework, execution.result, error)

    def _signals(self, execution: DjangoExecution) -> Any:
        """Those that are sent of the task."""
        return signals_of(self.framework, execution.result.task)

    def _write_failure(self, execution: DjangoExecution, error: BaseException) -> None:
        lifecycle.fail(self.framework, execution.result, error)
        execution.error = None

    def _send_finished_robustly(self, execution: DjangoExecution) -> None:
        signal = self._signals(execution).task_finished
        signal.send_robust(sender=self.sender, task_result=execution.result)


def while_handling(error: BaseException, send: Callable[[], None]) -> None:
    """Send so that receivers find the exception in sys.exc_info()."""
    try:
        raise error  # noqa: TRY301 # to be the one in sys.exc_info()
    except BaseException:
        send()
