"""Following jobs on a cluster that a test plays itself: no scheduler, no worker."""

from __future__ import annotations

import sys

import pytest

from immediate_tasks_ipy.tasks import Task, task_backends
from immediate_tasks_ipy.tasks.backends.dask import DaskBackend, dispatcher_thread, runaways, watch
from immediate_tasks_ipy.tasks.backends.dask.chunks import chunked
from immediate_tasks_ipy.tasks.backends.dask.cluster import Cluster
from immediate_tasks_ipy.tasks.backends.dask.flights import Flights
from immediate_tasks_ipy.tasks.backends.dask.in_flight import Chunk, InFlight
from immediate_tasks_ipy.tasks.backends.remote.durations import Durations
from tests.tasks.dask.cells import finished
from tests.tasks.remote.engines import HeldBackend

ONE, TWO = "tcp://127.0.0.1:1", "tcp://127.0.0.1:2"


class FakeFuture:
    def __init__(self):
        self.status = "pending"
        self.error = None

    def exception(self, timeout):
        return self.error


class FakeCluster:
    address = "tcp://127.0.0.1:8786"
    topic = "topic"
    is_lost = False

    def __init__(self, *, is_ours=True):
        self.is_ours = is_ours
        self.cancelled, self.restarted, self.looks = [], [], []
        self.withdrawn = []

    def look(self, deliver):
        self.looks.append(deliver)

    def cancel(self, futures):
        self.cancelled += futures

    def withdraw(self, ids):
        self.withdrawn += ids

    def restart_worker(self, address):
        self.restarted.append(address)

    def close(self):
        pass


class KilledWorker(Exception):
    """As Dask's."""

    allowed_failures = 3

    class last_worker:  # noqa: N801
        address = ONE


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (watch, runaways):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def flights(cluster, clock):
    return Flights(cluster, lambda call: call())


@pytest.fixture
def held():
    backend = HeldBackend("held", {})
    task_backends["held"] = backend
    yield backend
    task_backends.configure(None)


@pytest.fixture
def begin(held, flights):
    """Put a job in flight, started on a worker if one is named."""

    def begin(worker=None, **options):
        Task(func=nothing, backend="held").enqueue()
        flight = InFlight(held.engine.jobs[-1], **options)
        flight.future = FakeFuture()
        flights.add(flight)
        if worker is not None:
            report(flights, worker, "started", flight, 0.0)
        return flight

    return begin


def nothing():
    pass


def report(flights, worker, kind, flight, detail=None):
    flights.on_message({"worker": worker, "events": [[kind, flight.job.result.id, detail]]})


def kill(flight):
    flight.future.status, flight.future.error = "error", KilledWorker()


# -- workers that die ------------------------------------------------------------


def test_a_job_that_workers_died_of_before_it_was_seen_to_run_is_tried_alone(flights, begin):
    bystander, other = begin(), begin()
    kill(bystander)
    assert flights.sweep() == [bystander.job]
    assert bystander.job.result.status == "READY"
    assert list(flights) == [other]


def test_a_job_that_ran_on_all_that_died_fails_at_once(flights, begin):
    poisonous = begin(ONE)
    for worker in (TWO, ONE, TWO):
        flights.on_message({"action": "remove-worker", "worker": poisonous.worker})
        report(flights, worker, "started", poisonous, 0.0)
    kill(poisonous)
    assert flights.sweep() == []
    assert poisonous.job.result.errors[0].exception_class_path.endswith("KilledWorker")


def test_a_suspect_that_workers_die_of_again_fails(flights, begin):
    suspect = begin(is_suspect=True)
    assert flights.has_suspect
    assert suspect.key != InFlight(suspect.job).key  # the cluster still knows the one before
    kill(suspect)
    assert flights.sweep() == []
    assert suspect.job.result.status == "FAILED"


def test_workers_that_were_ended_for_their_memory_are_said_to_be(flights, begin):
    flights.on_message({"worker": ONE, "pid": 1, "rss": 3 * 2**30})
    greedy = begin(is_suspect=True)
    kill(greedy)
    flights.sweep()
    (error,) = greedy.job.result.errors
    assert error.exception_class is MemoryError
    assert f"ended 4 workers: the last one, {ONE}, used 3.00 GiB of memory" in error.traceback


def test_a_worker_that_dies_at_once_is_an_attempt_of_the_only_task_that_it_had(flights, begin):
    poisonous, waiting = begin(), begin()
    lost = {"action": "remove-worker", "worker": ONE}
    flights.on_message({**lost, "processing-tasks": {poisonous.key}})
    assert poisonous.job.result.worker_ids == [ONE]
    assert poisonous.job.result.status == "READY"
    flights.on_message({**lost, "processing-tasks": {poisonous.key, waiting.key}})
    assert waiting.job.result.worker_ids == []


# -- jobs that travel together -----------------------------------------------------


@pytest.fixture
def chunk(flights, begin):
    """Three jobs in flight as one task of Dask; the first has begun on a worker."""
    members = [begin() for _ in range(3)]
    future = FakeFuture()
    Chunk(members)
    for flight in members:
        flight.future = future
        flights.add(flight)
    report(flights, ONE, "started", members[0], 0.0)
    assert flights.tasks == 1
    return members


def test_jobs_that_are_given_back_are_sent_again_by_another_name(flights, chunk):
    _, second, third = chunk
    before = second.key
    report(flights, ONE, "returned", second)
    report(flights, ONE, "returned", third)
    assert flights.take_returned() == [second.job, third.job]
    assert flights.take_returned() == []
    assert list(flights) == chunk[:1]
    assert second.job.result.status == "READY"
    assert InFlight(second.job).key != before


def test_a_cancelled_job_of_a_chunk_is_withdrawn_and_the_others_go_on(flights, cluster, chunk):
    first, second, third = chunk
    flights.cancel(second.job.result.id)
    flights.flush()
    flights.flush()
    assert (cluster.withdrawn, cluster.cancelled) == ([second.job.result.id], [])
    report(flights, ONE, "finished", first, _outcome())
    flights.cancel(third.job.result.id)
    assert cluster.cancelled == [third.future]
    assert flights.tasks == 0


def test_of_a_chunk_whose_worker_is_lost_what_has_ended_does_not_run_again(flights, cluster, chunk):
    first, second, third = chunk
    future = first.future
    report(flights, ONE, "finished", first, _outcome())
    report(flights, ONE, "started", second, 0.0)
    flights.on_message({"action": "remove-worker", "worker": ONE})
    assert future in cluster.cancelled
    assert flights.take_returned() == [second.job, third.job]
    assert (second.job.travels_alone, third.job.travels_alone) == (True, False)
    assert second.job.result.status == "READY"


def test_outcomes_are_found_by_their_jobs_and_a_job_without_one_is_sent_again(
    flights, cluster, chunk
):
    first, second, third = chunk
    delivered = []
    cluster.fetch = lambda future, deliver: delivered.append(deliver)
    report(flights, ONE, "finished", first)  # too large for an event
    delivered.pop()({first.job.result.id: _outcome()})
    assert first.job.result.return_value == 1
    second.future.status = "finished"  # and nothing was reported
    flights.sweep()
    flights.sweep()
    for deliver in delivered:
        deliver({second.job.result.id: _outcome()})
    assert second.job.result.return_value == 1
    assert flights.take_returned() == [third.job]


@pytest.mark.parametrize(
    ("seconds", "threads", "sizes"),
    [
        (None, 2, [1] * 10),
        (1.0, 2, [1] * 10),
        (0.0, 2, [5, 5]),
        (0.0, 0, [10]),
        (0.0, 4, [3, 3, 3, 1]),
        (0.02, 2, [2] * 5),
    ],
)
def test_short_jobs_are_put_together_and_every_thread_has_some(begin, seconds, threads, sizes):
    jobs = [begin().job for _ in range(10)]
    durations = Durations()
    if seconds is not None:
        durations.note(jobs[0], seconds)
    assert [len(chunk) for chunk in chunked(jobs, durations, threads)] == sizes
    jobs[1].travels_alone = True
    assert [jobs[1]] in list(chunked(jobs, durations, threads))


# -- functions that run on ---------------------------------------------------------


def test_an_own_worker_that_a_cancelled_function_occupies_is_restarted(
    flights, cluster, begin, clock
):
    spinning = begin(ONE)
    flights.cancel(spinning.job.result.id)
    flights.sweep()
    assert cluster.restarted == []
    clock.now += 2
    neighbour = begin(ONE)
    flights.sweep()
    assert cluster.restarted == []  # the neighbour would be lost
    report(flights, ONE, "finished", neighbour, _outcome())
    assert not flights.are_quiet
    flights.sweep()
    assert cluster.restarted == [ONE]
    assert flights.are_quiet


def test_a_cancelled_function_that_ends_by_itself_costs_no_worker(flights, cluster, begin, clock):
    spinning, other = begin(ONE), begin(TWO)
    for flight in (spinning, other):
        flights.cancel(flight.job.result.id)
    report(flights, ONE, "finished", spinning)
    flights.on_message({"action": "remove-worker", "worker": TWO})
    clock.now += 2
    flights.sweep()
    assert cluster.restarted == []


def test_a_function_that_began_just_when_it_was_cancelled_is_stopped_too(
    flights, cluster, begin, clock
):
    flight = begin()
    flights.cancel(flight.job.result.id)
    report(flights, ONE, "started", flight, 0.0)
    clock.now += 2
    flights.sweep()
    assert cluster.restarted == [ONE]


def test_a_worker_that_is_not_ours_is_named(flights, cluster, begin, clock, held):
    cluster.is_ours = False
    spinning = begin(ONE)
    result = spinning.job.result
    held.cancel(result)
    flights.cancel(result.id)
    clock.now += 2
    flights.sweep()
    assert cluster.restarted == []
    assert f"a thread of the worker {ONE} until it ends" in _note(result)


def _outcome():
    import pickle

    return pickle.dumps({"seconds": 0.1, "value": 1, "changes": [], "output": ""})


def _note(result):
    from immediate_tasks_ipy.task_history import current_recorder

    return current_recorder().entry_of(result).note


# -- how the cluster is ------------------------------------------------------------


def answer(cluster, **last_seen):
    workers = {address: {"last_seen": seen, "nthreads": 2} for address, seen in last_seen.items()}
    cluster.looks.pop()({"workers": workers})


def test_a_cluster_without_workers_is_said_on_the_card_until_one_starts_the_task(
    flights, cluster, begin, clock
):
    flight = begin()
    flights.sweep()
    answer(cluster)
    flights.sweep()
    assert "has no workers: the task waits for one" in _note(flight.job.result)
    report(flights, ONE, "started", flight, 0.0)
    assert _note(flight.job.result) is None


def test_a_scheduler_that_does_not_answer_is_said_on_the_card(flights, cluster, begin, clock):
    flight = begin(ONE)
    flights.sweep()
    clock.now += watch.SILENCE + 1
    cluster.looks.pop()(None)
    flights.sweep()
    assert "The Dask scheduler at tcp://127.0.0.1:8786 has not answered" in _note(flight.job.result)
    answer(cluster, **{ONE: 1.0})
    flights.sweep()
    assert _note(flight.job.result) is None


def test_a_worker_without_a_sign_of_life_is_said_on_the_card_of_its_task(
    flights, cluster, begin, clock
):
    silent, other = begin(ONE), begin(TWO)
    for seen in range(8):
        flights.sweep()
        answer(cluster, **{ONE: 1.0, TWO: float(seen)})
        clock.now += watch.INTERVAL
    flights.sweep()
    assert f"Its worker {ONE} has given no sign of life" in _note(silent.job.result)
    assert _note(other.job.result) is None
    assert flights.watch.threads == 4


def test_a_note_goes_with_the_task_that_it_is_about(flights, cluster, begin, clock):
    flight = begin()
    flights.sweep()
    answer(cluster)
    flights.sweep()
    report(flights, ONE, "finished", flight, _outcome())
    assert flight.job.result.status == "SUCCESSFUL"
    assert _note(flight.job.result) is None


# -- schedulers that are gone --------------------------------------------------------


def test_a_batch_without_a_scheduler_tries_to_connect_once(monkeypatch):
    attempts = []

    def refuse(self, options, on_event):
        attempts.append(options)
        raise ConnectionError("No Dask scheduler answers.")

    monkeypatch.setattr(dispatcher_thread.Cluster, "__init__", refuse)
    backend = task_backends["dask"] = DaskBackend("dask", {})
    task = Task(func=nothing, backend="dask")
    for _ in range(10):
        results = [task.enqueue() for _ in range(50)]
        finished(*results)
        assert {result.errors[0].exception_class for result in results} == {ConnectionError}
    assert len(attempts) == 1
    # Who comes back later finds it tried again.
    monkeypatch.setattr(dispatcher_thread, "RETRY_AFTER", 0.0)
    finished(task.enqueue())
    assert len(attempts) == 2
    backend.close()
    task_backends.configure(None)


@pytest.mark.parametrize("who", ["scheduler", "worker"])
def test_another_python_is_refused_with_both_versions(who):
    here = "{}.{}.{}".format(*sys.version_info[:3])
    versions = {
        "scheduler": {"host": {"python": here}},
        "workers": {ONE: {"host": {"python": here}}},
    }
    other = versions["scheduler"] if who == "scheduler" else versions["workers"][ONE]
    other["host"] = {"python": "3.9.1.final.0"}

    class Client:
        def get_versions(self):
            return versions

    cluster = object.__new__(Cluster)
    cluster.address, cluster.client = "tcp://127.0.0.1:8786", Client()
    named = "its scheduler" if who == "scheduler" else f"its worker {ONE}"
    minor = "{}.{}".format(*sys.version_info[:2])
    with pytest.raises(ConnectionError, match=rf"{named} runs Python 3\.9, the notebook {minor}"):
        cluster._check_versions()


def test_a_connection_whose_workers_are_refused_is_closed_with_that_reason(monkeypatch):
    closed = []

    class Client:
        status = "running"

        def __init__(self, *_, **__):
            self.loop = self

        def add_callback(self, callback):
            pass

        def get_versions(self):
            return {"scheduler": {"host": {"python": "3.9.1.final.0"}}, "workers": {}}

        def unsubscribe_topic(self, topic):
            raise ValueError(f"No event handler known for topic {topic}.")

        def close(self, timeout):
            closed.append(timeout)

    monkeypatch.setattr("distributed.Client", Client)
    with pytest.raises(ConnectionError, match=r"its scheduler runs Python 3\.9"):
        Cluster({"address": "tcp://127.0.0.1:8786"}, print)
    assert len(closed) == 1
