"""The bridge's ImmediateBackends: those of the two frameworks, for notebooks too."""

from __future__ import annotations

import asyncio
import copy
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.event_loop import background_loop
from immediate_tasks_ipy.tasks.backends.retries import take_policy
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from . import lifecycle, threads
from .driver import DjangoDriver
from .execution import DjangoExecution
from .frameworks import DJANGO, PACKAGE, TaskFramework
from .inspection import DEFAULT, Inspection
from .signals import task_of_package_class
from .synchronous import has_running_loop, synchronous_code


@BaseTaskBackend.register
class ImmediateBackendMixin:
    """Runs tasks in this process, from any thread, with or without a running loop.

    The framework's ImmediateBackend is the other base class: validation, signals and results
    are the framework's own. Registered as a BaseTaskBackend, whose contract it keeps, since it
    can't inherit from two classes of that name.
    """

    supports_defer = False
    supports_async_task = True
    supports_get_result = False
    supports_priority = True
    supports_cancel = True
    supports_retries = True
    finishes_tasks = True
    is_remote = False
    concurrency: int | None = None

    #: The framework whose results and signals these are.
    framework: ClassVar[TaskFramework]
    #: How its tasks are looked at.
    inspection = DEFAULT
    # What can be cancelled, by the id of its result. A framework makes a backend for each thread:
    # the one that cancels a task may be another than the one that runs it.
    _executions: ClassVar[dict[str, DjangoExecution]] = {}

    # Of the framework's class.
    alias: str
    worker_id: str
    validate_task: Callable[[Any], None]

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)  # type: ignore[call-arg]
        self._driver = DjangoDriver(self.framework, type(self), self.worker_id)

    @property
    def class_name(self) -> str:
        """See BaseTaskBackend."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """See BaseTaskBackend."""
        return f"The backend {self.alias!r}"

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Run the task; returns its finished result.

        It runs here, or below a running loop in the thread-sensitive thread. Re-raises
        KeyboardInterrupt, and what a receiver of a signal raises.
        """
        execution = self._new_execution(task, args, kwargs, in_place=True)
        if not has_running_loop():
            is_stoppable = execution.is_async or execution.policy is not None
            run = self._driver.run if is_stoppable else self._driver.run_in_place
            with synchronous_code():
                run(execution)
            return execution.result
        try:
            threads.run_thread_sensitive(partial(self._driver.run, execution))
        except KeyboardInterrupt as error:
            self._driver.interrupt(execution, error)
            raise
        return execution.result

    async def aenqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Run the task without blocking the loop; returns its finished result.

        An async task is awaited in the caller's asyncio task, a sync one runs
        in the thread-sensitive thread.
        """
        execution = self._new_execution(task, args, kwargs)
        await self._driver.arun(execution)
        return execution.result

    def submit(
        self, task: Any, args: Any, kwargs: Any, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> Any:
        """Start the task in the background; returns its result, READY or RUNNING.

        An async task runs on `loop`, or on one helper loop; a sync one in a daemon thread with
        database connections of its own. `task_enqueued` has been sent when this returns.
        """
        execution = self._new_execution(task, args, kwargs)
        announce = partial(self._driver.announce, execution)
        try:
            if has_running_loop():
                threads.run_thread_sensitive(announce)
            else:
                announce()
            execution.schedule()
            if execution.is_async:
                self._driver.schedule(execution, loop or background_loop.loop)
            else:
                threads.run_in_own_thread(partial(self._driver.run, execution, background=True))
        except BaseException as error:
            self._driver.abandon(execution, error)
            raise
        return execution.result

    def cancel(self, result: Any, *, error: BaseException | None = None) -> None:
        """End a task that has not finished, from any thread.

        A coroutine gets a CancelledError at its next await. A thread can't be
        stopped for sure: the result fails at once, and what the function
        returns later is dropped. The result fails with `error`, if given, in
        place of the CancelledError. Raises TaskNotCancellable.
        """
        execution = self._executions.get(result.id)
        if execution is not None:
            if self._driver.cancel(execution, error):
                return
        elif not result.is_finished:
            msg = f"Task {result.id!r} runs synchronously, in place: use the stop button instead."
            raise TaskNotCancellable(msg)
        msg = f"Task {result.id!r} has finished already: there is nothing to cancel."
        raise TaskNotCancellable(msg)

    def close(self) -> None:
        """Nothing to release: background tasks end by themselves."""

    def _new_execution(
        self, task: Any, args: Any, kwargs: Any, *, in_place: bool = False
    ) -> DjangoExecution:
        self.validate_task(task)
        result = lifecycle.new_result(self.framework, task, self.alias, args, kwargs)
        # A sync function that runs in place can't be cancelled: nobody needs to find it.
        is_async = iscoroutinefunction(task.func)
        registry = self._executions if is_async or not in_place else {}
        execution = DjangoExecution(
            self.framework, result, registry, is_async=is_async, inspection=self.inspection
        )
        execution.policy = take_policy()
        return execution

    def inspecting(self, inspection: Inspection) -> BaseTaskBackend:
        """This backend, looking at its tasks in that way."""
        backend = copy.copy(self)
        backend.inspection = inspection
        return backend  # type: ignore[return-value]


#: Held while a class or an instance of the bridge's own is made.
_lock = threading.RLock()
_classes: dict[TaskFramework, Any] = {}
_instances: dict[tuple[TaskFramework, str], BaseTaskBackend] = {}


def immediate_backend_class(framework: TaskFramework) -> Any:
    """The bridge's ImmediateBackend for a framework, which has to be installed."""
    with _lock:
        if framework not in _classes:
            name = "ImmediateBackend" if framework is DJANGO else "PackageImmediateBackend"
            body = {
                "__doc__": f"The ImmediateBackend of {framework.label}, for notebooks too.",
                # Where users find it, and settings.TASKS.
                "__module__": __package__,
                "framework": framework,
            }
            if framework is DJANGO:
                body["__new__"] = _new_for_calling_handler
            bases = (ImmediateBackendMixin, framework.stock_backend("immediate"))
            _classes[framework] = type(name, bases, body)
        return _classes[framework]


def _new_for_calling_handler(cls: type, *_given: Any, **_named: Any) -> Any:
    """`__new__` of Django's: marks the tasks that the package's `task` makes of its function.

    Both frameworks read the one setting `TASKS`. As with Django's own backend, they are Django's
    tasks; the receivers of the package's signals are called for them, too.
    """
    backend: Any = object.__new__(cls)
    if sys._getframe(1).f_globals.get("__name__") == PACKAGE.module:
        backend.task_class = task_of_package_class()
    return backend


def immediate_backend(
    framework: TaskFramework, alias: str, params: Mapping[str, Any]
) -> BaseTaskBackend:
    """The bridge's own ImmediateBackend of that framework: one per alias, unless `params` change.

    No settings need to know the alias. `params` has QUEUES, and may have OPTIONS.
    """
    with _lock:
        backend = _instances.get((framework, alias))
        if backend is None or backend.queues != set(params["QUEUES"]):
            made: BaseTaskBackend = immediate_backend_class(framework)(alias, params)
            _instances[framework, alias] = backend = made
        return backend
