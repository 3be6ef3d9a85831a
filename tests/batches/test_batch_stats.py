from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from immediate_tasks_ipy.batches import BatchStats
from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.lifecycle import fail, new_result, start, succeed

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def work():
    pass


@pytest.fixture
def ended():
    recorder = Recorder()

    def make(seconds, error=None):
        result = new_result(Task(func=work), "default", (), {})
        start(result, "worker")
        fail(result, error) if error else succeed(result, None, ())
        for name, time in (("last_attempted_at", BEGAN), ("finished_at", BEGAN)):
            object.__setattr__(result, name, time)
        object.__setattr__(result, "finished_at", BEGAN + timedelta(seconds=seconds))
        return recorder.add(result)

    return make


def test_counts_follow_the_tasks(ended):
    batch = BatchStats("work()", total=4)
    assert batch.waiting == 4
    batch.started()
    batch.started()
    assert (batch.enqueued, batch.running, batch.waiting) == (2, 2, 2)
    batch.ended(ended(1))
    batch.ended(ended(2, ValueError()))
    assert (batch.running, batch.successful, batch.failed, batch.finished) == (0, 1, 1, 2)
    assert batch.waiting == 2


def test_a_batch_of_unknown_length_waits_for_what_was_enqueued():
    batch = BatchStats("work()")
    batch.started()
    assert batch.waiting == 0
    assert batch.seconds_left is None


def test_failures_are_counted_by_their_class_and_the_first_ones_kept(ended):
    batch = BatchStats("work()")
    entries = []
    for number in range(30):
        batch.started()
        entries.append(ended(1, KeyError() if number % 3 else ValueError()))
        batch.ended(entries[-1])
    assert batch.error_counts == {"KeyError": 20, "ValueError": 10}
    assert batch.failures == entries[:20]


def test_the_slowest_successful_tasks_are_kept_slowest_first(ended):
    batch = BatchStats("work()")
    for seconds in (3, 1, 9, 2, 7):
        batch.started()
        batch.ended(ended(seconds))
    batch.started()
    batch.ended(ended(100, ValueError()))
    assert [entry.seconds for entry in batch.slowest] == [9, 7, 3]
    assert list(batch.durations) == [3, 1, 9, 2, 7, 100]


def test_the_rate_and_what_is_left_follow_from_what_has_finished(ended):
    batch = BatchStats("work()", total=10)
    assert batch.seconds_left is None
    for _ in range(5):
        batch.started()
        batch.ended(ended(1))
    batch.started_at = datetime.now(UTC) - timedelta(seconds=10)
    assert batch.rate == pytest.approx(0.5, rel=0.2)
    assert batch.seconds_left == pytest.approx(10, rel=0.2)
    batch.finished_at = batch.started_at + timedelta(seconds=5)
    assert batch.rate == 1
    assert batch.seconds_left is None
