"""Event loops on threads of their own."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import subprocess
import sys
import threading
import time
import warnings

import pytest

from immediate_tasks_ipy.tasks import sync
from immediate_tasks_ipy.tasks.backends.event_loop import (
    EventLoopThread,
    background_loop,
    service_loop,
)
from tests.support.services import PATIENCE
from tests.tasks.conditions import until

#: Threads that were started for the tests, by name; each module has its own names.
loops = iter(range(1000))


@pytest.fixture
def thread():
    """Return an EventLoopThread of this test's own; its loop ends with the test."""
    thread = EventLoopThread(f"test-loop-{next(loops)}")
    yield thread
    loop = thread._loop
    if loop is not None:
        (runner,) = [one for one in threading.enumerate() if one.name == thread.name]
        # `run` goes on until the loop is closed.
        loop.call_soon_threadsafe(lambda: (loop.stop(), setattr(loop, "is_closed", lambda: True)))
        runner.join(PATIENCE)
        assert not runner.is_alive()
        del loop.is_closed
        loop.close()


def threads_of(thread):
    return [one for one in threading.enumerate() if one.name == thread.name]


def test_there_are_two_and_they_differ():
    assert background_loop.loop is not service_loop.loop
    assert background_loop.loop is background_loop.loop


def test_nothing_is_started_before_it_is_used(thread):
    assert thread.flush(0)
    assert not thread.is_current
    assert threads_of(thread) == []


def test_callbacks_run_on_the_loop_in_order(thread):
    calls = []
    for number in range(3):
        thread.call_soon(lambda n: calls.append((n, thread.is_current)), number)
    assert thread.flush(PATIENCE)
    assert calls == [(0, True), (1, True), (2, True)]
    assert not thread.is_current
    (runner,) = threads_of(thread)
    assert runner.daemon


def test_threads_that_use_it_first_at_once_get_one_loop(thread):
    ready = threading.Barrier(8)
    seen = []

    def use():
        ready.wait()
        seen.append(thread.loop)

    users = [threading.Thread(target=use) for _ in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert len(set(map(id, seen))) == 1
    assert len(threads_of(thread)) == 1


def test_threads_lose_no_call(thread):
    calls = []

    def schedule():
        for _ in range(100):
            thread.call_soon(calls.append, "soon")
            thread.call_later(0, calls.append, "later")
            thread.call_later(3600, calls.append, "cancelled").cancel()

    users = [threading.Thread(target=schedule) for _ in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert thread.flush(PATIENCE)
    assert (calls.count("soon"), calls.count("later"), len(calls)) == (800, 800, 1600)


def test_a_later_call_is_made_when_it_is_due(thread):
    called = []
    began = time.monotonic()
    thread.call_later(0.05, lambda: called.append(time.monotonic() - began))
    until(lambda: called)
    assert called[0] >= 0.049


def test_flush_waits_for_timers_that_are_due(thread):
    calls = []

    def slow():
        time.sleep(0.02)  # leaves the interpreter to the thread that flushes
        calls.append("called")

    for _ in range(5):
        calls.clear()
        thread.call_later(0, slow)
        assert thread.flush(PATIENCE)
        assert calls == ["called"]


def test_flush_gives_up_after_its_timeout(thread):
    gate = threading.Event()
    thread.call_soon(gate.wait)
    assert not thread.flush(0.01)
    gate.set()
    assert thread.flush(PATIENCE)


def test_flush_on_the_loop_itself_returns_at_once(thread):
    results = []
    thread.call_soon(lambda: results.append(thread.flush(PATIENCE)))
    assert thread.flush(PATIENCE)
    assert results == [True]


@pytest.mark.parametrize("where", ["another thread", "the loop"])
def test_a_cancelled_call_is_not_made(thread, where):
    calls = []
    gate = threading.Event()
    thread.call_soon(gate.wait)
    timer = thread.call_later(0, calls.append, "called")
    if where == "the loop":
        thread.call_soon(timer.cancel)
    else:
        timer.cancel()
    gate.set()
    assert thread.flush(PATIENCE)
    assert calls == []
    assert timer.cancelled


def test_a_timer_that_is_cancelled_while_it_starts_stays_in_no_queue(thread):
    timer = thread.call_later(3600, print)
    timer.cancel()
    assert thread.flush(PATIENCE)
    timer.start(3600)
    assert timer._handle.cancelled()


def test_cancelling_too_late_or_twice_does_no_harm(thread):
    calls = []
    timer = thread.call_later(0, calls.append, "called")
    assert thread.flush(PATIENCE)
    timer.cancel()
    timer.cancel()
    assert thread.flush(PATIENCE)
    assert calls == ["called"]


@pytest.mark.parametrize("delay", [1e10, math.inf, math.nan, 10**400, sys.float_info.max])
def test_far_deadlines_leave_the_loop_alive(thread, delay, caplog):
    calls = []
    timer = thread.call_later(delay, calls.append, "far")
    thread.call_later(0, calls.append, "near")
    assert thread.flush(PATIENCE)
    until(lambda: calls == ["near"])
    timer.cancel()
    assert thread.flush(PATIENCE)
    assert calls == ["near"]
    assert caplog.records == []


@pytest.mark.parametrize("delay", [-1, -math.inf])
def test_deadlines_that_have_passed_are_due(thread, delay):
    calls = []
    thread.call_later(delay, calls.append, "called")
    assert thread.flush(PATIENCE)
    assert calls == ["called"]


@pytest.mark.parametrize("error", [LookupError, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("how", ["call_soon", "call_later"])
def test_a_callback_that_raises_is_logged_and_the_loop_lives_on(thread, caplog, error, how):
    def fail():
        raise error

    if how == "call_soon":
        thread.call_soon(fail)
    else:
        thread.call_later(0, fail)
    calls = []
    thread.call_soon(calls.append, "called")
    assert thread.flush(PATIENCE)
    assert calls == ["called"]
    (record,) = [one for one in caplog.records if one.name == "immediate_tasks_ipy"]
    assert (record.levelno, record.exc_info[0]) == (logging.ERROR, error)
    assert "fail" in record.getMessage()


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_an_asyncio_task_that_exits_does_not_end_the_loop(thread, caplog, error):
    async def leave():
        raise error

    future = asyncio.run_coroutine_threadsafe(leave(), thread.loop)
    with pytest.raises(error):
        future.result(PATIENCE)
    assert thread.flush(PATIENCE)
    assert "goes on after an error" in caplog.text


def test_a_callback_that_stops_the_loop_does_not_end_it(thread):
    thread.call_soon(lambda: asyncio.get_running_loop().stop())
    assert thread.flush(PATIENCE)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="No fork on this platform")
def test_a_forked_child_has_a_loop_of_its_own():
    program = """
import os, threading
from immediate_tasks_ipy.tasks.backends.event_loop import background_loop, service_loop
calls = []
service_loop.call_soon(calls.append, "parent")
assert service_loop.flush(20)
service_loop.call_later(0, calls.append, "before")
service_loop.flush(20)
parents = service_loop.loop
# Another thread holds the lock while this one forks.
held, release = threading.Event(), threading.Event()
def hold():
    with service_loop._lock:
        held.set()
        release.wait()
holder = threading.Thread(target=hold)
holder.start()
held.wait()
child = os.fork()
if child == 0:
    try:
        assert service_loop.flush(20)  # nothing was scheduled here yet
        service_loop.call_soon(calls.append, "child")
        background_loop.call_soon(calls.append, "child's background")
        assert service_loop.flush(20) and background_loop.flush(20)
        assert service_loop.loop is not parents
        assert sorted(calls) == ["before", "child", "child's background", "parent"], calls
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
release.set()
holder.join()
_, status = os.waitpid(child, 0)
assert status == 0, status
assert service_loop.loop is parents
service_loop.call_soon(calls.append, "after")
assert service_loop.flush(20)
assert calls == ["parent", "before", "after"], calls
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=180)


def test_a_thread_that_cannot_be_started_leaves_nothing_behind(thread, monkeypatch):
    with monkeypatch.context() as patch:

        def refuse(self):
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", refuse)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(RuntimeError, match="can't start new thread"):
                thread.call_soon(print)
            gc.collect()  # a loop that was not closed would warn
        assert thread._loop is None
    calls = []
    thread.call_soon(calls.append, "called")
    assert thread.flush(PATIENCE)
    assert calls == ["called"]


def test_without_threads_the_running_loop_takes_their_place(thread, monkeypatch):
    monkeypatch.setattr(sync, "HAS_THREADS", False)

    async def main():
        calls = []
        assert thread.loop is asyncio.get_running_loop()
        assert thread.is_current
        thread.call_soon(calls.append, "soon")
        thread.call_later(0, calls.append, "later")
        far = thread.call_later(3600, calls.append, "far")
        await asyncio.sleep(0)
        assert thread.flush(PATIENCE)
        while len(calls) < 2:
            await asyncio.sleep(0)
        far.cancel()
        return calls, far

    calls, far = asyncio.run(main())
    assert calls == ["soon", "later"]
    far.cancel()  # its loop is closed
    with pytest.raises(RuntimeError):
        thread.call_soon(print)
    assert not thread.is_current


def test_without_threads_none_is_started_and_the_error_says_so(monkeypatch):
    monkeypatch.setattr(sync, "HAS_THREADS", False)
    with pytest.raises(RuntimeError, match="can't start threads on this platform"):
        sync.start_thread(print, "name")
