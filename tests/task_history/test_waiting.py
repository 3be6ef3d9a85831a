from __future__ import annotations

import asyncio
import gc
import signal
import threading
import weakref

import pytest

from immediate_tasks_ipy.task_history import TaskHistory
from immediate_tasks_ipy.task_history.waiting import wait, wait_blocking
from immediate_tasks_ipy.tasks import Task, task_backends
from immediate_tasks_ipy.tasks.lifecycle import fail, new_result, start, succeed


def nothing():
    pass


async def anothing():
    pass


def ready():
    """A result that some worker elsewhere will finish."""
    return new_result(Task(func=nothing), "elsewhere", (), {})


def finish(history, result, value=None):
    start(result, "worker")
    history.changed(history.add(result))
    succeed(result, value, ())
    history.changed(history.add(result))


async def observed(history):
    """Wait until somebody observes the history."""
    async with asyncio.timeout(20):
        while not history._observers:
            await asyncio.sleep(0)


async def test_results_that_have_finished_are_returned_at_once(history):
    results = [Task(func=nothing).enqueue() for _ in range(3)]
    assert await wait(*results) == results
    assert await wait() == []
    assert wait_blocking(history, results, timeout=0) == results


async def test_all_results_are_awaited_in_their_order(history):
    first, second = ready(), ready()
    waiting = asyncio.create_task(wait(first, second))
    await observed(history)
    finish(history, second)
    await asyncio.sleep(0)
    assert not waiting.done()
    finish(history, first)
    assert await waiting == [first, second]


async def test_failed_results_are_returned_like_others(history):
    result = ready()
    waiting = asyncio.create_task(wait(result))
    await observed(history)
    fail(result, ValueError())
    history.changed(history.add(result))
    assert await waiting == [result]


async def test_a_result_may_be_finished_by_any_thread(history):
    results = [ready() for _ in range(20)]
    waiting = asyncio.create_task(wait(*results))
    await observed(history)
    threads = [threading.Thread(target=finish, args=(history, result)) for result in results]
    for thread in threads:
        thread.start()
    assert await waiting == results
    for thread in threads:
        thread.join()


async def test_tasks_of_the_running_loop_and_of_threads_are_awaited(history):
    backend = task_backends["default"]
    gate, agate = threading.Event(), asyncio.Event()

    def work():
        gate.wait(20)

    async def awork():
        await agate.wait()

    work.__qualname__, awork.__qualname__ = "work", "awork"
    loop = asyncio.get_running_loop()
    in_thread = backend.submit(Task(func=work), (), {})
    on_loop = backend.submit(Task(func=awork), (), {}, loop=loop)
    elsewhere = backend.submit(Task(func=anothing), (), {})
    gate.set()
    agate.set()
    results = await wait(in_thread, on_loop, elsewhere)
    assert [result.status for result in results] == ["SUCCESSFUL"] * 3


async def test_one_result_may_be_awaited_many_times_at_once(history):
    result = ready()
    waiting = [asyncio.create_task(wait(result)) for _ in range(100)]
    await observed(history)
    assert len(history._observers) == 1
    finish(history, result)
    assert await asyncio.gather(*waiting) == [[result]] * 100
    assert history._observers == ()


async def test_the_same_result_twice_is_returned_twice(history):
    result = ready()
    waiting = asyncio.create_task(wait(result, result))
    await observed(history)
    finish(history, result)
    assert await waiting == [result, result]


async def test_a_timeout_says_how_many_are_missing(history):
    done, missing = Task(func=nothing).enqueue(), ready()
    with pytest.raises(TimeoutError, match=r"1 of 2 tasks .* 0\.01 seconds"):
        await wait(done, missing, timeout=0.01)
    with pytest.raises(TimeoutError, match="The task has not finished after 0 seconds"):
        await wait(missing, timeout=0)
    assert not missing.is_finished


async def test_no_observer_is_left_behind(history):
    result = ready()
    with pytest.raises(TimeoutError):
        await wait(result, timeout=0)
    with pytest.raises(TimeoutError):
        wait_blocking(history, [result], timeout=0)
    waiting = asyncio.create_task(wait(result))
    await observed(history)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert history._observers == ()


async def test_what_is_no_result_is_refused(history):
    with pytest.raises(TypeError, match=r"wait\(\*results\)"):
        await wait([ready()])
    assert history._observers == ()


async def test_a_result_that_was_never_seen_is_added(history):
    result = ready()
    with pytest.raises(TimeoutError):
        await wait(result, timeout=0)
    assert history.results == [result]


def test_a_loop_that_is_closed_meanwhile_disturbs_nobody(history):
    result = ready()

    async def begin():
        task = asyncio.create_task(wait(result))
        await observed(history)
        return task

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(begin())
    loop.close()
    finish(history, result)
    assert wait_blocking(history, [result]) == [result]
    task._log_destroy_pending = False


def test_blocking_ends_when_a_thread_finishes_the_result(history):
    result = ready()
    thread = threading.Thread(target=finish, args=(history, result))
    threading.Timer(0.01, thread.start).start()
    assert wait_blocking(history, [result]) == [result]
    thread.join()
    assert history._observers == ()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to threads")
def test_blocking_lets_an_interrupt_through(history):
    main = threading.main_thread().ident

    def interrupt():
        while not history._observers:
            pass
        signal.pthread_kill(main, signal.SIGINT)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            wait_blocking(history, [ready()])
    finally:
        signal.signal(signal.SIGINT, previous)
    assert history._observers == ()


def test_results_dropped_from_the_history_no_longer_keep_anyone_waiting():
    history = TaskHistory(limit=0)
    result = ready()

    def finish_and_drop():
        while not history._observers:
            pass
        finish(history, result)

    threading.Thread(target=finish_and_drop).start()
    assert wait_blocking(history, [result], timeout=20) == [result]


def test_a_history_nobody_uses_any_more_is_freed():
    history = TaskHistory()
    with pytest.raises(TimeoutError):
        wait_blocking(history, [ready()], timeout=0)
    reference = weakref.ref(history)
    del history
    gc.collect()
    assert reference() is None
