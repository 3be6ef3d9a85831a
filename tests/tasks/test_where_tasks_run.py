"""Threads, loops and contexts: in place, on a loop, in the background."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from immediate_tasks_ipy.tasks import signals, sync, task, task_backends
from immediate_tasks_ipy.tasks.sync import async_to_sync, has_running_loop
from tests.tasks import functions
from tests.tasks.conditions import auntil, until


def test_enqueue_runs_a_sync_task_in_the_callers_thread():
    assert task(functions.tell_thread).enqueue().return_value == "MainThread"


def test_aenqueue_runs_an_async_task_in_the_callers_asyncio_task():
    async def main():
        result = await task(functions.atell_task).aenqueue()
        return result.return_value == id(asyncio.current_task())

    assert asyncio.run(main())


def test_aenqueue_runs_a_sync_task_in_a_thread_and_the_loop_stays_free():
    functions.reset_gate()

    async def main():
        waiting = asyncio.ensure_future(task(functions.wait_at_gate).aenqueue())
        await auntil(functions.entered.is_set)
        functions.gate.set()  # only a free loop comes here
        return await waiting

    assert asyncio.run(main()).return_value == "through"


def test_enqueue_of_an_async_task_in_a_running_loop_uses_another_thread():
    async def main():
        return task(functions.atell_thread).enqueue().return_value

    assert asyncio.run(main()) != "MainThread"


def test_sync_in_async_in_sync_does_not_deadlock():
    def innermost():
        return "here"

    async def middle():
        return inner_task.enqueue().return_value

    def outermost():
        return middle_task.enqueue().return_value

    for function in (innermost, middle, outermost):
        function.__qualname__ = function.__name__
    inner_task, middle_task, outer_task = task(innermost), task(middle), task(outermost)

    async def main():
        return outer_task.enqueue().return_value, (await middle_task.aenqueue()).return_value

    assert asyncio.run(main()) == ("here", "here")
    assert outer_task.enqueue().return_value == "here"


@pytest.mark.parametrize("function", [functions.tell_flavour, functions.atell_flavour])
def test_context_variables_reach_the_task(backend, function):
    token = functions.flavour.set("vanilla")
    try:
        assert task(function).enqueue().return_value == "vanilla"

        async def main():
            inside = task(function).enqueue().return_value
            return inside, (await task(function).aenqueue()).return_value

        assert asyncio.run(main()) == ("vanilla", "vanilla")
        result = backend.submit(task(function), (), {})
    finally:
        functions.flavour.reset(token)
    until(lambda: result.is_finished)
    assert result.return_value == "vanilla"


def test_a_sync_tasks_context_variables_are_the_callers():
    def set_flavour():
        functions.flavour.set("mint")

    set_flavour.__qualname__ = "set_flavour"
    context = contextvars.copy_context()
    context.run(task(set_flavour).enqueue)
    assert context[functions.flavour] == "mint"


@pytest.mark.parametrize("function", [functions.tell_thread, functions.atell_thread])
def test_submit_runs_elsewhere(backend, function, sent):
    result = backend.submit(task(function), (), {})
    until(lambda: len(sent) == 3)
    assert result.return_value != "MainThread"
    assert sent == [
        ("task_enqueued", "READY"),
        ("task_started", "RUNNING"),
        ("task_finished", "SUCCESSFUL"),
    ]


def test_submit_announces_the_task_in_the_callers_thread_before_it_returns(backend):
    threads = []

    def receiver(**kwargs):
        threads.append(threading.current_thread())

    signals.task_enqueued.connect(receiver)
    result = backend.submit(task(functions.anoop), (), {})
    assert threads == [threading.current_thread()]
    signals.task_enqueued.disconnect(receiver)
    until(lambda: result.is_finished)


def test_submit_runs_an_async_task_on_the_loop_it_is_given(backend):
    async def main():
        loop = asyncio.get_running_loop()
        here = backend.submit(task(functions.atell_thread), (), {}, loop=loop)
        there = await asyncio.to_thread(
            backend.submit, task(functions.atell_thread), (), {}, loop=loop
        )
        await auntil(lambda: here.is_finished and there.is_finished)
        return here.return_value, there.return_value

    assert asyncio.run(main()) == ("MainThread", "MainThread")


def test_submit_to_a_closed_loop_fails_the_result_and_says_so(backend, sent):
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        backend.submit(task(functions.anoop), (), {}, loop=loop)
    assert sent[-1] == ("task_finished", "FAILED")


def test_a_background_task_that_is_interrupted_leaves_its_loop_running(backend):
    interrupted = backend.submit(task(functions.araise_interrupt), (), {})
    until(lambda: interrupted.is_finished)
    result = backend.submit(task(functions.anoop), (), {})
    until(lambda: result.is_finished)
    assert (interrupted.status, result.status) == ("FAILED", "SUCCESSFUL")


def test_thousands_of_tasks_at_once():
    async def main():
        return await asyncio.gather(
            *(task(functions.atell_flavour).aenqueue() for _ in range(3000))
        )

    results = asyncio.run(main())
    assert {result.status for result in results} == {"SUCCESSFUL"}
    assert len({result.id for result in results}) == 3000


def test_threads_may_enqueue_at_once(backend):
    def work(number):
        return [task(functions.echo).enqueue(number) for _ in range(200)]

    with ThreadPoolExecutor(8) as pool:
        results = [result for results in pool.map(work, range(8)) for result in results]
    assert sorted(result.return_value for result in results) == sorted(list(range(8)) * 200)
    assert len({result.id for result in results}) == 1600
    assert {tuple(result.worker_ids) for result in results} == {(backend.worker_id,)}


def test_aenqueue_leaves_nothing_behind():
    async def grown():
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(200):
            await task(functions.anoop).aenqueue()
        gc.collect()
        return len(gc.get_objects()) - before

    async def main():
        # Threads of earlier tests may make objects meanwhile, but not each time.
        return min([await grown() for _ in range(4)])

    assert asyncio.run(main()) < 50


def test_nothing_holds_the_interpreter_at_its_exit():
    program = """
import asyncio, time
from immediate_tasks_ipy.tasks import task, task_backends
@task
def block(): time.sleep(3600)
@task
async def sleep(): await asyncio.sleep(3600)
backend = task_backends["default"]
results = [backend.submit(block, (), {}), backend.submit(sleep, (), {})]
while any(result.status != "RUNNING" for result in results): time.sleep(0.001)
print("over")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=True
    )
    assert done.stdout == "over\n"


def test_the_default_executor_is_not_used():
    async def main():
        await task(functions.tell_thread).aenqueue()
        return asyncio.get_running_loop()._default_executor

    assert asyncio.run(main()) is None


def test_async_to_sync_returns_and_raises():
    async def main():
        assert has_running_loop()
        with pytest.raises(ValueError):
            async_to_sync(functions.afail)
        return async_to_sync(functions.atell_flavour)

    assert asyncio.run(main()) == async_to_sync(functions.atell_flavour) == "plain"
    with pytest.raises(ValueError):
        async_to_sync(functions.afail)
    assert not has_running_loop()


def test_an_interrupt_before_the_helper_thread_begins_keeps_the_coroutine_from_running(monkeypatch):
    ran, go = [], threading.Event()
    threads = []

    def start_late(function, name):
        def late():
            go.wait()
            function()

        threads.append(threading.Thread(target=late))
        threads[0].start()
        raise KeyboardInterrupt

    async def body():
        ran.append(True)

    async def main():
        with pytest.raises(KeyboardInterrupt):
            async_to_sync(body)

    monkeypatch.setattr(sync, "start_thread", start_late)
    asyncio.run(main())
    go.set()
    threads[0].join()
    assert ran == []


def test_async_to_sync_leaves_the_threads_event_loop_alone():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        task(functions.anoop).enqueue()
        assert asyncio.get_event_loop_policy().get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_a_base_backend_submits_by_enqueueing():
    task_backends.configure(
        {"default": {"BACKEND": "immediate_tasks_ipy.tasks.backends.dummy.DummyBackend"}}
    )
    backend = task_backends["default"]
    result = backend.submit(task(functions.noop), (), {})
    assert backend.results == [result]
