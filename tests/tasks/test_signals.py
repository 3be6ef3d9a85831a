"""Signals: who is called, in which order, for how long."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading

import pytest

from immediate_tasks_ipy.tasks import signals, task
from immediate_tasks_ipy.tasks.dispatcher import Signal, receiver
from tests.tasks import functions


@pytest.fixture
def calls():
    return []


def recorder(calls, name):
    def receive(**kwargs):
        calls.append(name)
        return name

    return receive


def failing(**kwargs):
    raise LookupError("receiver")


def test_receivers_are_called_in_order_and_their_responses_returned(calls):
    signal = Signal()
    one, two = recorder(calls, "one"), recorder(calls, "two")
    signal.connect(one)
    signal.connect(two)
    assert signal.send("sender") == [(one, "one"), (two, "two")]
    assert calls == ["one", "two"]


def test_a_signal_is_true_while_it_has_receivers(calls):
    signal = Signal()
    assert not signal
    one = recorder(calls, "one")
    signal.connect(one)
    assert signal
    assert signal.has_listeners()
    assert signal.disconnect(one)
    assert not signal.disconnect(one)
    assert not signal


def test_a_receiver_is_connected_once(calls):
    signal = Signal()
    one = recorder(calls, "one")
    signal.connect(one)
    signal.connect(one)
    signal.send("sender")
    assert calls == ["one"]


def test_of_one_dispatch_uid_the_first_receiver_stays(calls):
    signal = Signal()
    one, two = recorder(calls, "one"), recorder(calls, "two")

    class Empty:
        def __len__(self):
            return 0

    uid = Empty()  # anything hashable, false or not
    signal.connect(one, dispatch_uid=uid)
    signal.connect(two, dispatch_uid=uid)
    signal.send("sender")
    assert calls == ["one"]
    assert signal.disconnect(dispatch_uid=uid)
    assert not signal


def test_a_receiver_may_want_one_sender_only(calls):
    signal = Signal()
    one = recorder(calls, "one")
    signal.connect(one, sender=Signal)
    signal.send(str)
    assert calls == []
    assert not signal.has_listeners(str)
    signal.send(Signal)
    assert calls == ["one"]
    assert not signal.disconnect(one)
    assert signal.disconnect(one, sender=Signal)


def test_receivers_are_held_weakly_unless_asked_otherwise(calls):
    signal = Signal()
    signal.connect(recorder(calls, "weak"))
    signal.connect(recorder(calls, "strong"), weak=False)

    class Receiver:
        def method(self, **kwargs):
            calls.append("method")

    kept, dropped = Receiver(), Receiver()
    signal.connect(kept.method)
    signal.connect(dropped.method)
    del dropped
    gc.collect()
    signal.send("sender")
    assert calls == ["strong", "method"]


def test_the_first_exception_ends_the_round(calls):
    signal = Signal()
    one = recorder(calls, "one")
    signal.connect(failing)
    signal.connect(one)
    with pytest.raises(LookupError):
        signal.send("sender")
    with pytest.raises(LookupError):
        asyncio.run(signal.asend("sender"))
    assert calls == []


def test_send_robust_calls_everybody(calls, caplog):
    signal = Signal()
    one = recorder(calls, "one")

    async def afailing(**kwargs):
        raise ValueError("async")

    signal.connect(failing)
    signal.connect(one)
    signal.connect(afailing)
    for responses in (signal.send_robust("s"), asyncio.run(signal.asend_robust("s"))):
        assert [r for r, _ in responses] == [failing, one, afailing]
        assert [type(response) for _, response in responses] == [LookupError, str, ValueError]
    assert "Error calling failing in Signal.send_robust() (receiver)" in caplog.messages


def test_async_receivers_run_at_once_and_last(calls):
    signal = Signal()
    both = asyncio.Event()

    def sync(**kwargs):
        calls.append("sync")

    async def waits(**kwargs):
        await both.wait()
        calls.append("waits")

    async def sets(**kwargs):
        both.set()

    for each in (waits, sets, sync):
        signal.connect(each)
    asyncio.run(signal.asend("sender"))
    assert calls == ["sync", "waits"]
    calls.clear()
    signal.send("sender")
    assert calls == ["sync", "waits"]


def test_what_an_async_receiver_raises_is_raised_bare():
    signal = Signal()

    async def afailing(**kwargs):
        raise ValueError("async")

    async def anoop(**kwargs):
        pass

    signal.connect(anoop)
    signal.connect(afailing)
    with pytest.raises(ValueError):
        signal.send("sender")


def test_a_notebooks_receiver_takes_the_place_of_its_earlier_definition(calls):
    signal = Signal()

    def define(text):
        namespace = {"__name__": "__main__", "calls": calls}
        exec(f"def on_event(**kwargs): calls.append({text!r})", namespace)
        return namespace["on_event"]

    first, second = define("first"), define("second")
    signal.connect(first)
    signal.connect(recorder(calls, "other"), weak=False)
    signal.connect(second)
    signal.send("sender")
    assert calls == ["second", "other"]


def test_two_lambdas_of_a_notebook_are_two_receivers(calls):
    signal = Signal()
    namespace = {"__name__": "__main__", "calls": calls}
    one = eval("lambda **kwargs: calls.append(1)", namespace)
    two = eval("lambda **kwargs: calls.append(2)", namespace)
    signal.connect(one)
    signal.connect(two)
    signal.send("sender")
    assert calls == [1, 2]


def test_something_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="must be callable, not 3"):
        Signal().connect(3)


def test_the_decorator_connects_to_several_signals(calls):
    one, two = Signal(), Signal()

    @receiver([one, two])
    def receive(**kwargs):
        calls.append("called")

    one.send("sender")
    two.send("sender")
    assert calls == ["called", "called"]


def test_connecting_while_sending_is_safe():
    signal = Signal()
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            mine = recorder([], "x")
            signal.connect(mine)
            signal.disconnect(mine)

    threads = [threading.Thread(target=churn) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(500):
        signal.send("sender")
    stop.set()
    for thread in threads:
        thread.join()
    assert not signal


def test_a_signal_of_a_task_is_true_if_the_log_wants_it():
    logger = logging.getLogger("immediate_tasks_ipy.tasks")
    assert not signals.task_started
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        assert signals.task_started
        assert not signals.task_enqueued
    finally:
        logger.setLevel(before)


def test_the_logger_is_silent_without_a_handler(capfd):
    task(functions.raise_hostile).enqueue()
    assert capfd.readouterr().err == ""
    assert logging.getLogger("immediate_tasks_ipy.tasks").handlers


def test_the_exception_is_at_hand_for_strong_and_async_receivers_alike():
    seen = []

    def strong(**kwargs):
        seen.append(type(sys.exception()))

    async def asynchronous(**kwargs):
        seen.append(kwargs["task_result"].status)

    signals.task_finished.connect(strong, weak=False)
    try:
        task(functions.raise_hostile).enqueue()
        asyncio.run(task(functions.raise_hostile).aenqueue())
        signals.task_finished.connect(asynchronous)
        task(functions.raise_hostile).enqueue()
    finally:
        signals.task_finished.disconnect(strong)
        signals.task_finished.disconnect(asynchronous)
    assert seen == [functions.HostileError] * 3 + ["FAILED"]
