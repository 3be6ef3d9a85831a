"""A task that fails is tried again, in the same result, as often as its policy says."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from immediate_tasks_ipy.tasks import signals, task
from immediate_tasks_ipy.tasks.backends.retries import (
    LONGEST_PAUSE,
    RetryPolicy,
    offered,
    take_policy,
)
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable
from tests.support.services import PATIENCE

AT_ONCE = RetryPolicy(3, backoff=0)
WAYS = ("enqueue", "aenqueue", "submit")


class Flaky:
    """Fails so many times, with an error; then returns how often it was called."""

    def __init__(self, failures, error=None):
        self.failures = failures
        self.error = error or ConnectionError("no answer")
        self.calls = 0

    def attempt(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return self.calls


def made(flaky, *, asynchronous, takes_context=False):
    def attempt():
        return flaky.attempt()

    async def aattempt():
        await asyncio.sleep(0)
        return flaky.attempt()

    function = aattempt if asynchronous else attempt
    function.__qualname__ = function.__name__
    return task(function)


async def enqueued(backend, way, the_task, policy=AT_ONCE):
    """Return the finished result of a task that was enqueued in one of the ways."""
    with offered(policy):
        if way == "enqueue":
            return backend.enqueue(the_task, [], {})
        if way == "aenqueue":
            return await backend.aenqueue(the_task, [], {})
        result = backend.submit(the_task, [], {}, loop=asyncio.get_running_loop())
    async with asyncio.timeout(PATIENCE):
        while not result.is_finished:
            await asyncio.sleep(0.001)
    return result


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_a_task_that_succeeds_at_last_is_successful(backend, way, asynchronous):
    flaky = Flaky(2)
    result = await enqueued(backend, way, made(flaky, asynchronous=asynchronous))
    assert (result.status, result.return_value) == ("SUCCESSFUL", 3)
    assert result.attempts == 3
    assert result.worker_ids == [backend.worker_id] * 3
    assert [e.exception_class_path for e in result.errors] == ["builtins.ConnectionError"] * 2
    assert "no answer" in result.errors[0].traceback
    assert result.started_at <= result.last_attempted_at <= result.finished_at


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_a_task_that_never_succeeds_has_every_attempts_error(backend, way, asynchronous):
    flaky = Flaky(99)
    result = await enqueued(backend, way, made(flaky, asynchronous=asynchronous))
    assert result.status == "FAILED"
    assert (flaky.calls, result.attempts, len(result.errors)) == (4, 4, 4)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_the_signals_of_every_attempt_are_sent(backend, way, asynchronous):
    seen = []
    names = ("task_enqueued", "task_started", "task_released", "task_finished")
    for name in names:

        def receiver(task_result, name=name, **_):
            seen.append((name, str(task_result.status)))

        getattr(signals, name).connect(receiver, weak=False, dispatch_uid=f"test {name}")
    try:
        await enqueued(backend, way, made(Flaky(1), asynchronous=asynchronous))
    finally:
        for name in names:
            getattr(signals, name).disconnect(dispatch_uid=f"test {name}")
    assert seen == [
        ("task_enqueued", "READY"),
        ("task_started", "RUNNING"),
        ("task_released", "READY"),
        ("task_started", "RUNNING"),
        ("task_finished", "SUCCESSFUL"),
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError()])
async def test_only_an_exception_is_tried_again(backend, error):
    flaky = Flaky(1, error)
    the_task = made(flaky, asynchronous=False)
    with offered(AT_ONCE):
        try:
            backend.enqueue(the_task, [], {})
        except KeyboardInterrupt:
            assert isinstance(error, KeyboardInterrupt)
    assert flaky.calls == 1


async def test_a_value_that_cannot_be_stored_is_not_tried_again(backend):
    calls = []

    def give():
        calls.append(True)
        return object()

    give.__qualname__ = "give"
    result = await enqueued(backend, "enqueue", task(give))
    assert result.status == "FAILED"
    assert len(calls) == 1


async def test_tasks_that_the_task_enqueues_are_not_tried_again(backend):
    inner = Flaky(1)
    inner_task = made(inner, asynchronous=False)
    statuses = []

    def outer():
        statuses.append(str(backend.enqueue(inner_task, [], {}).status))
        if len(statuses) == 1:
            raise ConnectionError

    outer.__qualname__ = "outer"
    result = await enqueued(backend, "enqueue", task(outer))
    assert result.attempts == 2
    assert statuses == ["FAILED", "SUCCESSFUL"]


async def test_a_context_knows_its_attempt(backend):
    seen = []

    def note(context):
        seen.append(context.attempt)
        raise LookupError

    note.__qualname__ = "note"
    await enqueued(backend, "enqueue", task(takes_context=True)(note))
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_task_can_be_cancelled_while_it_pauses(backend, asynchronous):
    released = threading.Event()

    def receiver(**_):
        released.set()

    signals.task_released.connect(receiver, weak=False, dispatch_uid="test")
    flaky = Flaky(9)
    try:
        with offered(RetryPolicy(3, backoff=LONGEST_PAUSE)):
            result = backend.submit(
                made(flaky, asynchronous=asynchronous), [], {}, loop=asyncio.get_running_loop()
            )
        async with asyncio.timeout(PATIENCE):
            while not released.is_set() or result.status != "READY":
                await asyncio.sleep(0.001)
        backend.cancel(result)
        async with asyncio.timeout(PATIENCE):
            while backend._executions or len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.001)
    finally:
        signals.task_released.disconnect(dispatch_uid="test")
    assert result.status == "FAILED"
    assert [e.exception_class.__name__ for e in result.errors] == [
        "ConnectionError",
        "CancelledError",
    ]
    assert flaky.calls == 1
    with pytest.raises(TaskNotCancellable):
        backend.cancel(result)


async def test_a_caller_that_is_cancelled_ends_the_pause(backend):
    with offered(RetryPolicy(3, backoff=LONGEST_PAUSE)):
        asyncio_task = asyncio.create_task(
            backend.aenqueue(made(Flaky(9), asynchronous=True), [], {})
        )
    [execution] = await _executions(backend)
    async with asyncio.timeout(PATIENCE):
        while execution.end_pause is None:
            await asyncio.sleep(0.001)
    asyncio_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio_task
    assert execution.result.status == "FAILED"
    assert execution.result.errors[-1].exception_class is asyncio.CancelledError
    assert backend._executions == {}


async def _executions(backend):
    async with asyncio.timeout(PATIENCE):
        while not backend._executions:
            await asyncio.sleep(0)
    return list(backend._executions.values())


def test_an_interrupt_ends_the_pause_of_a_task_in_place(backend, monkeypatch):
    from immediate_tasks_ipy.tasks.backends import attempts

    def interrupted(*_):
        raise KeyboardInterrupt

    results = []
    signals.task_finished.connect(
        lambda task_result, **_: results.append(task_result), weak=False, dispatch_uid="test"
    )
    monkeypatch.setattr(attempts, "_is_due", interrupted)
    try:
        with offered(AT_ONCE), pytest.raises(KeyboardInterrupt):
            backend.enqueue(made(Flaky(9), asynchronous=False), [], {})
    finally:
        signals.task_finished.disconnect(dispatch_uid="test")
    [result] = results
    assert result.status == "FAILED"
    assert result.errors[-1].exception_class is KeyboardInterrupt


def test_every_transition_is_logged(backend, caplog):
    with caplog.at_level("INFO", "immediate_tasks_ipy"), offered(AT_ONCE):
        backend.enqueue(made(Flaky(1), asynchronous=False), [], {})
    states = [one.args[-1] for one in caplog.records if one.levelno == logging.INFO]
    assert states == ["RUNNING", "READY", "RUNNING", "SUCCESSFUL"]
    assert caplog.records[1].exc_info[0] is ConnectionError


def test_pauses_double_and_vary_by_a_half():
    policy = RetryPolicy(4, backoff=2)
    pauses = [policy.pause(attempts) for attempts in range(1, 6)]
    assert pauses.pop() is None
    assert all(full / 2 <= pause <= full for full, pause in zip([2, 4, 8, 16], pauses, strict=True))
    assert RetryPolicy(10**6, backoff=1).pause(10**5) <= LONGEST_PAUSE
    assert RetryPolicy(1, backoff=0).pause(1) == 0


def test_an_offer_is_for_one_task():
    assert take_policy() is None
    with offered(AT_ONCE):
        assert take_policy() is AT_ONCE
        assert take_policy() is None
