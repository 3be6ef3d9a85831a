"""Jobs that wait for room on an engine."""

from __future__ import annotations

from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.backends.remote import Job
from immediate_tasks_ipy.tasks.backends.remote.job_queue import JobQueue
from immediate_tasks_ipy.tasks.backends.remote.pickled_function import PickledFunction
from immediate_tasks_ipy.tasks.lifecycle import fail, new_result


def nothing():
    pass


def job(priority=0):
    result = new_result(Task(func=nothing, priority=priority), "somewhere", (), {})
    return Job(None, result, PickledFunction(b"", None))


def test_a_higher_priority_goes_first_and_equal_ones_in_their_order():
    queue = JobQueue()
    low, first, second, high = job(-1), job(), job(), job(1)
    for one in (low, first, second, high):
        queue.put(one)
    assert queue.take(3) == [high, first, second]
    assert len(queue) == 1
    assert queue.take(3) == [low]


def test_jobs_whose_results_have_finished_are_dropped():
    queue = JobQueue()
    cancelled, waiting = job(1), job()
    queue.put(cancelled)
    queue.put(waiting)
    fail(cancelled.result, RuntimeError("cancelled"))
    assert queue.take_all() == [waiting]
    assert len(queue) == 0
