"""The fast path of ImmediateBackend.enqueue does what its plain way, the driver, does."""

from __future__ import annotations

import logging
import re
import sys

import pytest

from immediate_tasks_ipy.tasks import signals, task
from immediate_tasks_ipy.tasks.backends.execution import Execution, running_result
from immediate_tasks_ipy.tasks.lifecycle import new_result
from tests.tasks import functions

NAMES = ("task_enqueued", "task_started", "task_finished")


def echo_all(*args, **kwargs):
    return [args, kwargs]


def interrupts_itself():
    raise KeyboardInterrupt("stop")


def gives(value):
    def give():
        return value

    give.__qualname__ = "give"
    return give


#: Functions with their arguments: success, failure, interrupt, and values that JSON lacks.
CASES = {
    "returns nothing": (functions.noop, (), {}),
    "returns data": (echo_all, (1, [2, {"a": None}]), {"b": "c"}),
    "changes arguments": (echo_all, ((1, 2), b"x"), {"k": {3: (4,)}}),
    "changes its value": (gives({"a": (1,), 2: b"y"}), (), {}),
    "returns what JSON cannot hold": (gives({"a": object()}), (), {}),
    "returns what is not UTF-8": (gives(b"\xff"), (), {}),
    "returns what raises": (functions.returns_hostile, (), {}),
    "raises": (functions.chains, (), {}),
    "raises a group": (functions.raise_group, (), {}),
    "raises a hostile error": (functions.raise_hostile, (), {}),
    "raises StopIteration": (functions.raise_stop_iteration, (), {}),
    "raises CancelledError": (functions.raise_cancelled, (), {}),
    "raises GeneratorExit": (functions.raise_generator_exit, (), {}),
    "exits": (functions.raise_exit, (), {}),
    "is interrupted": (interrupts_itself, (), {}),
    "overflows the stack": (functions.recurse, (), {}),
    "misses an argument": (functions.echo, (), {}),
}


def fast(backend, the_task, args, kwargs):
    return backend.enqueue(the_task, args, kwargs)


def plain(backend, the_task, args, kwargs):
    backend.validate_task(the_task)
    result = new_result(the_task, backend.alias, args, kwargs)
    backend._driver.run(Execution(result, backend._executions))
    return result


def no_depth(error):
    """Return the traceback; how deep the stack was before the task is none of its facts."""
    return re.sub(r"repeated \d+ more times", "repeated", error.traceback)


def facts(result):
    """Return all that a result says; of its times only which of them there are."""
    times = (result.enqueued_at, result.started_at, result.last_attempted_at, result.finished_at)
    known = [time for time in times if time is not None]
    assert known == sorted(known)
    assert result.started_at == result.last_attempted_at
    return {
        "status": result.status,
        "type": type(result),
        "arguments": (result.args, result.kwargs),
        "value": result._return_value,
        "changes": result._changes,
        "abandoned": result._abandoned,
        "backend": result.backend,
        "worker_ids": result.worker_ids,
        "errors": [(error.exception_class_path, no_depth(error)) for error in result.errors],
        "times": [time is not None for time in times],
    }


def observe(way, backend, the_task, args, kwargs):
    """Return what one way does: signals in order, log records, the result, what is raised."""
    sent, results, receivers = [], [], []
    for name in NAMES:

        def receiver(sender, task_result, name=name, **rest):
            results.append(task_result)
            error = sys.exception()
            unstored = repr(getattr(error, "unstored_value", None)).partition(" at ")[0]
            running = running_result.get()
            sent.append(
                (name, sender, facts(task_result), type(error), unstored, running, sorted(rest))
            )

        receivers.append((getattr(signals, name), receiver))
        getattr(signals, name).connect(receiver)
    raised = None
    try:
        returned = facts(way(backend, the_task, args, kwargs))
    except BaseException as error:
        returned, raised = None, (type(error), str(error))
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver)
    assert running_result.get() is None
    return {
        "sent": sent,
        "results": len(set(map(id, results))),
        "returned": returned,
        "final": facts(results[-1]) if results else None,
        "raised": raised,
    }


@pytest.mark.parametrize("level", ["WARNING", "INFO", "DEBUG"])
@pytest.mark.parametrize("case", CASES)
def test_both_ways_do_the_same(backend, caplog, case, level):
    function, args, kwargs = CASES[case]
    the_task = task(function)
    seen = []
    for way in (fast, plain):
        caplog.clear()
        with caplog.at_level(level, "immediate_tasks_ipy"):
            observed = observe(way, backend, the_task, args, kwargs)
        observed["log"] = [
            (one.levelno, one.msg, one.args[1:], one.exc_info and one.exc_info[0])
            for one in caplog.records
        ]
        seen.append(observed)
    assert seen[0] == seen[1]
    assert seen[0]["sent"]


@pytest.mark.parametrize("case", CASES)
def test_both_ways_do_the_same_without_receivers(backend, case):
    function, args, kwargs = CASES[case]
    outcomes = []
    for way in (fast, plain):
        try:
            outcomes.append(facts(way(backend, task(function), args, kwargs)))
        except KeyboardInterrupt as error:
            outcomes.append(repr(error))
    assert outcomes[0] == outcomes[1]


def test_both_ways_do_the_same_with_a_context(backend):
    def body(context, number):
        return [context.task_result.status, context.attempt, number]

    body.__qualname__ = "body"
    the_task = task(takes_context=True)(body)
    first, second = (observe(way, backend, the_task, (7,), {}) for way in (fast, plain))
    assert first == second
    assert first["returned"]["value"] == ["RUNNING", 1, 7]


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("function", [functions.noop, functions.raise_exit])
def test_both_ways_do_the_same_when_a_receiver_raises(backend, name, error, function):
    def receiver(**kwargs):
        raise error("receiver")

    getattr(signals, name).connect(receiver)
    try:
        first, second = (observe(way, backend, task(function), (), {}) for way in (fast, plain))
    finally:
        getattr(signals, name).disconnect(receiver)
    assert first == second
    if error is LookupError:
        assert first["raised"] == (error, "receiver")


@pytest.mark.parametrize("arguments", [((object(),), {}), ((), {"a": object()})])
def test_both_ways_refuse_the_same_arguments(backend, arguments):
    first, second = (
        observe(way, backend, task(functions.echo), *arguments) for way in (fast, plain)
    )
    assert first == second
    assert first["raised"][0] is TypeError
    assert first["sent"] == []


def test_nothing_is_left_registered(backend):
    plain(backend, task(functions.noop), (), {})
    fast(backend, task(functions.noop), (), {})
    assert backend._executions == {}
    assert logging.getLogger("immediate_tasks_ipy.tasks").level == logging.NOTSET
