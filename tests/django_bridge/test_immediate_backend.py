"""The bridge's backend is Django's ImmediateBackend to everyone who uses it."""

from __future__ import annotations

import logging
from dataclasses import asdict
from importlib import import_module

import pytest
from billing import tasks
from billing.framework import task, task_enqueued, task_finished, task_started
from django.conf import settings
from django.test import override_settings

from immediate_tasks_ipy.django_bridge import backend_for, frameworks
from immediate_tasks_ipy.tasks.backends.execution import running_result

FRAMEWORK = frameworks.DJANGO if settings.HAS_OWN_TASKS else frameworks.PACKAGE
BACKEND = settings.TASKS["default"]["BACKEND"]

base, exceptions = FRAMEWORK.base, FRAMEWORK.exceptions
InvalidTask = getattr(exceptions, "InvalidTask", None) or exceptions.InvalidTaskError


@task
def noop(*args, **kwargs):
    return None


@task
async def anoop(*args, **kwargs):
    return None


@task
def raise_value_error():
    raise ValueError("This Task failed due to ValueError")


@task
async def araise_value_error():
    raise ValueError("This Task failed due to ValueError")


@task
def exit_system():
    raise SystemExit("This Task failed due to SystemExit")


@task
def interrupt():
    raise KeyboardInterrupt("This Task failed due to KeyboardInterrupt")


@task
def raise_complex_exception():
    raise ValueError(ValueError("This task failed"))


@task
def return_complex_value():
    return lambda: True


@task(takes_context=True)
def attempt_of(context):
    return context.attempt


@task(takes_context=True)
def check_context(context, expected):
    assert isinstance(context, base.TaskContext)
    assert context.task_result.status == "RUNNING"
    assert context.task_result.args == [expected]
    return expected


@pytest.fixture(params=["in place", "below a loop", "awaited"])
def enqueue(request):
    """Enqueue in each of the ways that a caller may be in."""
    import asyncio

    def in_place(task, *args, **kwargs):
        return task.enqueue(*args, **kwargs)

    async def below(task, *args, **kwargs):
        return task.enqueue(*args, **kwargs)

    async def awaited(task, *args, **kwargs):
        return await task.aenqueue(*args, **kwargs)

    function = {"in place": in_place, "below a loop": below, "awaited": awaited}[request.param]
    if function is in_place:
        return function
    return lambda *args, **kwargs: asyncio.run(function(*args, **kwargs))


def test_the_backend_is_one_of_the_frameworks_own():
    stock = import_module(f"{FRAMEWORK.module}.backends.immediate").ImmediateBackend

    assert isinstance(FRAMEWORK.task_backends["default"], stock)
    assert FRAMEWORK.task_backends["default"].supports_async_task
    assert FRAMEWORK.task_backends["default"].supports_priority
    assert not FRAMEWORK.task_backends["default"].supports_defer
    assert not FRAMEWORK.task_backends["default"].supports_get_result
    assert list(FRAMEWORK.task_backends["default"].check()) == []


@pytest.mark.parametrize("each", [noop, anoop])
def test_enqueue_returns_a_finished_result_of_the_frameworks_own_class(enqueue, each):
    result = enqueue(each, "arg", number=1)

    assert type(result) is base.TaskResult
    assert result.status == base.TaskResultStatus.SUCCESSFUL
    assert result.is_finished
    assert result.enqueued_at <= result.started_at <= result.finished_at
    assert result.last_attempted_at == result.started_at
    assert result.enqueued_at.tzinfo is not None
    assert result.return_value is None
    assert result.task == each
    assert result.args == ["arg"]
    assert result.kwargs == {"number": 1}
    assert result.backend == "default"
    assert result.errors == []
    assert result.attempts == 1
    assert result.worker_ids == [FRAMEWORK.task_backends["default"].worker_id]
    assert len(result.id) == 32
    assert asdict(result)["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("failing", "exception", "message"),
    [
        (raise_value_error, ValueError, "This Task failed due to ValueError"),
        (araise_value_error, ValueError, "This Task failed due to ValueError"),
        (exit_system, SystemExit, "This Task failed due to SystemExit"),
        (raise_complex_exception, ValueError, "This task failed"),
    ],
)
def test_an_exception_fails_the_task_and_is_not_raised(enqueue, failing, exception, message):
    result = enqueue(failing)

    assert result.status == base.TaskResultStatus.FAILED
    with pytest.raises(ValueError, match="Task failed"):
        result.return_value  # noqa: B018
    assert result.is_finished
    assert len(result.errors) == 1
    assert result.errors[0].exception_class is exception
    traceback = result.errors[0].traceback
    assert message in traceback
    assert traceback.splitlines()[1].endswith(f"in {failing.func.__name__}")
    assert result.task == failing


def test_an_interrupt_fails_the_task_and_is_raised(enqueue, recorder):
    with pytest.raises(KeyboardInterrupt):
        enqueue(interrupt)

    (result,) = recorder.results
    assert result.status == "FAILED"
    assert result.errors[0].exception_class is KeyboardInterrupt


def test_a_value_that_is_not_json_fails_the_task_and_is_kept(enqueue, recorder):
    result = enqueue(return_complex_value)

    assert result.status == "FAILED"
    assert result.errors[0].exception_class is TypeError
    assert "Unsupported type" in result.errors[0].traceback
    assert recorder.raw_value(result)()


def test_arguments_are_normalised(enqueue):
    result = enqueue(noop, (1, b"two"), {3: {"four": (5,)}})

    assert result.args == [[1, "two"], {3: {"four": [5]}}]
    with pytest.raises(TypeError, match="Unsupported type"):
        enqueue(noop, {1, 2})


def test_the_context_has_the_attempt(enqueue):
    assert enqueue(attempt_of).return_value == 1
    assert enqueue(check_context, 7).return_value == 7


def test_results_can_not_be_retrieved_or_refreshed():
    result = noop.enqueue()
    message = "This backend does not support retrieving or refreshing results."

    with pytest.raises(NotImplementedError, match=message):
        FRAMEWORK.task_backends["default"].get_result(result.id)
    with pytest.raises(NotImplementedError, match=message):
        result.refresh()


def test_run_after_is_refused():
    from django.utils import timezone

    with pytest.raises(InvalidTask, match="Backend does not support run_after"):
        noop.using(run_after=timezone.now())


def test_a_task_is_validated_again_when_it_is_enqueued(enqueue):
    other = task(queue_name="mail")(noop.func)
    with (
        override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": ["elsewhere"]}}),
        pytest.raises(InvalidTask, match="Queue 'mail' is not valid for backend"),
    ):
        enqueue(other)


def test_every_transition_is_logged(enqueue, caplog):
    with caplog.at_level(logging.DEBUG, logger=FRAMEWORK.module):
        result = enqueue(noop)

    messages = [record.getMessage() for record in caplog.records if record.name == FRAMEWORK.module]
    assert [message.split()[-1] for message in messages] == [
        "backend=default",
        "state=RUNNING",
        "state=SUCCESSFUL",
    ]
    assert all(result.id in message for message in messages)


@pytest.mark.parametrize("failing", [raise_value_error, araise_value_error])
def test_a_failure_is_logged_with_its_exception(enqueue, failing, caplog):
    with caplog.at_level(logging.INFO, logger=FRAMEWORK.module):
        enqueue(failing)

    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info[0] is ValueError


def test_a_task_of_the_project_runs(enqueue):
    assert enqueue(tasks.add, 2, 3).return_value == 5
    assert enqueue(tasks.aadd, 2, 3).return_value == 5
    assert enqueue(tasks.attempt, "hello").return_value == "hello, attempt 1 of attempt"


@pytest.mark.parametrize("signal", [task_enqueued, task_started])
def test_a_receiver_that_raises_fails_the_task_and_is_raised(enqueue, signal, recorder):
    def receiver(**kwargs):
        raise RuntimeError("not today")

    ended = []
    signal.connect(receiver)
    task_finished.connect(lambda task_result, **_: ended.append(task_result.status), weak=False)
    try:
        with pytest.raises(RuntimeError, match="not today"):
            enqueue(noop)
    finally:
        signal.disconnect(receiver)
        task_finished.receivers.pop()
        task_finished.sender_receivers_cache.clear()

    assert ended == ["FAILED"]
    assert recorder.results[-1].status == "FAILED"


@task
def outer():
    seen_running.append(running_result.get())
    noop.enqueue()


@task
async def aouter():
    seen_running.append(running_result.get())
    await noop.aenqueue()


seen_running = []


@pytest.mark.parametrize("each", [outer, aouter])
def test_a_task_that_is_enqueued_by_another_knows_its_parent(enqueue, each):
    """What runs is known where the signal of a child is sent, and nowhere else."""
    seen_running.clear()

    def receiver(task_result, **_):
        seen_running.append(running_result.get())

    task_enqueued.connect(receiver)
    try:
        result = enqueue(each)
    finally:
        task_enqueued.disconnect(receiver)

    assert result.status == "SUCCESSFUL"
    assert seen_running[0] is None
    assert seen_running[1] is seen_running[2] is result
    assert len(seen_running) == 3
    assert running_result.get() is None


def test_the_unregistered_backend_takes_any_queue(enqueue):
    own = backend_for(tasks.remind, None)

    assert own.queues == set()
    assert own.enqueue(tasks.remind, (1,), {}).backend == "immediate"
