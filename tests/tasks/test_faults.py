"""Faults leave nothing wrong for good: interrupts, hostile exceptions, closed loops, forks."""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import threading
import traceback

import pytest

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.task_history.waiting import wait_blocking
from immediate_tasks_ipy.tasks import finishing, signals, task
from immediate_tasks_ipy.tasks.backends import execution as execution_module
from immediate_tasks_ipy.tasks.backends.immediate import ImmediateBackend
from immediate_tasks_ipy.tasks.faults import task_error
from immediate_tasks_ipy.tasks.faults.locks import new_lock
from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished, task_started
from tests.support.fault_injection import SCENARIOS, check, places
from tests.support.own_threads import own_threads
from tests.support.services import PATIENCE
from tests.tasks import functions

noop, anoop, chains = task(functions.noop), task(functions.anoop), task(functions.chains)


@task
async def forever():
    await asyncio.Event().wait()


def module_level(function):
    """Make a task of a function that a test defines."""
    function.__qualname__ = function.__name__
    return task(function)


#: Of the places of a scenario, how many are interrupted here; the script takes all of them.
SAMPLE = 40


@pytest.fixture
def backend():
    return ImmediateBackend("faults", {})


@pytest.fixture
def connected():
    """Connect receivers to signals for the length of a test."""
    connections = []

    def connect(signal, receiver):
        signal.connect(receiver, weak=False)
        connections.append((signal, receiver))

    yield connect
    for signal, receiver in connections:
        signal.disconnect(receiver)


@pytest.fixture
def recorder():
    recorder = Recorder(limit=3)
    recorder.connect()
    yield recorder
    recorder.disconnect()


# -- interrupts ---------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", SCENARIOS)
def test_an_interrupt_anywhere_in_the_framework_leaves_nothing_wrong(name):
    count = places(name)
    wrong = [check(name, place)[1] for place in range(1, count, max(1, count // SAMPLE))]
    assert [one for one in wrong if one] == []


def test_an_interrupt_while_a_traceback_is_formatted_is_raised(backend, connected, monkeypatch):
    def interrupt(*_):
        monkeypatch.undo()
        raise KeyboardInterrupt

    seen = []
    connected(task_finished, lambda task_result, **_: seen.append(task_result))
    monkeypatch.setattr(task_error, "exception_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        backend.enqueue(chains, (), {})
    (result,) = seen
    (error,) = result.errors
    assert error.exception_class_path == "builtins.KeyboardInterrupt"
    # What the task itself raised is the context.
    assert "During handling of the above exception" in error.traceback


@pytest.mark.parametrize("signal", ["task_enqueued", "task_started", "task_finished"])
@pytest.mark.parametrize("way", ["enqueue", "aenqueue", "enqueue async"])
def test_an_interrupt_in_one_receiver_reaches_the_others(backend, connected, signal, way):
    before, after = [], []

    def interrupt(**_):
        raise KeyboardInterrupt

    connected(task_finished, lambda task_result, **_: before.append(task_result))
    connected(getattr(signals, signal), interrupt)
    connected(task_finished, lambda task_result, **_: after.append(task_result))

    def enqueue():
        if way == "aenqueue":

            async def main():
                with pytest.raises(KeyboardInterrupt):
                    await backend.aenqueue(anoop, (), {})

            asyncio.run(main())
            raise KeyboardInterrupt
        backend.enqueue(noop if way == "enqueue" else anoop, (), {})

    with pytest.raises(KeyboardInterrupt):
        enqueue()
    (result,) = after
    assert before == after
    status = "SUCCESSFUL" if signal == "task_finished" else "FAILED"
    assert result.status == status
    assert not backend._executions


def test_a_receiver_that_raises_at_the_end_keeps_it_from_no_other(backend, connected):
    after = []

    def refuse(**_):
        raise LookupError

    connected(task_finished, refuse)
    connected(task_finished, lambda task_result, **_: after.append(task_result.status))
    with pytest.raises(LookupError):
        backend.enqueue(noop, (), {})
    assert after == ["SUCCESSFUL"]


def test_an_interrupted_cancel_still_ends_the_result(backend, connected):
    entered, left = threading.Event(), threading.Event()

    @module_level
    def waits():
        entered.set()
        left.wait(PATIENCE)

    def interrupt(**_):
        raise KeyboardInterrupt

    after = []
    connected(task_finished, interrupt)
    connected(task_finished, lambda task_result, **_: after.append(task_result))
    result = backend.submit(waits, (), {})
    entered.wait(PATIENCE)
    with pytest.raises(KeyboardInterrupt):
        backend.cancel(result)
    left.set()
    assert result.status == "FAILED"
    assert after == [result]


# -- cancelling ---------------------------------------------------------------


def test_a_thread_task_that_is_about_to_begin_obeys_its_cancellation(backend, connected):
    ran, ended = [], threading.Event()

    @module_level
    def runs():
        ran.append(True)

    connected(task_started, lambda task_result, **_: backend.cancel(task_result))
    connected(task_finished, lambda **_: ended.set())
    result = backend.submit(runs, (), {})
    assert ended.wait(PATIENCE)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class_path == "asyncio.exceptions.CancelledError"
    assert ran == []


async def test_a_function_that_swallows_a_cancellation_gets_the_next(backend):
    swallowed = []

    @module_level
    async def stubborn():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(asyncio.current_task().cancelling())
                if len(swallowed) == 3:
                    raise

    result = backend.submit(stubborn, (), {}, loop=asyncio.get_running_loop())
    for count in range(3):
        while len(swallowed) < count:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        backend.cancel(result, error=TimeoutError(count))
    while not result.is_finished:
        await asyncio.sleep(0)
    # One at a time is pending, so that the function's own `timeout` and groups can count.
    assert swallowed == [1, 1, 1]
    assert result.errors[0].traceback.endswith("TimeoutError: 0\n")


async def test_a_caller_is_not_cancelled_by_what_its_task_swallowed(backend, connected):
    @module_level
    async def stubborn(left):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if left:
                await stubborn.func(left - 1)

    results = []
    connected(task_enqueued, lambda task_result, **_: results.append(task_result))

    async def cancel():
        for _ in range(3):
            await asyncio.sleep(0)
            backend.cancel(results[0])
            await asyncio.sleep(0)

    canceller = asyncio.ensure_future(cancel())
    result = await backend.aenqueue(stubborn, (2,), {})
    await canceller
    assert asyncio.current_task().cancelling() == 0
    assert result.status == "SUCCESSFUL"


def test_an_interrupt_of_a_thread_does_not_hit_what_comes_after_the_function(backend):
    threads = []

    @module_level
    def interrupted():
        threads.append(execution_module.running_result.get())
        backend.cancel(threads[0])

    raised = []
    previous = threading.excepthook
    threading.excepthook = raised.append
    try:
        with own_threads():
            result = backend.submit(interrupted, (), {})
    finally:
        threading.excepthook = previous
    assert result.status == "FAILED"
    assert raised == []


# -- loops --------------------------------------------------------------------


@pytest.fixture
def loop():
    """A loop that a test may close under its tasks."""
    loop = asyncio.new_event_loop()
    # That a pending task is destroyed is reported there.
    loop.set_exception_handler(lambda *_: None)
    yield loop
    loop.close()


def test_a_loop_that_is_closed_under_a_task_ends_it(backend, connected, loop):
    after = []
    connected(task_finished, lambda task_result, **_: after.append(task_result))

    async def submit():
        return backend.submit(forever, (), {}, loop=loop)

    result = loop.run_until_complete(submit())
    loop.run_until_complete(asyncio.sleep(0))
    assert result.status == "RUNNING"
    loop.close()
    assert result.status == "FAILED"
    assert "The event loop was closed" in result.errors[0].traceback
    assert after == [result]
    assert not backend._executions


def test_a_task_is_not_kept_alive_behind_its_loop(backend, connected, loop):
    results = []
    connected(task_enqueued, lambda task_result, **_: results.append(task_result))
    pending = loop.create_task(backend.aenqueue(forever, (), {}))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del pending
    gc.collect()
    (result,) = results
    assert result.status == "FAILED"
    assert not backend._executions


# -- exceptions ---------------------------------------------------------------


@pytest.fixture
def logged(monkeypatch):
    """Return the levels of what is logged; no record is formatted, by pytest neither."""

    class Levels(logging.Handler):
        def emit(self, record):
            levels.append(record.levelno)

    levels, logger = [], logging.Logger("alone")  # noqa: LOG001
    logger.addHandler(Levels())
    monkeypatch.setattr(signals, "logger", logger)
    return levels


class _HostileMeta(type):
    def __getattribute__(cls, name):
        if name in {"__module__", "__qualname__"}:
            raise LookupError
        return super().__getattribute__(name)


class _Hostile(Exception, metaclass=_HostileMeta):
    pass


class _Untrue(Exception):
    def __bool__(self):
        return False


class _NoTruth(Exception):
    def __bool__(self):
        raise LookupError


class _Unstable(Exception):
    def __getattribute__(self, name):
        raise LookupError

    def __setattr__(self, name, value):
        raise LookupError


class _Exits(Exception):
    def __str__(self):
        raise SystemExit


class _OddModule(Exception):
    __module__ = 5


@pytest.mark.parametrize("kind", [_Hostile, _Untrue, _NoTruth, _Unstable, _Exits, _OddModule])
@pytest.mark.parametrize("way", ["enqueue", "aenqueue", "enqueue async", "submit", "cancel"])
def test_a_hostile_exception_is_recorded(backend, recorder, logged, kind, way):

    @module_level
    def fails():
        raise kind

    @module_level
    async def afails():
        raise kind

    if way == "enqueue":
        result = backend.enqueue(fails, (), {})
    elif way == "enqueue async":
        result = backend.enqueue(afails, (), {})
    elif way == "aenqueue":
        result = asyncio.run(backend.aenqueue(afails, (), {}))
    elif way == "submit":
        result = backend.submit(fails, (), {})
        wait_blocking(recorder, [result], timeout=PATIENCE)
    else:
        entered = threading.Event()

        @module_level
        async def waits():
            entered.set()
            await asyncio.Event().wait()

        result = backend.submit(waits, (), {})
        entered.wait(PATIENCE)
        backend.cancel(result, error=kind())
        wait_blocking(recorder, [result], timeout=PATIENCE)
    assert result.status == "FAILED"
    (error,) = result.errors
    assert type.__dict__["__name__"].__get__(kind) in error.traceback
    assert logging.ERROR in logged


# -- the history --------------------------------------------------------------


def test_a_receiver_that_raises_before_the_history_costs_it_no_bound(backend, connected):
    def refuse(**_):
        raise LookupError

    connected(task_finished, refuse)
    recorder = Recorder(limit=3)
    recorder.connect()
    try:
        for _ in range(10):
            with pytest.raises(LookupError):
                backend.enqueue(noop, (), {})
        assert len(recorder) == 3
    finally:
        recorder.disconnect()


def test_results_that_finish_unnoticed_keep_the_bound(recorder, backend):
    recorder.disconnect()
    for _ in range(1000):
        recorder.on_enqueued(task_result=backend.enqueue(noop, (), {}))
    assert len(recorder) <= 300
    recorder.clear()
    assert len(recorder) == 0


def test_an_interrupted_drop_is_made_good_by_the_next(recorder, backend):
    class Interrupting:
        left = 3

        def changed(self, entry):
            pass

        def removed(self, keys):
            if self.left:
                self.left -= 1
                raise KeyboardInterrupt
            told.extend(keys)

    told = []
    recorder.subscribe(Interrupting())
    for _ in range(3):
        backend.enqueue(noop, (), {})
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            backend.enqueue(noop, (), {})
    for _ in range(3):
        backend.enqueue(noop, (), {})
    assert told == [1, 2, 3, 4, 5, 6]
    assert [entry.key for entry in recorder] == [7, 8, 9]


def test_who_waits_is_woken_behind_all_receivers_of_a_background_task(backend, recorder, connected):
    order, gate = [], threading.Event()

    def late(**_):
        gate.wait(PATIENCE)
        order.append("receiver")

    connected(task_finished, late)
    result = backend.submit(noop, (), {})

    def wait():
        wait_blocking(recorder, [result], timeout=PATIENCE)
        order.append("waiter")

    waiter = threading.Thread(target=wait)
    waiter.start()
    while not result.is_finished:
        waiter.join(0.001)
    gate.set()
    waiter.join(PATIENCE)
    assert order == ["receiver", "waiter"]


def test_a_receiver_may_wait_for_the_result_it_is_called_for(backend, recorder, connected):
    waited = []

    def wait(task_result, **_):
        waited.append(wait_blocking(recorder, [task_result], timeout=PATIENCE))

    connected(task_finished, wait)
    backend.enqueue(anoop, (), {})
    assert len(waited) == 1
    assert not finishing.is_finishing(waited[0][0])


# -- forks --------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="No fork on this platform.")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_finds_every_lock_free(backend, recorder):
    held, release = threading.Event(), threading.Event()
    locks = [
        execution_module._lock,
        task_finished.lock,
        recorder._store.lock,
        finishing._lock,
        new_lock(),
    ]

    def hold():
        for lock in locks:
            lock.acquire()
        held.set()
        release.wait(PATIENCE)
        for lock in locks:
            lock.release()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(PATIENCE)

    def work(channel):
        try:
            free = all(lock.acquire(timeout=1) for lock in locks)
            for lock in locks:
                lock.release()
            task_finished.connect(lambda **_: None, weak=False)
            result = backend.enqueue(anoop, (), {})
            channel.send((free, str(result.status), len(recorder)))
        except BaseException:
            channel.send(traceback.format_exc())

    parent, child = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=work, args=(child,))
    process.start()
    try:
        assert parent.poll(PATIENCE)
        assert parent.recv() == (True, "SUCCESSFUL", 1)
    finally:
        release.set()
        holder.join(PATIENCE)
        process.join(PATIENCE)
