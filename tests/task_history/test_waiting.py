from __future__ import annotations

import asyncio
import gc
import signal
import threading
import weakref

import pytest

from immediate_tasks_ipy.task_history import Recorder
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


def finish(recorder, result, value=None):
    start(result, "worker")
    recorder.changed(recorder.add(result))
    succeed(result, value, ())
    recorder.changed(recorder.add(result))


async def observed(recorder):
    """Wait until somebody observes the history."""
    async with asyncio.timeout(20):
        while not recorder._observers:
            await asyncio.sleep(0)


async def test_results_that_have_finished_are_returned_at_once(recorder):
    results = [Task(func=nothing).enqueue() for _ in range(3)]
    assert await wait(*results) == results
    assert await wait() == []
    assert wait_blocking(recorder, results, timeout=0) == results


async def test_all_results_are_awaited_in_their_order(recorder):
    first, second = ready(), ready()
    waiting = asyncio.create_task(wait(first, second))
    await observed(recorder)
    finish(recorder, second)
    await asyncio.sleep(0)
    assert not waiting.done()
    finish(recorder, first)
    assert await waiting == [first, second]


async def test_failed_results_are_returned_like_others(recorder):
    result = ready()
    waiting = asyncio.create_task(wait(result))
    await observed(recorder)
    fail(result, ValueError())
    recorder.changed(recorder.add(result))
    assert await waiting == [result]


async def test_a_result_may_be_finished_by_any_thread(recorder):
    results = [ready() for _ in range(20)]
    waiting = asyncio.create_task(wait(*results))
    await observed(recorder)
    threads = [threading.Thread(target=finish, args=(recorder, result)) for result in results]
    for thread in threads:
        thread.start()
    assert await waiting == results
    for thread in threads:
        thread.join()


async def test_tasks_of_the_running_loop_and_of_threads_are_awaited(recorder):
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


async def test_one_result_may_be_awaited_many_times_at_once(recorder):
    result = ready()
    waiting = [asyncio.create_task(wait(result)) for _ in range(100)]
    await observed(recorder)
    assert len(recorder._observers) == 1
    finish(recorder, result)
    assert await asyncio.gather(*waiting) == [[result]] * 100
    assert recorder._observers == ()


async def test_the_same_result_twice_is_returned_twice(recorder):
    result = ready()
    waiting = asyncio.create_task(wait(result, result))
    await observed(recorder)
    finish(recorder, result)
    assert await waiting == [result, result]


async def test_a_timeout_says_how_many_are_missing(recorder):
    done, missing = Task(func=nothing).enqueue(), ready()
    with pytest.raises(TimeoutError, match=r"1 of 2 tasks .* 0\.01 seconds"):
        await wait(done, missing, timeout=0.01)
    with pytest.raises(TimeoutError, match="The task has not finished after 0 seconds"):
        await wait(missing, timeout=0)
    assert not missing.is_finished


async def test_no_observer_is_left_behind(recorder):
    result = ready()
    with pytest.raises(TimeoutError):
        await wait(result, timeout=0)
    with pytest.raises(TimeoutError):
        wait_blocking(recorder, [result], timeout=0)
    waiting = asyncio.create_task(wait(result))
    await observed(recorder)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert recorder._observers == ()


async def test_what_is_no_result_is_refused(recorder):
    with pytest.raises(TypeError, match=r"wait\(\*results\)"):
        await wait([ready()])
    assert recorder._observers == ()


async def test_a_result_that_was_never_seen_is_added(recorder):
    result = ready()
    with pytest.raises(TimeoutError):
        await wait(result, timeout=0)
    assert recorder.results == [result]


def test_a_loop_that_is_closed_meanwhile_disturbs_nobody(recorder):
    result = ready()

    async def begin():
        task = asyncio.create_task(wait(result))
        await observed(recorder)
        return task

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(begin())
    loop.close()
    finish(recorder, result)
    assert wait_blocking(recorder, [result]) == [result]
    task._log_destroy_pending = False


def test_blocking_ends_when_a_thread_finishes_the_result(recorder):
    result = ready()
    thread = threading.Thread(target=finish, args=(recorder, result))
    threading.Timer(0.01, thread.start).start()
    assert wait_blocking(recorder, [result]) == [result]
    thread.join()
    assert recorder._observers == ()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to threads")
def test_blocking_lets_an_interrupt_through(recorder):
    main = threading.main_thread().ident

    def interrupt():
        while not recorder._observers:
            pass
        signal.pthread_kill(main, signal.SIGINT)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            wait_blocking(recorder, [ready()])
    finally:
        signal.signal(signal.SIGINT, previous)
    assert recorder._observers == ()


def test_results_dropped_from_the_history_no_longer_keep_anyone_waiting():
    recorder = Recorder(limit=0)
    result = ready()

    def finish_and_drop():
        while not recorder._observers:
            pass
        finish(recorder, result)

    threading.Thread(target=finish_and_drop).start()
    assert wait_blocking(recorder, [result], timeout=20) == [result]


def test_a_history_nobody_uses_any_more_is_freed():
    recorder = Recorder()
    with pytest.raises(TimeoutError):
        wait_blocking(recorder, [ready()], timeout=0)
    reference = weakref.ref(recorder)
    del recorder
    gc.collect()
    assert reference() is None
