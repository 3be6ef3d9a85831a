"""The Dask backend on an embedded cluster of two worker processes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from distributed import Client

from immediate_tasks_ipy.tasks import TaskContext, task
from immediate_tasks_ipy.tasks.backends.dask import dispatcher_thread
from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.base import Task
from immediate_tasks_ipy.tasks.exceptions import (
    InvalidTask,
    TaskNotCancellable,
    TaskResultDoesNotExist,
)
from immediate_tasks_ipy.tasks.signals import (
    task_enqueued,
    task_finished,
    task_output,
    task_started,
)
from tests.tasks.dask.cells import cell, finished, hold, running, until

pytestmark = pytest.mark.usefixtures("backend")


def dask_task(function, **options):
    return Task(func=function, backend="dask", **options)


def run(function, *args, **kwargs):
    result = dask_task(function).enqueue(*args, **kwargs)
    finished(result)
    return result


def add(left, right):
    return left + right


async def add_later(left, right):
    await asyncio.sleep(0)
    return left + right


# -- outcomes ----------------------------------------------------------------


def test_a_task_is_ready_at_once_and_successful_in_the_end():
    result = dask_task(add).enqueue(2, right=3)
    assert result.status in {"READY", "RUNNING"}
    finished(result)
    assert result.status == "SUCCESSFUL"
    assert result.return_value == 5
    assert result.attempts == 1
    assert result.worker_ids[0].startswith("tcp://127.0.0.1:")
    assert result.enqueued_at <= result.started_at <= result.finished_at


def test_an_async_function_runs_on_a_worker():
    assert run(add_later, 2, 3).return_value == 5


async def test_aenqueue_returns_without_waiting(tmp_path):
    result = await dask_task(hold).aenqueue(str(tmp_path / "gate"))
    assert not result.is_finished
    (tmp_path / "gate").touch()
    finished(result)


def test_the_signals_tell_the_states_in_order(transitions):
    run(add, 2, 3)
    assert transitions == [("add", "READY"), ("add", "RUNNING"), ("add", "SUCCESSFUL")]


def test_a_running_task_shows_its_worker_before_it_ends(tmp_path):
    result = dask_task(hold).enqueue(str(tmp_path / "gate"))
    running(result)
    assert len(result.worker_ids) == 1
    assert result.started_at is not None
    assert result.finished_at is None
    (tmp_path / "gate").touch()
    finished(result)


def test_arguments_and_return_value_are_normalised_and_the_changes_told():
    result = run(lambda_free_pair, (1, 2))
    assert result.args == [[1, 2]]
    assert result.return_value == [[1, 2], "text"]
    changed = {change.path[0] for change in result._changes}
    assert changed == {"args", "return_value"}


def lambda_free_pair(value):
    return (value, b"text")


def test_a_return_value_that_json_cannot_hold_fails_the_task_and_can_be_rescued():
    kept = []

    def keep(task_result, **_):
        import sys

        kept.append(sys.exception())

    task_finished.connect(keep)
    result = run(numbers)
    assert result.status == "FAILED"
    assert result.errors[0].traceback.startswith("TypeError: Unsupported type: <class 'set'>\n")
    assert kept[0].unstored_value == {1, 2}


def numbers():
    return {1, 2}


def test_a_large_result_arrives_whole():
    assert run(repeat, "x", 3_000_000).return_value == "x" * 3_000_000


def repeat(text, times):
    return text * times


def test_a_result_nested_too_deeply_to_travel_fails_the_task():
    result = run(nested, 5_000)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class is RecursionError


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_arguments_nested_too_deeply_fail_their_task_and_no_other(monkeypatch):
    def refuse(job, **extra):
        if job.result.args == ["refused"]:
            raise RecursionError
        return payload(job, **extra)

    payload = Job.payload
    monkeypatch.setattr(Job, "payload", refuse)
    results = [dask_task(repeat).enqueue("x", 1), dask_task(nested).enqueue("refused")]
    results.append(dask_task(repeat).enqueue("y", 2))
    finished(*results)
    assert [str(r.status) for r in results] == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    assert results[1].errors[0].exception_class is RecursionError


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_whatever_a_task_raises_is_its_failure_and_the_worker_lives_on(name):
    result = run(raise_builtin, name)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class_path == f"builtins.{name}"
    assert run(add, 1, 1).return_value == 2


def raise_builtin(name):
    import builtins

    raise getattr(builtins, name)


# -- cells ---------------------------------------------------------------------


def test_a_function_of_a_cell_travels_with_the_variables_it_uses():
    namespace = cell(
        """
        def scaled(x):
            return scale(x) + offset
        def scale(x):
            return x * factor
        """,
        factor=10,
        offset=1,
    )
    assert run(namespace["scaled"], 4).return_value == 41
    namespace["factor"] = 100
    assert run(namespace["scaled"], 4).return_value == 401


def test_a_failure_shows_the_lines_of_the_cell():
    namespace = cell(
        """
        def outer(data):
            return inner(data)

        def inner(data):
            return data["missing"]  # look here
        """
    )
    text = run(namespace["outer"], {}).errors[0].traceback
    assert text.startswith('Traceback (most recent call last):\n  File "/tmp/ipykernel_1/')
    assert "in outer\n    return inner(data)\n" in text
    assert '    return data["missing"]  # look here\n           ~~~~^^^^^^^^^^^\n' in text
    assert text.endswith("KeyError: 'missing'\n")


def test_an_exception_class_of_a_cell_arrives_as_that_class():
    raised = []

    def keep(task_result, **_):
        import sys

        raised.append(sys.exception())

    namespace = cell(
        """
        class Refused(Exception):
            pass

        def refuse():
            raise Refused("no")
        """
    )
    task_finished.connect(keep)
    result = run(namespace["refuse"])
    assert result.errors[0].exception_class_path == "__main__.Refused"
    assert type(raised[0]) is namespace["Refused"]
    assert raised[0].__traceback__.tb_frame.f_code.co_name == "refuse"


def test_a_variable_that_cannot_be_pickled_is_refused_by_name_before_anything_is_sent(transitions):
    namespace = cell(
        """
        def locked(x):
            return helper(x)
        def helper(x):
            with lock:
                return x
        """,
        lock=threading.Lock(),
    )
    with pytest.raises(
        InvalidTask, match=r"'locked' .* variable 'lock' can't be pickled .*_thread"
    ):
        dask_task(namespace["locked"]).enqueue(1)
    assert transitions == []


def test_a_cell_function_gives_its_portable_form():
    namespace = cell("def body():\n    raise RuntimeError('only in the notebook')")
    namespace["body"].portable = lambda: cell("def body():\n    return 'portable'")["body"]
    assert run(namespace["body"]).return_value == "portable"


def test_a_large_variable_is_sent_once_for_many_tasks():
    namespace = cell("def pick(i):\n    return table[i]", table=list(range(100_000)))
    task_ = dask_task(namespace["pick"])
    results = [task_.enqueue(i) for i in range(20)]
    finished(*results)
    assert [r.return_value for r in results] == list(range(20))


# -- context and output ----------------------------------------------------------


def described(context: TaskContext, word):
    return [context.attempt, context.task_result.id, context.task_result.args, word]


def test_whoever_copies_data_to_all_workers_does_not_end_our_connection(tmp_path, backend):
    gate = tmp_path / "gate"
    held = dask_task(hold).enqueue(str(gate))
    running(held)
    with Client(backend.client.scheduler.address, set_as_default=False) as other:
        other.scatter(b"data", broadcast=True)
    assert backend.client.scatter(b"more", broadcast=True).status == "finished"
    gate.touch()
    finished(held)
    assert (held.status, held.attempts) == ("SUCCESSFUL", 1)


def test_a_task_gets_its_context():
    result = dask_task(described, takes_context=True).enqueue("hello")
    finished(result)
    assert result.return_value == [1, result.id, ["hello"], "hello"]


def timed(context):
    result = context.task_result
    waited = result.started_at - result.enqueued_at
    return [result.task.name, result.status, waited.total_seconds() < 600, result.finished_at]


def test_the_context_tells_of_the_task_and_its_times():
    result = dask_task(timed, takes_context=True).enqueue()
    finished(result)
    assert result.return_value == ["timed", "RUNNING", True, None]


def test_a_context_annotation_in_a_cell_does_not_need_the_package_on_the_worker():
    namespace = cell(
        "def attempt(context: TaskContext):\n    return context.attempt", TaskContext=TaskContext
    )
    result = dask_task(namespace["attempt"], takes_context=True).enqueue()
    finished(result)
    assert result.return_value == 1


def speak(word):
    import sys
    import warnings

    print("said", word)
    print("whispered", word, file=sys.stderr)
    logging.getLogger("speaker").warning("logged %s", word)
    warnings.warn("warned", stacklevel=1)


def test_what_a_task_writes_comes_back_with_it_before_its_end():
    written = {}

    def receive(task_result, text, **_):
        assert not task_result.is_finished
        written[task_result.id] = text

    task_output.connect(receive)
    results = [dask_task(speak).enqueue(word) for word in ("one", "two")]
    finished(*results)
    for result, word in zip(results, ("one", "two"), strict=True):
        text = written[result.id]
        assert text.startswith(f"said {word}\nwhispered {word}\nlogged {word}\n")
        assert "UserWarning: warned" in text


def test_a_receiver_of_output_that_raises_does_not_stop_the_tasks(caplog):
    def fail(**_):
        raise ZeroDivisionError

    task_output.connect(fail)
    assert run(speak, "x").status == "SUCCESSFUL"
    task_output.disconnect(fail)
    assert "ZeroDivisionError" in caplog.text


def test_the_output_of_a_plain_enqueue_arrives_in_the_history(recorder):
    result = dask_task(speak).enqueue("one")
    finished(result)
    assert recorder.entry_of(result).output.startswith("said one\nwhispered one\n")


# -- order -------------------------------------------------------------------------


def test_the_scheduler_knows_the_priorities(tmp_path, backend):
    def priorities(dask_scheduler):
        return {key: ts.priority[0] for key, ts in dask_scheduler.tasks.items()}

    result = dask_task(hold, priority=7).enqueue(str(tmp_path / "gate"))
    running(result)
    known = backend.client.run_on_scheduler(priorities)
    (tmp_path / "gate").touch()
    # In Dask's own order, in which the smallest goes first.
    assert known[f"hold-{result.id}"] == -7


def test_of_those_that_wait_to_be_sent_a_higher_priority_goes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(dispatcher_thread, "IN_FLIGHT_LIMIT", 1)
    monkeypatch.setattr(dispatcher_thread, "PER_THREAD", 0)
    held = dask_task(hold).enqueue(str(tmp_path / "gate"))
    running(held)
    low = [dask_task(add, priority=-10).enqueue(i, 0) for i in range(5)]
    high = [dask_task(add, priority=10).enqueue(i, 0) for i in range(5)]
    (tmp_path / "gate").touch()
    finished(held, *low, *high)
    assert max(r.finished_at for r in high) <= min(r.started_at for r in low)
    assert sorted(high, key=lambda r: r.started_at) == high


def test_many_tasks_are_sent_a_bounded_number_at_a_time(monkeypatch, backend):
    monkeypatch.setattr(dispatcher_thread, "IN_FLIGHT_LIMIT", 20)
    most = 0

    def look(**_):
        nonlocal most
        most = max(most, backend.engine.in_flight)

    task_started.connect(look)
    results = [dask_task(add).enqueue(i, 0) for i in range(200)]
    finished(*results)
    assert [r.return_value for r in results] == list(range(200))
    assert 0 < most <= 20


def test_tasks_are_enqueued_from_many_threads():
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda i: dask_task(add).enqueue(i, 1), range(64)))
    finished(*results)
    assert [r.return_value for r in results] == list(range(1, 65))


# -- cancelling -----------------------------------------------------------------------


def test_a_running_task_is_abandoned_and_its_late_outcome_is_dropped(tmp_path, backend):
    result = dask_task(hold).enqueue(str(tmp_path / "gate"))
    running(result)
    backend.cancel(result)
    assert result.status == "FAILED"
    assert result._abandoned
    assert result.errors[0].exception_class is asyncio.CancelledError
    (tmp_path / "gate").touch()
    until((tmp_path / "gate.ended").exists)
    run(add, 1, 1)
    assert result.status == "FAILED"
    assert len(result.errors) == 1


def test_an_outcome_that_arrives_while_a_task_is_cancelled_is_dropped(tmp_path, backend):
    result = dask_task(hold).enqueue(str(tmp_path / "gate"))
    running(result)
    job = backend.engine._flights._sent[result.id].job
    backend.cancel(result)
    backend.finished(job, {"value": "late", "changes": [], "seconds": 1.0})
    backend.started(job, "tcp://late", 0.0)
    assert result.status == "FAILED"
    assert result.attempts == 1
    (tmp_path / "gate").touch()


def test_a_queued_task_is_removed(tmp_path, backend):
    gates = [tmp_path / "first", tmp_path / "second"]
    held = [dask_task(hold).enqueue(str(gate)) for gate in gates]
    for result in held:
        running(result)
    queued = dask_task(hold).enqueue(str(tmp_path / "never"))
    until(lambda: is_known(backend, queued), "the task to reach the cluster")
    backend.cancel(queued)
    assert queued.status == "FAILED"
    assert not queued._abandoned
    until(lambda: not is_known(backend, queued), "the task to leave the cluster")
    for gate in gates:
        gate.touch()
    finished(*held)
    # One task each for both workers: what was queued would have gone first.
    finished(*[dask_task(add).enqueue(i, i) for i in range(8)])
    assert not (tmp_path / "never.begun").exists()


def is_known(backend, result):
    """Whether the scheduler or a worker knows the task."""

    def scheduled(dask_scheduler):
        return list(dask_scheduler.tasks)

    def assigned(dask_worker):
        return list(dask_worker.state.tasks)

    known = [backend.client.run_on_scheduler(scheduled), *backend.client.run(assigned).values()]
    return any(f"hold-{result.id}" in keys for keys in known)


def test_the_error_of_a_timeout_takes_the_place_of_the_cancellation(tmp_path, backend):
    result = dask_task(hold).enqueue(str(tmp_path / "gate"))
    running(result)
    backend.cancel(result, error=TimeoutError("after 1 s"))
    assert result.errors[0].exception_class is TimeoutError
    (tmp_path / "gate").touch()


def test_a_finished_task_cannot_be_cancelled(backend):
    result = run(add, 1, 2)
    with pytest.raises(TaskNotCancellable, match="finished already"):
        backend.cancel(result)
    assert result.status == "SUCCESSFUL"


# -- receivers that raise ----------------------------------------------------------------


def test_a_receiver_of_task_enqueued_that_raises_fails_the_task_and_is_re_raised(transitions):
    def refuse(**_):
        raise ZeroDivisionError

    task_enqueued.connect(refuse)
    with pytest.raises(ZeroDivisionError):
        dask_task(add).enqueue(1, 2)
    task_enqueued.disconnect(refuse)
    assert transitions == [("add", "READY"), ("add", "FAILED")]


def test_a_receiver_of_task_started_that_raises_fails_the_task(caplog):
    def refuse(**_):
        raise ZeroDivisionError

    task_started.connect(refuse)
    result = run(add, 1, 2)
    assert result.errors[0].exception_class is ZeroDivisionError
    task_started.disconnect(refuse)
    assert run(add, 1, 2).status == "SUCCESSFUL"


# -- the rest of the contract ---------------------------------------------------------------


def test_results_are_found_by_id(backend):
    result = run(add, 1, 2)
    assert backend.get_result(result.id) is result
    result.refresh()
    assert result.return_value == 3
    with pytest.raises(TaskResultDoesNotExist):
        backend.get_result("unknown")


def test_run_after_is_refused():
    with pytest.raises(InvalidTask, match="does not support run_after"):
        dask_task(add).using(run_after=datetime.now(UTC) + timedelta(days=1))


def test_a_decorated_function_keeps_its_backend():
    namespace = cell(
        "@task(backend='dask', priority=3)\ndef double(x):\n    return 2 * x", task=task
    )
    result = namespace["double"].enqueue(4)
    finished(result)
    assert result.return_value == 8


# -- workers that die --------------------------------------------------------------------------


def test_a_task_whose_workers_keep_dying_fails_with_the_reason(tmp_path, transitions):
    result = dask_task(hold_by_process).enqueue(str(tmp_path))
    killed = set()
    while not result.is_finished:
        attempts = len(killed) + 1
        until(lambda: result.is_finished or len(result.worker_ids) == attempts)  # noqa: B023
        for path in set(tmp_path.iterdir()) - killed:
            killed.add(path)
            os.kill(int(path.name), signal.SIGKILL)
        time.sleep(0.01)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class_path.endswith("KilledWorker")
    assert result.attempts == len(killed) == 4
    assert transitions.count(("hold_by_process", "RUNNING")) == 4
    assert run(add, 1, 1).return_value == 2


def hold_by_process(folder):
    Path(folder, str(os.getpid())).touch()
    threading.Event().wait(60)
