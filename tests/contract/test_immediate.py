"""ImmediateBackend: the lifecycle, its signals and log records, normalisation, context."""

from __future__ import annotations

import asyncio
import collections
import logging
import threading
from types import MappingProxyType

import pytest

from tests.contract import functions

SUCCESS = [("task_enqueued", "READY"), ("task_started", "RUNNING"), ("task_finished", "SUCCESSFUL")]
FAILURE = [*SUCCESS[:2], ("task_finished", "FAILED")]


def enqueue(task, how, *args, **kwargs):
    if how == "enqueue":
        return task.enqueue(*args, **kwargs)
    return asyncio.run(task.aenqueue(*args, **kwargs))


@pytest.fixture(params=["enqueue", "aenqueue"])
def how(request):
    return request.param


@pytest.mark.parametrize("function", [functions.echo, functions.aecho])
def test_a_task_runs_to_its_end(framework, heard, how, function):
    backend = framework.module().task_backends["default"]
    task = framework.task(function)
    result = enqueue(task, how, "hello")
    assert (result.status, result.return_value) == ("SUCCESSFUL", "hello")
    assert (result.args, result.kwargs, result.errors) == (["hello"], {}, [])
    assert (result.task, result.backend, result.attempts) == (task, "default", 1)
    assert all(len(worker_id) == 32 for worker_id in result.worker_ids)
    assert [(name, status) for name, status, _ in heard] == SUCCESS
    assert {sender for *_, sender in heard} == {type(backend)}


@pytest.mark.parametrize("function", [functions.fail, functions.afail])
def test_a_failing_task_is_not_raised(framework, heard, how, function):
    result = enqueue(framework.task(function), how)
    assert result.status == "FAILED"
    assert result.finished_at >= result.started_at >= result.enqueued_at
    (error,) = result.errors
    assert error.exception_class is ValueError
    assert error.traceback.startswith("Traceback (most recent call last):\n")
    assert error.traceback.endswith("ValueError: no such luck\n")
    assert 'raise ValueError("no such luck")' in error.traceback
    assert [(name, status) for name, status, _ in heard] == FAILURE


def test_where_a_traceback_begins(framework):
    lines = framework.task(functions.fail).enqueue().errors[0].traceback.splitlines()
    begins_in_function = lines[1].endswith("in fail")
    assert begins_in_function == bool(framework.differs("tracebacks"))


def test_the_thread_of_a_receiver_of_aenqueue(framework):
    threads = []

    def receiver(**kwargs):
        threads.append(threading.current_thread())

    signal = framework.module("signals").task_started
    signal.connect(receiver)
    asyncio.run(framework.task(functions.aecho).aenqueue(1))
    signal.disconnect(receiver)
    assert (threads == [threading.main_thread()]) == bool(framework.differs("receiver threads"))


def test_chained_exceptions_are_told_in_full(framework):
    traceback = framework.task(functions.chained).enqueue().errors[0].traceback
    assert "KeyError: 'inner'" in traceback
    assert "The above exception was the direct cause of the following exception:" in traceback
    assert traceback.endswith("ValueError: outer\n")


def test_an_exit_is_a_failure(framework, how):
    result = enqueue(framework.task(functions.leave), how)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class is SystemExit


def test_an_interrupt_is_raised(framework, heard):
    with pytest.raises(KeyboardInterrupt):
        framework.task(functions.interrupted).enqueue()
    expected = FAILURE if framework.differs("interrupt") else SUCCESS[:2]
    assert [(name, status) for name, status, _ in heard] == expected


def test_a_value_that_json_cannot_hold_is_a_failure(framework, how):
    result = enqueue(framework.task(functions.returns_object), how)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class is TypeError
    assert "Unsupported type: <class 'object'>" in result.errors[0].traceback


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (1.5, 1.5),
        ("text", "text"),
        (b"bytes \xc3\xa9", "bytes é"),
        ([1, [2, (3,)]], [1, [2, [3]]]),
        ((1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        (collections.UserList([1]), [1]),
        ({"a": (1,)}, {"a": [1]}),
        ({1: "int", None: "none", (1, 2)[0]: "again"}, {1: "again", None: "none"}),
        ({b"k": 1}, {"k": 1}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": {"b": b"c"}}), {"a": {"b": "c"}}),
        (bytearray(b"ab"), [97, 98]),
        (float("inf"), float("inf")),
        ("\ud800", "\ud800"),
        (10**400, 10**400),
    ],
)
def test_arguments_and_values_are_normalised(framework, value, normal):
    result = framework.task(functions.echo).enqueue(value)
    assert result.return_value == normal
    assert type(result.return_value) is type(normal)
    assert result.args == [normal]
    assert framework.task(functions.noop).enqueue(a=value).kwargs == {"a": normal}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (object(), TypeError, "Unsupported type: <class 'object'>"),
        ({1, 2}, TypeError, "Unsupported type: <class 'set'>"),
        (iter([]), TypeError, "Unsupported type: <class 'list_iterator'>"),
        (1j, TypeError, "Unsupported type: <class 'complex'>"),
        (b"\xff", ValueError, "Unsupported value: <class 'bytes'>"),
        ([{"a": [object()]}], TypeError, "Unsupported type: <class 'object'>"),
        ({(1, 2): 1}, TypeError, None),
    ],
)
def test_arguments_that_json_cannot_hold_are_refused(framework, heard, value, error, message):
    for enqueue_it in (
        lambda task: task.enqueue(value),
        lambda task: task.enqueue(a=value),
        lambda task: asyncio.run(task.aenqueue(value)),
    ):
        with pytest.raises(error) as caught:
            enqueue_it(framework.task(functions.noop))
        if message is not None:
            assert str(caught.value) == message
    assert heard == []


def test_results_do_not_share_data_with_the_caller(framework):
    data = {"rows": [1, 2]}
    result = framework.task(functions.echo).enqueue(data)
    data["rows"].append(3)
    assert result.args == [{"rows": [1, 2]}]
    result.return_value["rows"].append(4)
    assert result.args == [{"rows": [1, 2]}]


def test_wrong_arguments_are_a_failure(framework, how):
    result = enqueue(framework.task(functions.add), how, 1)
    assert result.errors[0].exception_class is TypeError
    assert "missing 1 required positional argument: 'b'" in result.errors[0].traceback


def test_a_task_with_context_gets_it_first(framework, how):
    result = enqueue(framework.task(takes_context=True)(functions.with_context), how, 5)
    assert result.return_value == ["TaskContext", 1, result.id, 5]
    assert result.args == [5]


def test_an_async_task_with_context_gets_it_first(framework, how):
    task = framework.task(takes_context=True)(functions.awith_context)
    assert enqueue(task, how).return_value == 1


def test_transitions_are_logged(framework, caplog):
    caplog.set_level(logging.DEBUG, logger=framework.logger)
    result = framework.task(functions.noop).enqueue()
    prefix = f"Task id={result.id} path=tests.contract.functions.noop"
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        (framework.logger, "DEBUG", f"{prefix} enqueued backend=default"),
        (framework.logger, "INFO", f"{prefix} state=RUNNING"),
        (framework.logger, "INFO", f"{prefix} state=SUCCESSFUL"),
    ]
    assert all(record.exc_info is None for record in caplog.records)


def test_failures_are_logged_with_their_exception(framework, caplog):
    result = framework.task(functions.fail).enqueue()
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.name == framework.logger
    assert record.getMessage() == (
        f"Task id={result.id} path=tests.contract.functions.fail state=FAILED"
    )
    assert record.exc_info[0] is ValueError


def test_the_exception_is_being_handled_when_task_finished_is_sent(framework, how):
    import sys

    seen = []

    def receiver(**kwargs):
        seen.append(sys.exc_info()[0])

    signal = framework.module("signals").task_finished
    signal.connect(receiver)
    enqueue(framework.task(functions.fail), how)
    signal.disconnect(receiver)
    assert seen == [ValueError]


def test_receivers_get_the_signal_the_sender_and_the_very_result(framework):
    seen = []

    def receiver(**kwargs):
        seen.append(kwargs)

    signal = framework.module("signals").task_finished
    signal.connect(receiver)
    result = framework.task(functions.noop).enqueue()
    signal.disconnect(receiver)
    (kwargs,) = seen
    assert set(kwargs) == {"signal", "sender", "task_result"}
    assert kwargs["signal"] is signal
    assert kwargs["task_result"] is result


def test_what_a_receiver_raises_is_raised(framework, heard):
    for name, last in (("task_enqueued", "READY"), ("task_started", "RUNNING")):
        heard.clear()

        def receiver(**kwargs):
            raise LookupError("receiver")

        signal = getattr(framework.module("signals"), name)
        signal.connect(receiver)
        with pytest.raises(LookupError):
            framework.task(functions.noop).enqueue()
        signal.disconnect(receiver)
        if framework.differs("receivers"):
            assert heard[-1][:2] == ("task_finished", "FAILED")
        else:
            assert heard[-1][:2] == (name, last)


def test_what_a_receiver_of_task_finished_raises_leaves_the_outcome(framework):
    seen = []

    def receiver(task_result, **kwargs):
        seen.append(task_result)
        raise LookupError("receiver")

    signal = framework.module("signals").task_finished
    signal.connect(receiver)
    with pytest.raises(LookupError):
        framework.task(functions.noop).enqueue()
    signal.disconnect(receiver)
    assert seen[0].status == "SUCCESSFUL"


def test_a_task_may_enqueue_tasks(framework, heard):
    inner = framework.task(functions.echo)

    def outer_body(depth):
        return (
            outer_task.enqueue(depth - 1).return_value if depth else inner.enqueue(1).return_value
        )

    outer_body.__qualname__ = "outer_body"
    outer_task = framework.task(outer_body)
    assert outer_task.enqueue(2).return_value == 1
    assert len(heard) == 12


def test_an_async_task_is_enqueued_while_a_loop_runs(framework):
    async def main():
        return framework.task(functions.aecho).enqueue(1)

    result = asyncio.run(main())
    assert result.status == ("SUCCESSFUL" if framework.differs("loop") else "FAILED")
