"""Cancelling results, and cancellations that come from elsewhere."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from immediate_tasks_ipy.tasks import signals, task, task_backends
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.execution import State
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from immediate_tasks_ipy.tasks.threads import thread_call
from immediate_tasks_ipy.tasks.threads.thread_call import ThreadCall
from tests.tasks import functions
from tests.tasks.conditions import auntil, until

CANCELLED = "asyncio.exceptions.CancelledError"


@pytest.fixture
def running():
    """Return the results of the tasks that have started."""
    results = []

    def keep(task_result, **kwargs):
        results.append(task_result)

    signals.task_started.connect(keep)
    yield results
    signals.task_started.disconnect(keep)


def is_on_loop(backend):
    return any(one.state is State.ON_LOOP for one in backend._executions.values())


def path(result):
    return result.errors[-1].exception_class_path


async def cancel_when_running(backend, running, **kwargs):
    await auntil(lambda: running)
    await asyncio.sleep(0)
    backend.cancel(running[0], **kwargs)


async def enqueue_and_cancel(backend, running, function, **kwargs):
    """Await a task that is cancelled meanwhile; returns its result, and cancelling() after it."""
    canceller = asyncio.ensure_future(cancel_when_running(backend, running, **kwargs))
    result = await task(function).aenqueue()
    await canceller
    count = asyncio.current_task().cancelling()
    await asyncio.sleep(0)  # a cancellation that was left over would strike here
    return result, count


def test_a_cancelled_result_fails_and_its_caller_goes_on(backend, running, sent):
    result, count = asyncio.run(enqueue_and_cancel(backend, running, functions.sleep))
    assert (result.status, path(result), count) == ("FAILED", CANCELLED, 0)
    assert not result._abandoned
    assert sent[-1] == ("task_finished", "FAILED")


def test_it_can_fail_with_another_exception(backend, running):
    error = TimeoutError("too slow")
    result, count = asyncio.run(enqueue_and_cancel(backend, running, functions.sleep, error=error))
    assert (result.status, path(result), count) == ("FAILED", "builtins.TimeoutError", 0)
    assert "TimeoutError: too slow" in result.errors[0].traceback
    assert "in sleep" in result.errors[0].traceback


def test_cancelling_with_an_interrupt_does_not_raise_it(backend, running):
    async def main():
        return await enqueue_and_cancel(
            backend, running, functions.sleep, error=KeyboardInterrupt()
        )

    result, _ = asyncio.run(main())
    assert path(result) == "builtins.KeyboardInterrupt"


def test_a_task_that_returns_all_the_same_is_successful(backend, running):
    result, count = asyncio.run(enqueue_and_cancel(backend, running, functions.stubborn))
    assert (result.status, result.return_value, count) == (
        "SUCCESSFUL",
        "finished all the same",
        0,
    )


def test_a_task_that_raises_something_else_fails_with_that(backend, running):
    function = functions.turns_cancellation_into_error
    result, count = asyncio.run(enqueue_and_cancel(backend, running, function))
    assert (path(result), count) == ("builtins.LookupError", 0)


def test_cancelling_twice_counts_once(backend, running):
    async def main():
        async def twice():
            await auntil(lambda: running)
            backend.cancel(running[0])
            backend.cancel(running[0])

        canceller = asyncio.ensure_future(twice())
        result = await task(functions.sleep).aenqueue()
        await canceller
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)
        return result

    assert asyncio.run(main()).status == "FAILED"


def test_a_cancellation_that_comes_too_late_spares_the_caller(backend):
    async def main():
        results = []

        async def body():
            # Runs before the loop comes to the cancellation that is asked for here.
            (result,) = [one.result for one in backend._executions.values()]
            results.append(result)
            backend.cancel(result)
            return "done"

        body.__qualname__ = "body"
        result = await task(body).aenqueue()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return result, asyncio.current_task().cancelling()

    result, count = asyncio.run(main())
    assert (result.return_value, count) == ("done", 0)


def test_asyncio_timeout_around_a_task_times_out(running):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await task(functions.sleep).aenqueue()
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)

    asyncio.run(main())
    assert (running[0].status, path(running[0])) == ("FAILED", CANCELLED)


def test_asyncio_timeout_in_a_task_is_its_own_affair():
    assert asyncio.run(task(functions.uses_timeout).aenqueue()).return_value == "timed out"


def test_a_task_group_that_fails_cancels_its_tasks(running):
    async def fail_when_running():
        await auntil(lambda: running)
        raise LookupError("sibling")

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(task(functions.sleep).aenqueue())
            group.create_task(fail_when_running())

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert path(running[0]) == CANCELLED


def test_a_task_group_still_works_after_a_cancelled_result(backend, running):
    async def main():
        await enqueue_and_cancel(backend, running, functions.sleep)
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(functions.afail())

    asyncio.run(main())


def test_a_cancelled_caller_and_a_cancelled_result_at_once_end_the_caller(backend, running):
    async def main():
        caller = asyncio.ensure_future(task(functions.sleep).aenqueue())
        await auntil(lambda: running)
        backend.cancel(running[0])
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller

    asyncio.run(main())
    assert running[0].status == "FAILED"


def test_it_works_from_another_thread(backend, running):
    def cancel():
        until(lambda: running and is_on_loop(backend))
        backend.cancel(running[0])

    thread = threading.Thread(target=cancel)
    thread.start()
    result = asyncio.run(task(functions.sleep).aenqueue())
    thread.join()
    assert path(result) == CANCELLED


@pytest.mark.parametrize("in_loop", [False, True])
def test_an_async_task_that_blocks_its_caller_can_be_cancelled(backend, running, in_loop):
    def cancel():
        until(lambda: running and is_on_loop(backend))
        backend.cancel(running[0])

    async def enqueue():
        return task(functions.sleep).enqueue()

    thread = threading.Thread(target=cancel)
    thread.start()
    result = asyncio.run(enqueue()) if in_loop else task(functions.sleep).enqueue()
    thread.join()
    assert path(result) == CANCELLED


def test_a_thread_is_abandoned_and_its_later_outcome_dropped(backend, running, sent):
    functions.reset_gate()
    result = backend.submit(task(functions.wait_at_gate), (), {})
    until(functions.entered.is_set)
    backend.cancel(result)
    assert (result.status, path(result), result._abandoned) == ("FAILED", CANCELLED, True)
    finished_at = result.finished_at
    functions.gate.set()
    until(functions.left.is_set)
    assert (result.status, result.finished_at) == ("FAILED", finished_at)
    assert len(result.errors) == 1
    assert sent.count(("task_finished", "FAILED")) == 1
    assert ("task_finished", "SUCCESSFUL") not in sent


def test_a_thread_that_executions_python_is_stopped_if_possible(backend):
    functions.reset_gate()
    result = backend.submit(task(functions.wait_at_gate), (), {})
    until(functions.entered.is_set)
    backend.cancel(result)
    until(functions.left.is_set)
    assert not functions.gate.is_set()


def test_a_call_that_is_interrupted_before_it_begins_never_does():
    called = []
    call = ThreadCall(lambda: called.append(True))
    assert not call.interrupt()
    with pytest.raises(asyncio.CancelledError):
        call()
    assert called == []


def test_an_interrupted_call_leaves_no_exception_to_anybody():
    """CPython until 3.12 looks for one that was taken back forever, and a traced thread stands."""
    traced = """
import asyncio, sys
from immediate_tasks_ipy.tasks.threads.thread_call import ThreadCall
call = ThreadCall(lambda: call.interrupt())
try:
    call()
except asyncio.CancelledError:
    print("stopped", call.interrupt())
sys.setprofile(lambda *event: None)
(lambda: None)()
"""
    ran = subprocess.run(
        [sys.executable, "-c", traced], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout == "stopped False\n"


def test_an_interrupted_call_ends_where_a_finalizer_swallows_the_exception(monkeypatch):
    raised = []

    def swallowed_at_first(ident):
        raised.append(ident)
        if len(raised) > 2:
            raise_in_thread(ident)

    raise_in_thread = thread_call._raise_in_thread
    monkeypatch.setattr(thread_call, "_raise_in_thread", swallowed_at_first)

    def interrupt():
        return call.interrupt()

    call = ThreadCall(interrupt)

    assert call() is True
    assert len(raised) == 3


def test_a_sync_task_awaited_on_a_loop_is_abandoned(backend, running):
    functions.reset_gate()

    async def main():
        waiting = asyncio.ensure_future(task(functions.wait_at_gate).aenqueue())
        await auntil(functions.entered.is_set)
        backend.cancel(running[0])
        return await waiting

    result = asyncio.run(main())
    assert (result.status, result._abandoned) == ("FAILED", True)


def test_a_sync_task_is_abandoned_when_its_caller_times_out(running):
    functions.reset_gate()

    async def time_out(limit):
        await auntil(functions.entered.is_set)
        limit.reschedule(asyncio.get_running_loop().time())

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
                group.create_task(time_out(limit))
                await task(functions.wait_at_gate).aenqueue()

    asyncio.run(main())
    assert (running[0].status, running[0]._abandoned) == ("FAILED", True)


def test_a_task_that_has_not_begun_never_begins(backend, sent):
    async def main():
        loop = asyncio.get_running_loop()
        result = backend.submit(task(functions.sleep), (), {}, loop=loop)
        assert result.status == "READY"
        backend.cancel(result)
        assert result.status == "FAILED"
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return result

    result = asyncio.run(main())
    assert path(result) == CANCELLED
    assert (result.started_at, result.worker_ids) == (None, [])
    assert sent == [("task_enqueued", "READY"), ("task_finished", "FAILED")]


def test_a_loop_that_ends_finishes_its_background_tasks(backend):
    async def main():
        loop = asyncio.get_running_loop()
        begun = backend.submit(task(functions.sleep), (), {}, loop=loop)
        await auntil(lambda: begun.status == "RUNNING")
        return begun, backend.submit(task(functions.sleep), (), {}, loop=loop)

    for result in asyncio.run(main()):
        assert (result.status, path(result)) == ("FAILED", CANCELLED)


def test_finished_results_cannot_be_cancelled(backend):
    result = task(functions.noop).enqueue()
    with pytest.raises(TaskNotCancellable, match="has finished already"):
        backend.cancel(result)
    assert result.status == "SUCCESSFUL"


def test_a_task_that_executions_in_place_cannot_be_cancelled(backend, running):
    def cancel_it():
        with pytest.raises(TaskNotCancellable, match="use the stop button"):
            backend.cancel(running[0])
        return "done"

    cancel_it.__qualname__ = "cancel_it"
    assert task(cancel_it).enqueue().return_value == "done"


def test_other_backends_refuse(backend):
    class Other(BaseTaskBackend):
        def enqueue(self, task, args, kwargs):
            raise NotImplementedError

    assert not Other.supports_cancel
    assert not Other.finishes_tasks
    assert backend.supports_cancel
    assert backend.finishes_tasks
    task_backends.configure(
        {"default": {"BACKEND": "immediate_tasks_ipy.tasks.backends.dummy.DummyBackend"}}
    )
    result = task(functions.noop).enqueue()
    with pytest.raises(TaskNotCancellable, match="'default' can't cancel tasks"):
        task_backends["default"].cancel(result)
    with pytest.raises(TaskNotCancellable, match="'other' can't cancel tasks"):
        Other("other", {}).cancel(result)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("name", ["task_enqueued", "task_started"])
def test_a_background_task_that_a_receiver_cancels_never_runs_its_function(
    backend, sent, name, is_async
):
    ran = []

    def body():
        ran.append(True)

    async def abody():
        ran.append(True)

    def cancel(task_result, **kwargs):
        backend.cancel(task_result, error=TimeoutError("too late"))

    chosen = abody if is_async else body
    chosen.__qualname__ = chosen.__name__
    getattr(signals, name).connect(cancel)
    try:
        result = backend.submit(task(chosen), (), {})
        until(lambda: result.is_finished and sent[-1][0] == "task_finished")
    finally:
        getattr(signals, name).disconnect(cancel)
    assert (path(result), ran) == ("builtins.TimeoutError", [])
    assert sent == [
        ("task_enqueued", "READY"),
        ("task_started", "RUNNING"),
        ("task_finished", "FAILED"),
    ]


def test_a_coroutine_without_a_loop_fails_at_once(backend, sent):
    coroutine = backend.aenqueue(task(functions.suspended), (), {})
    coroutine.send(None)
    (result,) = [one.result for one in backend._executions.values()]
    backend.cancel(result)
    assert (result.status, path(result)) == ("FAILED", CANCELLED)
    coroutine.close()
    assert sent.count(("task_finished", "FAILED")) == 1
