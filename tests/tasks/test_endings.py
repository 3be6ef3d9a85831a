"""However a task ends, its result is finished and task_finished is sent."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading

import pytest

from immediate_tasks_ipy.tasks import lifecycle, signals, task, task_backends
from tests.tasks import functions

RUN = [("task_enqueued", "READY"), ("task_started", "RUNNING")]
FAILED = [*RUN, ("task_finished", "FAILED")]


def on_a_loop(function):
    return asyncio.run(task(function).aenqueue())


async def inside_a_loop(function):
    return task(function).enqueue()


WAYS = {
    "enqueue": lambda function: task(function).enqueue(),
    "aenqueue": on_a_loop,
    "enqueue in a loop": lambda function: asyncio.run(inside_a_loop(function)),
}


@pytest.fixture(params=WAYS)
def enqueue(request):
    return WAYS[request.param]


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (functions.raise_exit, "builtins.SystemExit"),
        (functions.araise_exit, "builtins.SystemExit"),
        (functions.raise_cancelled, "asyncio.exceptions.CancelledError"),
        (functions.cancels_itself, "asyncio.exceptions.CancelledError"),
        (functions.raise_generator_exit, "builtins.GeneratorExit"),
        (functions.araise_generator_exit, "builtins.GeneratorExit"),
        (functions.raise_group, "builtins.BaseExceptionGroup"),
        (functions.raise_hostile, "tests.tasks.functions.HostileError"),
        (functions.raise_stop_iteration, "builtins.StopIteration"),
        (functions.araise_stop_iteration, "builtins.RuntimeError"),
        (functions.recurse, "builtins.RecursionError"),
        (functions.returns_hostile, "builtins.LookupError"),
        (functions.returns_coroutine, "builtins.TypeError"),
        (functions.uses_task_group, "builtins.ExceptionGroup"),
    ],
)
def test_every_exception_is_a_failure_and_not_raised(enqueue, sent, function, error):
    result = enqueue(function)
    assert result.status == "FAILED"
    assert [e.exception_class_path for e in result.errors] == [error]
    assert error.rpartition(".")[2] in result.errors[0].traceback
    assert result.finished_at >= result.started_at
    assert sent == FAILED


@pytest.mark.parametrize("function", [functions.raise_interrupt, functions.araise_interrupt])
def test_an_interrupt_finishes_the_result_and_is_raised(enqueue, sent, function, caplog):
    with pytest.raises(KeyboardInterrupt):
        enqueue(function)
    assert sent == FAILED
    assert all(record.levelno < logging.ERROR for record in caplog.records)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="No pthread_kill here")
def test_a_signal_from_the_keyboard_ends_an_async_task_in_a_running_loop(sent):
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cleaned_up = threading.Event()

    async def sleep_and_clean_up():
        try:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            await asyncio.sleep(3600)
        finally:
            cleaned_up.set()

    sleep_and_clean_up.__qualname__ = "sleep_and_clean_up"

    async def main():
        try:
            task(sleep_and_clean_up).enqueue()
        except KeyboardInterrupt:
            return True
        return False

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(main())
    finally:
        loop.close()
        signal.signal(signal.SIGINT, before)
    assert cleaned_up.is_set()
    assert sent == FAILED


def test_a_coroutine_that_is_closed_finishes_its_result(backend, sent):
    async def asynchronous(**kwargs):
        await asyncio.sleep(0)  # where the coroutine itself may not be suspended any more

    signals.task_finished.connect(asynchronous)
    coroutine = backend.aenqueue(task(functions.suspended), (), {})
    coroutine.send(None)
    assert sent == RUN
    coroutine.close()
    signals.task_finished.disconnect(asynchronous)
    assert sent == FAILED


def test_whoever_awaits_a_task_does_not_go_on_when_closed(backend):
    went_on = []

    async def caller():
        await backend.aenqueue(task(functions.suspended), (), {})
        went_on.append(True)
        await functions.suspend()

    coroutine = caller()
    coroutine.send(None)
    coroutine.close()
    assert went_on == []


def test_a_failure_that_cannot_even_be_described_is_a_failure(monkeypatch, sent):
    def no_stack_left(error, function):
        raise RecursionError

    monkeypatch.setattr(lifecycle, "task_error", no_stack_left)
    result = task(functions.raise_exit).enqueue()
    assert result.errors[0].exception_class is RecursionError
    assert sent == FAILED


@pytest.mark.parametrize("name", ["task_enqueued", "task_started"])
@pytest.mark.parametrize("how", ["enqueue", "aenqueue", "submit"])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_receiver_that_raises_fails_the_result(backend, sent, name, how, is_async):
    ran = []
    results = []

    def body():
        ran.append(True)

    body.__qualname__ = "body"

    def receiver(task_result, **kwargs):
        results.append(task_result)
        raise LookupError("receiver")

    async def areceiver(task_result, **kwargs):
        receiver(task_result)

    chosen = areceiver if is_async else receiver
    sender = getattr(signals, name)
    sender.connect(chosen)
    try:
        if how == "submit" and name == "task_started":
            backend.submit(task(body), (), {})
            from tests.tasks.conditions import until

            until(lambda: len(sent) == 3)
        else:
            with pytest.raises(LookupError):
                if how == "enqueue":
                    task(body).enqueue()
                elif how == "aenqueue":
                    asyncio.run(task(body).aenqueue())
                else:
                    backend.submit(task(body), (), {})
    finally:
        sender.disconnect(chosen)
    assert sent[-1] == ("task_finished", "FAILED")
    assert results[0].errors[0].exception_class is LookupError
    assert ran == []


def test_deep_recursion_of_tasks_leaves_none_running(backend):
    results = []

    def keep(task_result, **kwargs):
        results.append(task_result)

    def recurse():
        return itself.enqueue().status

    recurse.__qualname__ = "recurse"
    itself = task(recurse)
    signals.task_enqueued.connect(keep)
    try:
        outermost = itself.enqueue()
    finally:
        signals.task_enqueued.disconnect(keep)
    assert len(results) > 50
    assert outermost.is_finished
    assert {str(result.status) for result in results} <= {"FAILED", "SUCCESSFUL"}
    assert all(bool(r.errors) == (r.status == "FAILED") for r in results)


@pytest.mark.parametrize("slack", range(40))
def test_a_stack_that_ends_anywhere_leaves_none_running(slack):
    limit = sys.getrecursionlimit()
    results = []

    def keep(task_result, **kwargs):
        results.append(task_result)

    def dig(depth):
        if depth:
            dig(depth - 1)
        else:
            task_itself.enqueue()

    task_itself = task(functions.recurse)
    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    signals.task_enqueued.connect(keep)
    try:
        dig(limit - depth - 2 - slack)
    except RecursionError:
        pass
    finally:
        signals.task_enqueued.disconnect(keep)
    assert all(result.status == "FAILED" and result.errors for result in results)


def test_the_exception_carries_a_value_that_json_cannot_hold():
    value = {"a": object()}
    seen = []

    def receiver(**kwargs):
        seen.append(sys.exception().unstored_value)

    def give():
        return value

    give.__qualname__ = "give"
    signals.task_finished.connect(receiver)
    task(give).enqueue()
    asyncio.run(task(give).aenqueue())
    signals.task_finished.disconnect(receiver)
    assert [one is value for one in seen] == [True, True]


def test_a_backend_can_be_configured_while_a_task_runs():
    def reconfigure():
        task_backends.configure(None)
        return 1

    reconfigure.__qualname__ = "reconfigure"
    assert task(reconfigure).enqueue().return_value == 1
