"""RemoteBackend, on an engine that the tests play themselves."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import weakref

import pytest

from immediate_tasks_ipy.task_history.waiting import wait, wait_blocking
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.backends.remote import RemoteBackend, result_registry
from immediate_tasks_ipy.tasks.backends.remote.outcome import RemoteError
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable, TaskResultDoesNotExist
from immediate_tasks_ipy.tasks.signals import (
    task_enqueued,
    task_finished,
    task_output,
    task_released,
    task_started,
)
from tests.tasks.remote.engines import SUCCESS, HeldBackend

SIGNALS = {
    "enqueued": task_enqueued,
    "started": task_started,
    "output": task_output,
    "released": task_released,
    "finished": task_finished,
}


def nothing():
    pass


def enqueued(backend, **options):
    """A result, and its job on the engine."""
    result = Task(func=nothing, backend="held", **options).enqueue()
    return result, backend.engine.jobs[-1]


@pytest.fixture
def sent():
    """What the signals report, as (name, status), in order."""
    reports, receivers = [], []
    for name, signal in SIGNALS.items():

        def receive(task_result, name=name, **_):
            reports.append((name, str(task_result.status)))

        signal.connect(receive)
        receivers.append((signal, receive))
    yield reports
    for signal, receive in receivers:
        signal.disconnect(receive)


def test_the_flags_say_what_every_engine_can_do():
    assert RemoteBackend.is_remote
    assert RemoteBackend.supports_async_task
    assert RemoteBackend.supports_priority
    assert RemoteBackend.supports_get_result
    assert RemoteBackend.supports_cancel
    assert RemoteBackend.supports_retries
    assert RemoteBackend.finishes_tasks
    assert not RemoteBackend.supports_defer


def test_a_subclass_has_to_name_its_engine():
    with pytest.raises(TypeError, match="create_engine"):
        RemoteBackend("nowhere", {})


def test_what_the_engine_reports_becomes_states_and_signals_in_order(backend, sent):
    result, job = enqueued(backend)
    began = time.time()
    backend.started(job, "worker-1", began)
    backend.output(job, "written")
    backend.finished(job, SUCCESS)

    assert sent == [
        ("enqueued", "READY"),
        ("started", "RUNNING"),
        ("output", "RUNNING"),
        ("finished", "SUCCESSFUL"),
    ]
    assert result.return_value == "done"
    assert result.worker_ids == ["worker-1"]
    assert (result.finished_at - result.started_at).total_seconds() == pytest.approx(0.5)


def test_a_job_says_all_that_a_worker_needs_to_know(backend):
    import pickle

    result, job = enqueued(backend, priority=3)
    described = pickle.loads(job.payload(topic="mine"))
    assert described["topic"] == "mine"
    assert described["id"] == result.id
    assert described["task"]["priority"] == 3
    assert described["python"] == sys.version_info[:2]
    assert job.key == f"nothing-{result.id}"


def test_the_output_of_a_plain_enqueue_is_in_the_history_at_its_end(backend, recorder):
    result, job = enqueued(backend)
    backend.started(job, "worker-1", 0.0)
    backend.output(job, "one\n")
    backend.output(job, "two\n")
    backend.finished(job, SUCCESS)
    assert recorder.entry_of(result).output == "one\ntwo\n"


def test_a_lost_worker_makes_its_task_ready_again(backend, sent):
    result, job = enqueued(backend)
    backend.started(job, "worker-1", 0.0)
    backend.released(job)
    assert result.status == "READY"
    backend.started(job, "worker-2", 0.0)
    backend.finished(job, SUCCESS)
    assert [name for name, _ in sent] == ["enqueued", "started", "released", "started", "finished"]
    assert result.worker_ids == ["worker-1", "worker-2"]


def test_a_failure_is_raised_for_the_receivers_to_see(backend):
    handled = []

    def receive(**_):
        handled.append(sys.exception())

    task_finished.connect(receive)
    result, job = enqueued(backend)
    backend.started(job, "worker-1", 0.0)
    failure = {
        "seconds": 0.1,
        "exception_class_path": "elsewhere.Refused",
        "traceback": "Traceback (most recent call last):\nelsewhere.Refused: no\n",
        "frames": [],
        "error": None,
    }
    backend.finished(job, failure)
    assert result.status == "FAILED"
    assert result.errors[0].exception_class_path == "elsewhere.Refused"
    assert type(handled[0]) is RemoteError
    assert str(handled[0]) == "elsewhere.Refused: no"


# -- the first outcome wins ----------------------------------------------------


def test_a_waiting_task_that_is_cancelled_fails_and_is_taken_off_the_engine(backend, sent):
    result, job = enqueued(backend)
    backend.cancel(result)
    assert result.errors[0].exception_class is asyncio.CancelledError
    assert not result._abandoned
    assert backend.engine.cancelled == [result.id]
    backend.started(job, "worker-1", 0.0)
    backend.output(job, "late")
    backend.released(job)
    backend.finished(job, SUCCESS)
    backend.abandon(job, RuntimeError("late"))
    assert sent == [("enqueued", "READY"), ("finished", "FAILED")]
    assert len(result.errors) == 1


def test_a_running_task_that_is_cancelled_is_abandoned_with_the_error_given(backend):
    result, job = enqueued(backend)
    backend.started(job, "worker-1", 0.0)
    backend.cancel(result, error=TimeoutError("after 1 s"))
    assert result.errors[0].exception_class is TimeoutError
    assert result._abandoned


def test_a_task_that_had_begun_when_it_was_cancelled_is_noted_as_running_on(backend, recorder):
    result, job = enqueued(backend)
    backend.cancel(result)
    backend.started_late(job)
    assert result.status == "FAILED"
    assert "may still be running" in recorder.entry_of(result).note
    assert [step for step, _ in recorder.entry_of(result).lifecycle] == ["READY", "FAILED"]


def test_what_has_finished_can_not_be_cancelled(backend):
    result, job = enqueued(backend)
    backend.finished(job, SUCCESS)
    with pytest.raises(TaskNotCancellable, match="finished already"):
        backend.cancel(result)
    assert backend.engine.cancelled == []


def test_of_many_outcomes_at_once_one_is_written(backend, sent):
    result, job = enqueued(backend)
    backend.started(job, "worker-1", 0.0)
    barrier = threading.Barrier(8)

    def report(number):
        barrier.wait()
        if number % 2:
            backend.abandon(job, RuntimeError(str(number)))
        else:
            backend.finished(job, SUCCESS)

    threads = [threading.Thread(target=report, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [name for name, _ in sent].count("finished") == 1
    assert len(result.errors) == (result.status == "FAILED")


# -- receivers -----------------------------------------------------------------


def test_a_receiver_of_task_started_that_raises_fails_the_task_on_the_engine_too(backend, caplog):
    def refuse(**_):
        raise ZeroDivisionError

    task_started.connect(refuse)
    result, job = enqueued(backend)
    backend.started(job, "worker-1", 0.0)
    task_started.disconnect(refuse)
    assert result.errors[0].exception_class is ZeroDivisionError
    assert backend.engine.cancelled == [result.id]


def test_an_engine_that_refuses_a_job_fails_its_task(backend, sent, monkeypatch):
    def refuse(job):
        raise ConnectionError("no engine")

    monkeypatch.setattr(backend.engine, "send", refuse)
    with pytest.raises(ConnectionError):
        Task(func=nothing, backend="held").enqueue()
    assert sent == [("enqueued", "READY"), ("finished", "FAILED")]


class SlowReceiver:
    """A receiver of `task_finished`, connected behind the recorder, that takes its time."""

    def __init__(self):
        self.begun, self.go_on, self.ended = (threading.Event() for _ in range(3))
        task_finished.connect(self.receive, weak=False)

    def receive(self, **_):
        self.begun.set()
        self.go_on.wait(60)
        self.ended.set()


@pytest.fixture
def slow():
    receiver = SlowReceiver()
    yield receiver
    receiver.go_on.set()
    task_finished.disconnect(receiver.receive)


def ended_elsewhere(backend, job, slow, end):
    """Bring a job to its end on a thread of its own, up to the middle of its receivers."""
    thread = threading.Thread(target=end, args=(backend, job))
    thread.start()
    assert slow.begun.wait(60)
    return thread


ENDS = {
    "finished": lambda backend, job: backend.finished(job, SUCCESS),
    "cancelled": lambda backend, job: backend.cancel(job.result),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_who_waits_is_never_ahead_of_a_receiver(backend, recorder, slow, end):
    result, job = enqueued(backend)
    thread = ended_elsewhere(backend, job, slow, end)
    assert result.is_finished
    with pytest.raises(TimeoutError):
        wait_blocking(recorder, [result], timeout=0.01)
    with pytest.raises(TimeoutError):
        asyncio.run(wait(result, timeout=0.01))

    waited = []

    def wait_here():
        wait_blocking(recorder, [result], timeout=60)
        waited.append(slow.ended.is_set())

    waiting = threading.Thread(target=wait_here)
    waiting.start()
    slow.go_on.set()
    waiting.join()
    thread.join()
    assert waited == [True]
    assert wait_blocking(recorder, [result], timeout=0) == [result]


def test_who_began_to_wait_before_the_end_is_not_ahead_of_a_receiver_either(
    backend, recorder, slow
):
    result, job = enqueued(backend)
    waited = []

    async def wait_and_look():
        waiting = asyncio.create_task(wait(result, timeout=60))
        while not recorder._observers:
            await asyncio.sleep(0)
        thread = ended_elsewhere(backend, job, slow, ENDS["finished"])
        for _ in range(10):
            await asyncio.sleep(0)
        waited.append(waiting.done())
        slow.go_on.set()
        await waiting
        waited.append(slow.ended.is_set())
        thread.join()

    asyncio.run(wait_and_look())
    assert waited == [False, True]


def test_a_receiver_that_waits_for_its_own_result_gets_it_at_once(backend, recorder):
    waited = []

    def receive(task_result, **_):
        waited.extend(wait_blocking(recorder, [task_result], timeout=60))

    task_finished.connect(receive)
    result, job = enqueued(backend)
    backend.finished(job, SUCCESS)
    assert waited == [result]


# -- results and the end of a backend ---------------------------------------------


def test_results_are_found_until_too_many_have_finished(monkeypatch):
    monkeypatch.setattr(result_registry.ResultRegistry.__init__, "__defaults__", (2,))
    backend = HeldBackend("held", {})
    results = [backend.enqueue(Task(func=nothing), (), {}) for _ in range(4)]
    for job in backend.engine.jobs[1:]:
        backend.finished(job, SUCCESS)
    assert backend.get_result(results[0].id) is results[0]
    assert asyncio.run(backend.aget_result(results[3].id)) is results[3]
    with pytest.raises(TaskResultDoesNotExist):
        backend.get_result(results[1].id)


def test_a_backend_that_nobody_holds_closes_its_engine():
    backend = HeldBackend("held", {})
    engine, gone = backend.engine, weakref.ref(backend)
    backend.close()
    assert engine.closed == 1
    del backend
    gc.collect()
    assert gone() is None
    assert engine.closed == 2
