"""Whatever is thrown at it, a result stays well-formed."""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from immediate_tasks_ipy.tasks import TaskResult, signals, task, task_backends
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from tests.tasks import strategies
from tests.tasks.conditions import auntil


def made(function):
    """Make a Task of a local function."""
    function.__qualname__ = function.__name__
    return task(function)


def check(result):
    """Assert what holds for every finished result."""
    assert isinstance(result, TaskResult)
    assert result.is_finished
    assert result.enqueued_at <= result.finished_at
    assert (result.status == "FAILED") == bool(result.errors)
    assert len(result.errors) <= 1
    if result.started_at is not None:
        assert result.enqueued_at <= result.started_at <= result.finished_at
        assert result.attempts == 1
    for error in result.errors:
        assert error.exception_class_path
        assert error.traceback.endswith("\n")
    dataclasses.asdict(result)


@given(value=strategies.anything, how=st.sampled_from(["enqueue", "aenqueue"]))
def test_any_argument_is_refused_or_comes_back(value, how):
    def give_back(value):
        return value

    give_back_task = made(give_back)
    try:
        if how == "enqueue":
            result = give_back_task.enqueue(value)
        else:
            result = asyncio.run(give_back_task.aenqueue(value))
    except (TypeError, ValueError):
        return
    check(result)
    assert result.status == "SUCCESSFUL"


@given(
    kind=strategies.exception_classes,
    place=st.sampled_from(["body", "abody", "task_enqueued", "task_started", "task_finished"]),
    how=st.sampled_from(["enqueue", "aenqueue"]),
    is_async=st.booleans(),
)
def test_any_exception_in_any_place_ends_in_a_finished_result(kind, place, how, is_async):
    results = []

    def boom():
        raise BaseException.__new__(kind)

    def receiver(task_result, **kwargs):
        boom()

    async def areceiver(task_result, **kwargs):
        boom()

    def keep(task_result, **kwargs):
        results.append(task_result)

    def body():
        if place == "body":
            boom()

    async def abody():
        if place == "abody":
            boom()

    chosen = areceiver if is_async else receiver
    sender = getattr(signals, place, None)
    signals.task_enqueued.connect(keep)
    if sender is not None:
        sender.connect(chosen)
    enqueued = made(abody if place == "abody" else body)
    try:
        if how == "enqueue":
            enqueued.enqueue()
        else:
            asyncio.run(enqueued.aenqueue())
    except BaseException:
        assert sender is not None
    finally:
        signals.task_enqueued.disconnect(keep)
        if sender is not None:
            sender.disconnect(chosen)
    (result,) = results
    check(result)
    assert (result.status == "FAILED") == (place != "task_finished")


operations = st.lists(
    st.tuples(
        st.sampled_from(["aenqueue", "submit", "cancel", "turn", "cancel caller"]),
        st.integers(0, 9),
        st.sampled_from(["quick", "long", "fails", "stubborn", "sync"]),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(operations)
def test_any_order_of_concurrent_operations_keeps_every_result_consistent(
    steps,
):
    backend = task_backends["default"]
    results, finished = [], []

    def keep(task_result, **kwargs):
        results.append(task_result)

    def finish(task_result, **kwargs):
        finished.append((task_result.id, str(task_result.status)))

    async def quick():
        return 1

    async def long():
        await asyncio.sleep(3600)

    async def fails():
        await asyncio.sleep(0)
        raise ValueError

    async def stubborn():
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    def sync():
        return 2

    tasks = {f.__name__: made(f) for f in (quick, long, fails, stubborn, sync)}

    async def main():
        loop = asyncio.get_running_loop()
        callers = []
        for operation, number, name in steps:
            if operation == "aenqueue":
                callers.append(asyncio.ensure_future(tasks[name].aenqueue()))
            elif operation == "submit":
                backend.submit(tasks[name], (), {}, loop=loop)
            elif operation == "cancel" and number < len(results):
                cancel(results[number])
            elif operation == "cancel caller" and number < len(callers):
                callers[number].cancel()
            else:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        for result in results:
            if result.task.name == "long":
                cancel(result)
        await asyncio.gather(*callers, return_exceptions=True)
        await auntil(lambda: len(finished) == len(results))
        assert asyncio.current_task().cancelling() == 0

    def cancel(result):
        with suppress(TaskNotCancellable):
            backend.cancel(result)

    signals.task_enqueued.connect(keep)
    signals.task_finished.connect(finish)
    try:
        asyncio.run(main())
    finally:
        signals.task_enqueued.disconnect(keep)
        signals.task_finished.disconnect(finish)
    for result in results:
        check(result)
    assert sorted(finished) == sorted((result.id, str(result.status)) for result in results)


@given(strategies.acceptable)
def test_results_survive_copying_with_what_changed_in_them(value):
    import copy

    def give_back(value):
        return value

    result = made(give_back).enqueue(value)
    twin = copy.deepcopy(result)
    assert twin._changes == result._changes
    assert twin._abandoned is False
    assert pickle.loads(pickle.dumps(result.errors)) == result.errors
    assert repr(twin) == repr(result)
