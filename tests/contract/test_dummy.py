"""DummyBackend: remembers, runs nothing, gives copies."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime

import pytest

from tests.contract import functions


def test_it_remembers_what_was_enqueued(framework, dummy, heard):
    task = framework.task(functions.add)
    result = task.enqueue(1, b=2)
    assert (result.status, result.args, result.kwargs) == ("READY", [1], {"b": 2})
    assert result.enqueued_at is not None
    assert result.started_at is result.finished_at is result.last_attempted_at is None
    assert (result.errors, result.worker_ids, result.backend) == ([], [], "default")
    assert result.task == task
    assert dummy.results == [result]
    assert heard == [("task_enqueued", "READY", type(dummy))]


def test_it_gives_copies(framework, dummy):
    result = framework.task(functions.noop).enqueue([1])
    result.args.append("changed")
    result.errors.append("changed")
    assert dummy.results[0].args == [[1]]
    assert dummy.results[0].errors == []
    assert dummy.results[0] is not result


def test_it_finds_results(framework, dummy):
    task = framework.task(functions.noop)
    result = task.enqueue()
    assert task.get_result(result.id) == result
    assert asyncio.run(task.aget_result(result.id)) == result
    assert dummy.get_result(result.id) is dummy.results[0]
    missing = framework.exception("TaskResultDoesNotExist")
    with pytest.raises(missing):
        task.get_result("123")
    with pytest.raises(missing):
        asyncio.run(dummy.aget_result("123"))


def test_a_result_of_another_task_is_a_mismatch(framework, dummy):
    result = framework.task(functions.noop).enqueue()
    message = "Task does not match (received 'tests.contract.functions.noop')"
    other = framework.task(functions.add)
    with pytest.raises(framework.exception("TaskResultMismatch")) as caught:
        other.get_result(result.id)
    assert str(caught.value) == message
    with pytest.raises(framework.exception("TaskResultMismatch")):
        asyncio.run(other.aget_result(result.id))


def test_a_result_is_refreshed_from_what_is_stored(framework, dummy):
    task = framework.task(functions.noop)
    for refresh in (lambda r: r.refresh(), lambda r: asyncio.run(r.arefresh())):
        result = task.enqueue()
        stored = dummy.get_result(result.id)
        status = framework.module("base").TaskResultStatus.SUCCESSFUL
        now = datetime.now(UTC)
        for name, value in (
            ("status", status),
            ("_return_value", [1]),
            ("worker_ids", ["w"]),
            ("finished_at", now),
            ("started_at", now),
        ):
            object.__setattr__(stored, name, value)
        assert result.status == "READY"
        refresh(result)
        assert (result.status, result.return_value) == ("SUCCESSFUL", [1])
        assert (result.attempts, result.finished_at, result.started_at) == (1, now, now)


def test_it_can_be_cleared(framework, dummy):
    framework.task(functions.noop).enqueue()
    dummy.clear()
    assert dummy.results == []


def test_it_takes_async_and_deferred_tasks_and_priorities(framework, dummy):
    later = datetime(2099, 1, 1, tzinfo=UTC)
    framework.task(functions.aecho).enqueue(1)
    framework.task(functions.noop).using(run_after=later, priority=50).enqueue()
    assert [result.task.name for result in dummy.results] == ["aecho", "noop"]
    assert dummy.results[1].task.run_after == later


def test_it_is_enqueued_to_asynchronously(framework, dummy, heard):
    result = asyncio.run(framework.task(functions.aecho).aenqueue(1))
    assert result.status == "READY"
    assert [name for name, *_ in heard] == ["task_enqueued"]


def test_arguments_are_checked_before_anything_is_stored(framework, dummy, heard):
    with pytest.raises(TypeError):
        framework.task(functions.noop).enqueue(object())
    assert dummy.results == []
    assert heard == []


def test_results_can_be_copied_deeply(framework, dummy, monkeypatch):
    task = framework.task(functions.noop)
    monkeypatch.setattr(functions, "noop", task)
    result = task.enqueue({"a": [1]})
    twin = copy.deepcopy(result)
    assert twin == result
    assert (twin.task is result.task) == bool(framework.differs("copies"))
    assert twin.args is not result.args
