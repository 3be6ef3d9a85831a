"""Definition, validation, options, equality and pickling of tasks."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, datetime

import pytest

from tests.contract import functions


def test_task_names_and_paths_are_those_of_the_function(framework):
    task = framework.task(functions.add)
    assert task.name == "add"
    assert task.module_path == "tests.contract.functions.add"
    assert task.func is functions.add


def test_decorator_takes_options_with_and_without_parentheses(framework):
    plain, called = framework.task(functions.add), framework.task()(functions.add)
    assert plain == called
    assert (plain.priority, plain.queue_name, plain.backend) == (0, "default", "default")
    assert (plain.run_after, plain.takes_context) == (None, False)
    assert framework.task(priority=7)(functions.add).priority == 7


def test_tasks_are_frozen_and_not_callable(framework):
    task = framework.task(functions.add)
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.priority = 3
    with pytest.raises(TypeError):
        task(1, 2)


def test_tasks_take_keyword_arguments_only(framework):
    with pytest.raises(TypeError):
        framework.module("base").Task(functions.add)


@pytest.mark.parametrize("priority", [-100, -1, 0, 1, 100, 5.0])
def test_priorities_in_bounds_are_accepted(framework, priority):
    assert framework.task(priority=priority)(functions.add).priority == priority


@pytest.mark.parametrize("priority", [-101, 101, 0.5, 1e9])
def test_other_priorities_are_refused(framework, priority):
    message = "priority must be a whole number between -100 and 100."
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        framework.task(priority=priority)(functions.add)
    assert str(caught.value) == message


def test_a_priority_that_is_no_number_is_a_type_error(framework):
    with pytest.raises(TypeError):
        framework.task(priority="high")(functions.add)


def test_bounds_are_constants_of_base(framework):
    base = framework.module("base")
    assert (base.TASK_MIN_PRIORITY, base.DEFAULT_TASK_PRIORITY, base.TASK_MAX_PRIORITY) == (
        -100,
        0,
        100,
    )
    assert base.DEFAULT_TASK_BACKEND_ALIAS == base.DEFAULT_TASK_QUEUE_NAME == "default"


@pytest.mark.parametrize(
    "function",
    [
        functions.a_local,
        functions.Holder().method,
        functions.outer(),
        len,
        print,
        functions.Holder,
        "a string",
    ],
)
def test_only_module_level_functions_can_be_tasks(framework, function):
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        framework.task(function)
    assert str(caught.value) == "Task function must be defined at a module level."


@pytest.mark.parametrize("function", [functions.a_lambda, functions.Holder.static])
def test_module_level_lambdas_and_static_methods_can_be_tasks(framework, function):
    assert framework.task(function).enqueue().return_value is None


def test_a_task_that_takes_context_has_it_first(framework):
    message = "Task takes context but does not have a first argument of 'context'."
    for function in (functions.noop, functions.context_last, functions.a_lambda):
        with pytest.raises(framework.exception("InvalidTask")) as caught:
            framework.task(takes_context=True)(function)
        assert str(caught.value) == message
    assert framework.task(takes_context=True)(functions.with_context).takes_context


def test_a_keyword_only_context_passes_validation_and_fails_when_called(framework):
    task = framework.task(takes_context=True)(functions.context_keyword_only)
    assert task.enqueue().errors[0].exception_class is TypeError


def test_queues_are_checked(framework):
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        framework.task(queue_name="mail")(functions.add)
    assert str(caught.value) == "Queue 'mail' is not valid for backend."
    path = framework.path("immediate.ImmediateBackend")
    framework.configure({"default": {"BACKEND": path, "QUEUES": ["mail"]}})
    assert framework.task(queue_name="mail")(functions.add).queue_name == "mail"
    framework.configure({"default": {"BACKEND": path, "QUEUES": []}})
    assert framework.task(queue_name="any")(functions.add).queue_name == "any"


def test_immediate_tasks_cannot_be_deferred(framework):
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        framework.task(functions.add).using(run_after=datetime.now(UTC))
    assert str(caught.value) == "Backend does not support run_after."


def test_deferred_tasks_need_an_aware_time(framework, dummy):
    task = framework.task(functions.add)
    later = datetime(2099, 1, 1, tzinfo=UTC)
    assert task.using(run_after=later).run_after == later
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        task.using(run_after=datetime(2099, 1, 1))
    assert str(caught.value) == "run_after must be an aware datetime."


def test_run_after_is_no_option_of_the_decorator(framework):
    with pytest.raises(TypeError) as caught:
        framework.task(run_after=datetime.now(UTC))(functions.add)
    if not framework.differs("run_after"):
        assert str(caught.value) == (
            "run_after cannot be defined statically with the @task decorator. "
            "Use .using(run_after=...) to set it dynamically."
        )


def test_async_functions_need_a_backend_that_supports_them(framework, monkeypatch):
    task = framework.task(functions.aecho)
    backend = framework.module().task_backends["default"]
    monkeypatch.setattr(type(backend), "supports_async_task", False)
    message = (
        f"Backend does not support async {'tasks' if framework.differs('messages') else 'Tasks'}."
    )
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        backend.validate_task(task)
    assert str(caught.value) == message
    with pytest.raises(framework.exception("InvalidTask")):
        task.enqueue(1)


def test_priorities_need_a_backend_that_supports_them(framework, monkeypatch):
    backend = framework.module().task_backends["default"]
    monkeypatch.setattr(type(backend), "supports_priority", False)
    assert framework.task(functions.add)
    with pytest.raises(framework.exception("InvalidTask")) as caught:
        framework.task(priority=1)(functions.add)
    assert str(caught.value) == "Backend does not support setting priority of tasks."


def test_tasks_are_validated_again_when_enqueued(framework):
    task = framework.task(functions.add)
    path = framework.path("immediate.ImmediateBackend")
    framework.configure({"default": {"BACKEND": path, "QUEUES": ["mail"]}})
    with pytest.raises(framework.exception("InvalidTask")):
        task.enqueue(1, 2)


def test_using_changes_options_and_nothing_else(framework, dummy):
    framework.configure(
        {
            alias: {"BACKEND": framework.path("dummy.DummyBackend"), "QUEUES": []}
            for alias in ("default", "other")
        }
    )
    task = framework.task(functions.add)
    later = datetime(2099, 1, 1, tzinfo=UTC)
    changed = task.using(priority=9, queue_name="mail", run_after=later, backend="other")
    assert changed == dataclasses.replace(
        task, priority=9, queue_name="mail", run_after=later, backend="other"
    )
    assert changed.using() == changed
    assert changed.using(priority=0).priority == 0
    assert task == framework.task(functions.add)


def test_using_validates(framework):
    task = framework.task(functions.add)
    with pytest.raises(framework.exception("InvalidTask")):
        task.using(priority=1000)
    with pytest.raises(framework.exception("InvalidTask")):
        task.using(queue_name="nowhere")
    with pytest.raises(framework.exception("InvalidTaskBackend")):
        task.using(backend="nowhere")


def test_tasks_are_equal_by_their_options_and_hashable(framework):
    task = framework.task(functions.add)
    assert task == framework.task(functions.add)
    assert task != framework.task(functions.echo)
    assert task != task.using(priority=1)
    assert len({task, framework.task(functions.add), task.using(priority=1)}) == 2


def test_tasks_pickle_by_the_path_of_their_function(framework, monkeypatch):
    if framework.differs("pickle"):
        assert not hasattr(framework.module("base").Task, "_reconstruct")
        return
    task = framework.task(functions.noop).using(priority=4)
    monkeypatch.setattr(functions, "noop", framework.task(functions.noop))
    data = pickle.dumps(task)
    assert b"tests.contract.functions.noop" in data
    assert pickle.loads(data) == task
    constructor, arguments = task.__reduce__()
    assert constructor == type(task)._reconstruct
    assert arguments[0]["func"] == "tests.contract.functions.noop"


@pytest.mark.parametrize("path", ["tests.contract.functions.echo", "no.such.module", "nothing"])
def test_a_pickled_path_must_lead_to_a_task(framework, path):
    if framework.differs("pickle"):
        assert not hasattr(framework.module("base").Task, "_reconstruct")
        return
    with pytest.raises(ValueError) as caught:
        framework.module("base").Task._reconstruct({"func": path})
    assert str(caught.value) == f"Expected {path!r} to point to a Task instance."


def test_call_and_acall_run_the_function_without_a_result(framework):
    import asyncio

    assert framework.task(functions.add).call(1, 2) == 3
    assert framework.task(functions.aecho).call("x") == "x"
    assert asyncio.run(framework.task(functions.add).acall(1, 2)) == 3
    assert asyncio.run(framework.task(functions.aecho).acall("x")) == "x"


def test_a_backend_may_have_a_task_class_with_fields_of_its_own(framework, monkeypatch):
    base = framework.module("base")

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class CustomTask(base.Task):
        colour: str = "red"

    backend = framework.module().task_backends["default"]
    monkeypatch.setattr(type(backend), "task_class", CustomTask)
    task = framework.task(colour="blue")(functions.add)
    assert type(task) is CustomTask
    assert task.colour == "blue"
    assert task.using(priority=3).colour == "blue"
    assert task.enqueue(1, 2).return_value == 3
    with pytest.raises(TypeError):
        framework.task(shape="round")(functions.add)
