"""Results in the order in which they finish, for `for` and `async for`."""

from __future__ import annotations

import asyncio
import threading

import pytest

from immediate_tasks_ipy.batches import BatchRun, BatchStats, TaskResults, jobs_of_items
from immediate_tasks_ipy.task_history import Job, Recorder, Submission, set_current_recorder
from immediate_tasks_ipy.tasks import Task, task_backends

gates = {}


@pytest.fixture(autouse=True)
def recorder():
    recorder = Recorder()
    recorder.connect()
    set_current_recorder(recorder)
    gates.clear()
    yield recorder
    set_current_recorder(None)


async def held(number):
    await gates[number].wait()
    return number


def double(number):
    return 2 * number


def made(function, items, **options):
    task, backend = Task(func=function), task_backends["default"]

    def job(item):
        return Job(task, backend, (item,), {}, Submission())

    return BatchRun(jobs_of_items(items, job), stats=BatchStats("held(…)"), **options)


async def test_results_come_as_they_finish():
    gates.update({number: asyncio.Event() for number in range(4)})
    batch = made(held, range(4), concurrency=4)
    running = asyncio.create_task(batch.run())
    await asyncio.sleep(0)
    order, seen = [2, 0, 3, 1], []
    gates[2].set()
    async for result in TaskResults(batch=batch).as_completed():
        seen.append(result.return_value)
        if len(seen) < 4:
            gates[order[len(seen)]].set()
    assert seen == order
    await running


async def test_those_that_have_finished_come_first_and_once():
    batch = made(double, range(5))
    await batch.run()
    results = TaskResults(batch=batch)
    assert [r.return_value async for r in results.as_completed()] == [0, 2, 4, 6, 8]
    assert [r.return_value for r in results.as_completed()] == [0, 2, 4, 6, 8]
    assert [r.return_value for r in results[1:3].as_completed()] == [2, 4]


async def test_a_plain_loop_on_the_loop_that_runs_the_tasks_is_refused():
    gates[0] = asyncio.Event()
    batch = made(held, [0], concurrency=2)
    running = asyncio.create_task(batch.run())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match=r"async for result in results\.as_completed"):
        iter(TaskResults(batch=batch).as_completed())
    gates[0].set()
    await running


def test_a_plain_loop_waits_for_a_batch_of_another_thread():
    batch = made(double, range(50), concurrency=3)
    results = TaskResults(batch=batch)
    thread = threading.Thread(target=lambda: asyncio.run(batch.run()))
    thread.start()
    seen = sorted(result.return_value for result in results.as_completed())
    thread.join()
    assert seen == [2 * number for number in range(50)]


async def test_results_without_a_batch_come_as_they_finish_too():
    gates.update({number: asyncio.Event() for number in range(2)})
    task, backend = Task(func=held), task_backends["default"]
    loop = asyncio.get_running_loop()
    results = TaskResults([backend.submit(task, [n], {}, loop=loop) for n in range(2)])
    gates[1].set()
    seen = []
    async for result in results.as_completed():
        seen.append(result.return_value)
        gates[0].set()
    assert seen == [1, 0]


async def test_an_interrupted_batch_ends_the_iteration():
    gates.update({number: asyncio.Event() for number in range(3)})
    gates[0].set()
    batch = made(held, range(3), concurrency=3)
    running = asyncio.create_task(batch.run())
    while len(batch.items.live) < 3:  # from Python 3.12 on, a finished item may come before
        await asyncio.sleep(0)
    seen = []
    async for result in TaskResults(batch=batch).as_completed():
        seen.append(str(result.status))
        if len(seen) == 1:
            batch.cancel()
    await running
    assert seen == ["SUCCESSFUL", "FAILED", "FAILED"]
