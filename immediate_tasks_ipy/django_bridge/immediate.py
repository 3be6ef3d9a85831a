"""What turns a framework's own ImmediateBackend into one for notebooks, the same for both."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from immediate_tasks_ipy.tasks.backends.helper_loop import helper_loop
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.sync import has_running_loop

from . import lifecycle, threads
from .execution import Execution
from .run import Run

#: The asyncio tasks of background tasks.
_background: set[asyncio.Task[None]] = set()


class ImmediateExecution(Execution):
    """Runs tasks in this process, from any thread, with or without a running loop.

    `threads` says where a task runs; `Run` who may end it. The signals are the
    framework's own, and so are the results.
    """

    supports_async_task = True
    supports_priority = True

    # Can a task that runs be cancelled?
    supports_cancel = True

    # Does the backend bring its tasks to an end in this session, so that a
    # caller may wait for them?
    finishes_tasks = True

    # Of the framework's base class.
    alias: str
    validate_task: Callable[[Any], None]

    # -- the ways in -----------------------------------------------------

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Run the task, and return its finished result."""
        run = self._new_run(task, args, kwargs)
        if not has_running_loop():
            self._execute(run)
            return run.result
        try:
            threads.run_beside_loop(partial(self._execute, run))
        except KeyboardInterrupt as error:
            self._interrupt(run, error)
            raise
        return run.result

    async def aenqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Run the task without blocking the loop, and return its finished result.

        An async task is awaited in the caller's asyncio task, a sync one runs
        in the thread-sensitive thread.
        """
        run = self._new_run(task, args, kwargs)
        if run.is_async:
            await self._aexecute(run)
        else:
            await self._await_thread(run)
        return run.result

    def submit(
        self, task: Any, args: Any, kwargs: Any, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> Any:
        """Start the task in the background, and return its result at once.

        An async task runs on `loop`, or on a loop of a helper thread that all
        share; a sync one in a daemon thread with database connections of its
        own. `task_enqueued` has been sent when this returns.
        """
        run = self._new_run(task, args, kwargs, in_background=True)
        announce = partial(self._announce, run)
        if has_running_loop():
            threads.run_beside_loop(announce)
        else:
            announce()
        if run.is_async:
            self._schedule(run, loop or helper_loop())
        else:
            threads.run_in_own_thread(partial(self._execute_in_background, run))
        return run.result

    def cancel(self, result: Any, *, error: BaseException | None = None) -> None:
        """End a task that has not finished; callable from any thread.

        A coroutine gets a CancelledError at its next await. A thread can't be
        stopped for sure: the result fails at once, and what the function
        returns later is dropped. The result fails with `error`, if given, in
        place of the CancelledError. Raises TaskNotCancellable.
        """
        run = self._runs.get(result.id)
        if run is None:
            msg = f"Task {result.id!r} has finished already: there is nothing to cancel."
            raise TaskNotCancellable(msg)
        if not run.is_async and run.loop is None and not run.in_background:
            msg = f"Task {result.id!r} runs synchronously, in place: use the stop button instead."
            raise TaskNotCancellable(msg)
        run.cancel(error)
        if run.loop is None and not run.is_async:
            run.interrupt(error)
            self._give_up(run, error or asyncio.CancelledError())

    def _schedule(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        context = contextvars.copy_context()

        def create_task() -> None:
            run.loop = loop
            asyncio_task = loop.create_task(self._aexecute_in_background(run), context=context)
            # The loop itself keeps only weak references.
            _background.add(asyncio_task)
            asyncio_task.add_done_callback(end)

        def end(asyncio_task: asyncio.Task[None]) -> None:
            _background.discard(asyncio_task)
            # One that is cancelled before its first step has nobody else to say so.
            self._give_up(run, asyncio.CancelledError())

        if asyncio._get_running_loop() is loop:
            create_task()
        else:
            loop.call_soon_threadsafe(create_task)

    def _new_run(self, task: Any, args: Any, kwargs: Any, *, in_background: bool = False) -> Run:
        self.validate_task(task)
        result = lifecycle.new_result(self.family, task, self.alias, args, kwargs)
        is_async = iscoroutinefunction(task.func)
        return Run(self._runs, self.family, result, is_async=is_async, in_background=in_background)
