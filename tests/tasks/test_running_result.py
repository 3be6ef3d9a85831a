"""`running_result`: whose function runs here, so that the tasks it enqueues are its children."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

from immediate_tasks_ipy.tasks import signals, task
from immediate_tasks_ipy.tasks.backends.execution import running_result
from immediate_tasks_ipy.tasks.sync import start_thread
from tests.tasks import functions
from tests.tasks.conditions import until


def tell():
    return running_result.get().id


async def atell():
    await asyncio.sleep(0)
    return running_result.get().id


@pytest.fixture
def parents():
    """Return, by the id of each result, the id of the one that ran when it was enqueued."""
    found = {}

    def keep(task_result, **kwargs):
        running = running_result.get()
        found[task_result.id] = running and running.id

    signals.task_enqueued.connect(keep)
    yield found
    signals.task_enqueued.disconnect(keep)


@pytest.fixture(autouse=True)
def never_outside():
    assert running_result.get() is None
    yield
    assert running_result.get() is None


def named(function):
    """Let a task be made of a function that is local to a test."""
    function.__qualname__ = function.__name__
    return task(function)


@pytest.mark.parametrize("function", [tell, atell])
@pytest.mark.parametrize("how", ["enqueue", "enqueue in a loop", "aenqueue", "submit"])
def test_a_function_finds_its_own_result(backend, how, function):
    async def inside_a_loop():
        return task(function).enqueue()

    if how == "enqueue":
        result = task(function).enqueue()
    elif how == "enqueue in a loop":
        result = asyncio.run(inside_a_loop())
    elif how == "aenqueue":
        result = asyncio.run(task(function).aenqueue())
    else:
        result = backend.submit(task(function), (), {})
        until(lambda: result.is_finished)
    assert result.return_value == result.id


def test_a_nested_sync_task_is_a_child(parents):
    inner = task(tell)

    @named
    def outer():
        before = running_result.get()
        child = inner.enqueue()
        assert running_result.get() is before
        return [child.id, child.return_value]

    result = outer.enqueue()
    child, seen = result.return_value
    assert seen == child
    assert parents == {result.id: None, child: result.id}


def test_nested_async_tasks_under_gather_are_children_of_their_own_parents(parents):
    inner = task(atell)

    @named
    async def outer():
        children = await asyncio.gather(inner.aenqueue(), inner.aenqueue(), inner.aenqueue())
        alone = await inner.aenqueue()
        assert all(child.return_value == child.id for child in [*children, alone])
        return [child.id for child in [*children, alone]]

    async def main():
        results = await asyncio.gather(outer.aenqueue(), outer.aenqueue())
        assert running_result.get() is None
        return results

    results = asyncio.run(main())
    expected = {child: result.id for result in results for child in result.return_value}
    assert parents == expected | {result.id: None for result in results}


def test_a_sync_task_in_a_thread_has_children_too(parents):
    @named
    def outer():
        return task(tell).enqueue().id

    result = asyncio.run(outer.aenqueue())
    assert parents == {result.id: None, result.return_value: result.id}


@pytest.mark.parametrize("function", [tell, atell])
def test_a_background_task_is_a_child_of_the_task_that_submits_it(backend, parents, function):
    submitted = []

    @named
    def outer():
        submitted.append(backend.submit(task(function), (), {}))

    result = outer.enqueue()
    (child,) = submitted
    until(lambda: child.is_finished)
    assert child.return_value == child.id
    assert parents == {result.id: None, child.id: result.id}


def test_a_thread_of_start_thread_belongs_to_the_task_that_starts_it(parents):
    ran = []

    @named
    def outer():
        start_thread(lambda: ran.append(task(tell).enqueue().id), "child")
        until(lambda: ran)

    result = outer.enqueue()
    assert parents == {result.id: None, ran[0]: result.id}


@pytest.mark.parametrize("function", [functions.raise_exit, functions.raise_interrupt])
def test_it_is_restored_after_a_failure(function):
    try:
        result = task(function).enqueue()
        assert result.status == "FAILED"
    except KeyboardInterrupt:
        pass
    assert running_result.get() is None


def test_it_is_restored_in_the_callers_asyncio_task():
    async def main():
        await task(functions.anoop).aenqueue()
        assert running_result.get() is None
        await task(functions.afail).aenqueue()
        assert running_result.get() is None
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await task(functions.sleep).aenqueue()
        assert running_result.get() is None

    asyncio.run(main())


def test_receivers_are_called_outside_of_the_task(backend):
    seen = []

    def receiver(**kwargs):
        seen.append(running_result.get())

    all_three = (signals.task_enqueued, signals.task_started, signals.task_finished)
    for signal in all_three:
        signal.connect(receiver)
    try:
        task(functions.noop).enqueue()
        asyncio.run(task(functions.anoop).aenqueue())
        task(functions.raise_exit).enqueue()
    finally:
        for signal in all_three:
            signal.disconnect(receiver)
    assert seen == [None] * 9


def test_a_coroutine_that_is_closed_in_another_context_finishes_its_result(backend, sent):
    coroutine = backend.aenqueue(task(functions.suspended), (), {})
    contextvars.copy_context().run(coroutine.send, None)
    coroutine.close()
    assert sent[-1] == ("task_finished", "FAILED")
