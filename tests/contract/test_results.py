"""Results: their fields, values, errors and copies; what a backend does not keep."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract import functions

FIELDS = {
    "task",
    "id",
    "status",
    "enqueued_at",
    "started_at",
    "finished_at",
    "last_attempted_at",
    "args",
    "kwargs",
    "backend",
    "errors",
    "worker_ids",
    "_return_value",
}


def result_of(framework, **changes):
    base = framework.module("base")
    values = dict.fromkeys(FIELDS - {"_return_value"})
    values |= {
        "task": framework.task(functions.noop),
        "id": "a" * 32,
        "status": base.TaskResultStatus.READY,
        "args": [],
        "kwargs": {},
        "backend": "default",
        "errors": [],
        "worker_ids": [],
    }
    return base.TaskResult(**(values | changes))


def test_results_have_the_fields_of_django(framework):
    result = framework.task(functions.noop).enqueue()
    assert {field.name for field in dataclasses.fields(result)} == FIELDS
    assert set(dataclasses.asdict(result)) == FIELDS
    for name in FIELDS:
        assert f"{name}=" in repr(result)
    assert "_abandoned" not in repr(result)
    assert "_changes" not in repr(result)


def test_results_are_frozen_and_unhashable(framework):
    result = framework.task(functions.noop).enqueue()
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.status = "READY"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del result.status
    with pytest.raises(TypeError):
        hash(result)


def test_results_are_equal_by_their_fields(framework):
    result = framework.task(functions.noop).enqueue()
    assert result == copy.copy(result)
    assert result != framework.task(functions.noop).enqueue()
    assert result_of(framework) == result_of(framework)
    assert result_of(framework) != result_of(framework, id="b" * 32)


def test_results_made_by_hand_are_normalised(framework):
    result = result_of(framework, args=(1, (2, b"3")), kwargs={"a": ("b",)})
    assert result.args == [1, [2, "3"]]
    assert result.kwargs == {"a": ["b"]}
    with pytest.raises(TypeError):
        result_of(framework, args=[object()])


def test_a_result_that_has_not_finished_has_no_value(framework, dummy):
    result = framework.task(functions.noop).enqueue()
    assert not result.is_finished
    assert result.attempts == 0
    with pytest.raises(ValueError) as caught:
        _ = result.return_value
    assert str(caught.value) == "Task has not finished yet"


def test_a_failed_result_has_no_value(framework):
    result = framework.task(functions.fail).enqueue()
    assert result.is_finished
    assert result.status == "FAILED"
    with pytest.raises(ValueError) as caught:
        _ = result.return_value
    assert str(caught.value) == "Task failed"


def test_ids_are_32_characters_and_unique(framework, backend):
    task = framework.task(functions.noop)
    ids = {task.enqueue().id for _ in range(600)}
    assert len(ids) == 600
    assert {len(identifier) for identifier in ids} == {32}


def test_times_are_aware_and_in_order(framework):
    before = datetime.now(UTC)
    result = framework.task(functions.noop).enqueue()
    after = datetime.now(UTC)
    times = [before, result.enqueued_at, result.started_at, result.finished_at, after]
    assert times == sorted(times)
    assert all(time.utcoffset() == timedelta(0) for time in times)
    assert result.last_attempted_at == result.started_at


def test_errors_know_the_class_of_their_exception(framework):
    error = framework.task(functions.fail).enqueue().errors[0]
    assert error.exception_class_path == "builtins.ValueError"
    assert error.exception_class is ValueError


@pytest.mark.parametrize("path", ["tests.contract.functions.noop", "builtins.str"])
def test_a_class_that_is_no_exception_is_refused(framework, path):
    error = framework.module("base").TaskError(exception_class_path=path, traceback="")
    with pytest.raises(ValueError) as caught:
        _ = error.exception_class
    assert str(caught.value) == f"{path!r} does not reference a valid exception."


@pytest.mark.parametrize("path", ["no.such.Error", "builtins.NoSuchError", "ValueError"])
def test_a_class_that_cannot_be_imported_is_an_import_error(framework, path):
    error = framework.module("base").TaskError(exception_class_path=path, traceback="")
    with pytest.raises(ImportError):
        _ = error.exception_class


def test_immediate_results_can_be_neither_fetched_nor_refreshed(framework):
    task = framework.task(functions.noop)
    result = task.enqueue()
    message = "This backend does not support retrieving or refreshing results."
    with pytest.raises(NotImplementedError) as caught:
        task.get_result(result.id)
    assert str(caught.value) == message
    with pytest.raises(NotImplementedError):
        result.refresh()
    with pytest.raises(NotImplementedError):
        asyncio.run(task.aget_result(result.id))
    with pytest.raises(NotImplementedError):
        asyncio.run(result.arefresh())


def test_statuses_are_choices(framework):
    status = framework.module("base").TaskResultStatus
    names = ["READY", "RUNNING", "FAILED", "SUCCESSFUL"]
    assert status.names == status.values == names
    assert [str(label) for label in status.labels] == ["Ready", "Running", "Failed", "Successful"]
    assert [(value, str(label)) for value, label in status.choices] == [
        (name, name.capitalize()) for name in names
    ]
    assert str(status.FAILED) == f"{status.FAILED}" == status.FAILED == "FAILED"
    assert f"{status.FAILED:>8}" == "  FAILED"
    assert repr(status.FAILED) == "TaskResultStatus.FAILED"
    assert str(status.FAILED.label) == "Failed"
    assert status("FAILED") is status.FAILED
    assert status.do_not_call_in_templates
    with pytest.raises(ValueError):
        status("DONE")
