"""A batch that was ended early keeps what there is, and goes on; failures run again, once."""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading

import pytest

from immediate_tasks_ipy.batches import BatchRun, BatchStats, ItemError, TaskResults, jobs_of_items
from immediate_tasks_ipy.batches import known_batches as batches
from immediate_tasks_ipy.task_history import Job, Recorder, Submission, set_current_recorder
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.task_history.rerun import rerun
from immediate_tasks_ipy.tasks import Task, task_backends
from tests.support.services import PATIENCE

calls = []
gate = None
broken = True


@pytest.fixture(autouse=True)
def recorder():
    global broken, gate
    broken, gate = True, asyncio.Event()
    calls.clear()
    recorder = Recorder()
    recorder.connect()
    set_current_recorder(recorder)
    yield recorder
    set_current_recorder(None)


def invert(number):
    calls.append(number)
    if broken and number % 4 == 3:
        raise ZeroDivisionError(number)
    return number * 10


async def wait_at_five(number):
    calls.append(number)
    if broken and number == 5:
        await gate.wait()
    return number


def stop_at_five(number):
    calls.append(number)
    if broken and number == 5:
        raise KeyboardInterrupt
    return number


async def fail_or_give(number):
    await asyncio.sleep(0)
    return invert(number)


def made(function, items, **options):
    task, backend = Task(func=function), task_backends["default"]

    def job(item):
        return Job(task, backend, (item,), {}, Submission())

    stats = BatchStats(f"{function.__name__}(…)", len(items) if hasattr(items, "__len__") else None)
    options.setdefault("in_place", not asyncio.iscoroutinefunction(function))
    return BatchRun(jobs_of_items(items, job), stats=stats, **options)


def values(batch):
    return [r.return_value if r.status == "SUCCESSFUL" else None for r in batch.results]


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


def repair():
    global broken
    broken = False
    gate.set()


async def interrupted(batch):
    """Interrupt a batch on the loop as the stop button does."""
    running = asyncio.create_task(batch.run())
    await until(lambda: 5 in calls)
    batch.stop(KeyboardInterrupt())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("kind", [list, iter])
async def test_an_interrupted_batch_goes_on_where_it_was(kind, concurrency):
    batch = made(wait_at_five, kind(range(12)), concurrency=concurrency)
    await interrupted(batch)
    assert values(batch)[:5] == [0, 1, 2, 3, 4]
    assert batch.results[5].errors[0].exception_class is KeyboardInterrupt
    assert (batch.stats.failed, batch.stats.was_interrupted) == (0, True)
    assert batch.can_resume
    repair()
    await batch.resume()
    assert values(batch) == list(range(12))
    counts = batch.stats
    assert (counts.successful, counts.failed, counts.cancelled, counts.running) == (12, 0, 0, 0)
    assert (counts.interruptions, counts.was_interrupted, counts.error) == (1, False, None)
    assert sorted(set(calls)) == list(range(12))
    assert calls.count(3) == 1, "what was successful does not run again"
    assert not batch.can_resume


@pytest.mark.parametrize("kind", [list, iter, lambda items: (item for item in items)])
def test_in_place_too(kind):
    batch = made(stop_at_five, kind(range(12)))
    with pytest.raises(KeyboardInterrupt):
        batch.run_sync()
    assert values(batch) == [0, 1, 2, 3, 4, None]
    repair()
    assert TaskResults(batch=batch).resume().return_values == list(range(12))
    assert [calls.count(item) for item in range(12)] == [1] * 5 + [2] + [1] * 6


def test_an_interrupt_while_a_generator_is_read_does_not_lose_the_rest_silently():
    def items():
        yield 0
        raise KeyboardInterrupt

    batch = made(invert, items())
    with pytest.raises(KeyboardInterrupt):
        batch.run_sync()
    assert not batch.can_resume
    with pytest.raises(ValueError, match="nothing to go on with"):
        TaskResults(batch=batch).resume()


def test_an_iterable_that_can_be_read_again_goes_on_where_it_was():
    class Pages:
        def __iter__(self):
            for number in range(6):
                if broken and number == 2:
                    raise OSError("the line went dead")
                yield number

    batch = made(invert, Pages())
    with pytest.raises(ItemError):
        batch.run_sync()
    repair()
    assert TaskResults(batch=batch).resume().return_values == [0, 10, 20, 30, 40, 50]
    assert calls == [0, 1, 2, 3, 4, 5]


def test_a_refused_item_is_left_out_when_the_batch_goes_on():
    batch = made(invert, [0, object(), 2])
    with pytest.raises(ItemError):
        batch.run_sync()
    results = TaskResults(batch=batch)
    assert [r.return_value for r in results] == [0]
    assert [r.return_value for r in results.resume()] == [0, 20]
    assert results[1].args == [2]


async def test_a_batch_that_is_cancelled_ends_whole_and_quietly():
    batch = made(wait_at_five, itertools.count(), concurrency=4)
    results = TaskResults(batch=batch)
    running = asyncio.create_task(batch.run())
    await until(lambda: 5 in calls)
    results.cancel()
    await running
    assert running.cancelling() == 0
    assert batch.stats.was_cancelled
    assert batch.stats.failed == 0
    assert batch.stats.cancelled >= 1
    assert results.is_finished
    assert results.failed == []
    assert len(asyncio.all_tasks()) == 1


def test_a_batch_in_a_thread_is_cancelled_from_another():
    started = threading.Event()

    async def work(number):
        started.set()
        await asyncio.sleep(0)

    work.__qualname__ = "work"
    batch = made(work, iter(int, 1), concurrency=2)
    thread = threading.Thread(target=lambda: asyncio.run(batch.run()))
    thread.start()
    assert started.wait(PATIENCE)
    batches.cancel_all()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert batch.stats.was_cancelled


async def test_a_cancelled_batch_can_go_on():
    batch = made(wait_at_five, list(range(9)), concurrency=2)
    running = asyncio.create_task(batch.run())
    await until(lambda: 5 in calls)
    batch.cancel()
    await running
    repair()
    results = TaskResults(batch=batch)
    await results.aresume()
    assert results.return_values == list(range(9))


async def test_a_running_batch_is_not_resumed():
    batch = made(wait_at_five, list(range(9)), concurrency=2)
    running = asyncio.create_task(batch.run())
    await until(lambda: 5 in calls)
    with pytest.raises(ValueError, match="is running"):
        TaskResults(batch=batch).resume()
    repair()
    await running


@pytest.mark.parametrize("function", [invert, fail_or_give])
async def test_failures_run_again_in_their_places_and_once(function):
    batch = made(function, list(range(8)), concurrency=2)
    await batch.run()
    results = TaskResults(batch=batch)
    assert len(results.failed) == 2
    repair()
    calls.clear()
    assert await results.arerun_failed() is results
    assert results.return_values == [n * 10 for n in range(8)]
    assert sorted(calls) == [3, 7]
    assert (batch.stats.failed, batch.stats.successful, batch.stats.rerun) == (0, 8, 2)
    assert batch.stats.failures == []
    await results.arerun_failed()
    results.rerun_failed()
    assert sorted(calls) == [3, 7]


def test_failures_of_a_plain_list_run_again_once_too():
    task = Task(func=invert)
    results = TaskResults([task.enqueue(number) for number in range(8)])
    repair()
    first = results.rerun_failed()
    second = results.rerun_failed()
    assert first.return_values == second.return_values == [n * 10 for n in range(8)]
    assert calls.count(3) == 2


async def test_two_that_run_failures_again_at_once_run_them_once():
    batch = made(fail_or_give, list(range(8)), concurrency=1)
    await batch.run()
    results = TaskResults(batch=batch)
    repair()
    calls.clear()
    await asyncio.gather(results.arerun_failed(), results.arerun_failed())
    assert sorted(calls) == [3, 7]


async def test_what_was_cancelled_is_no_failure_to_run_again():
    batch = made(wait_at_five, list(range(8)), concurrency=3)
    running = asyncio.create_task(batch.run())
    await until(lambda: 5 in calls)
    cancel(batch.items.live[5])
    await running
    results = TaskResults(batch=batch)
    assert (len(results.failed), batch.stats.cancelled, batch.stats.failed) == (0, 1, 0)
    assert "1 cancelled" in repr(results)
    calls.clear()
    await results.arerun_failed()
    assert calls == []


async def test_a_run_from_elsewhere_takes_its_items_place(recorder):
    batch = made(invert, list(range(4)))
    batch.run_sync()
    repair()
    new = rerun(batch.results[3])
    assert batch.results[3] is new
    assert (batch.stats.failed, batch.stats.successful) == (0, 4)
    assert batch.stats.finished_at is not None
    assert [entry.item for entry in recorder] == [0, 1, 2, 3, 3]


def test_the_functions_are_looked_up_again(monkeypatch):
    batch = made(invert, list(range(4)))
    batch.run_sync()

    def fixed(number):
        return "fixed"

    fixed.__qualname__ = fixed.__name__ = "invert"
    monkeypatch.setattr(sys.modules[__name__], "invert", fixed)
    assert TaskResults(batch=batch).rerun_failed().return_values == [0, 10, 20, "fixed"]


def test_results_beyond_the_history_run_again_too(recorder):
    recorder.limit = 2
    batch = made(invert, list(range(8)))
    batch.run_sync()
    repair()
    assert TaskResults(batch=batch).rerun_failed().return_values == [n * 10 for n in range(8)]
    assert len(recorder) == 2


def test_a_data_frame_of_many_results_leaves_the_history_its_bound(recorder):
    pytest.importorskip("pandas")
    recorder.limit = 2
    batch = made(invert, list(range(8)))
    batch.run_sync()
    frame = TaskResults(batch=batch).to_frame()
    assert list(frame["number"]) == list(range(8))
    assert frame.columns[0] == "number"
    assert len(recorder) == 2


def spread(first, *rest, id=0, **more):  # noqa: A002
    return first


def test_a_data_frame_has_a_column_for_each_argument():
    pytest.importorskip("pandas")
    task = Task(func=spread)
    results = TaskResults([task.enqueue(1, 2, 3, id=7), task.enqueue(5, colour="red")])
    frame = results.to_frame()
    assert list(frame["first"]) == [1, 5]
    assert frame["rest"][0] == [2, 3]
    assert frame["id_"][0] == 7
    assert frame["colour"].isna()[0]
    assert frame["colour"][1] == "red"
    assert list(frame["id"]) == [result.id for result in results]


async def test_results_can_be_read_while_they_fill():
    batch = made(wait_at_five, list(range(12)), concurrency=2)
    results = TaskResults(batch=batch)
    assert len(results) == 0
    running = asyncio.create_task(batch.run())
    await until(lambda: 5 in calls)
    assert results[0].return_value == 0
    assert results[-1] is list(results)[-1]
    assert 5 < len(results) < 12 or len(results) == 12
    with pytest.raises(IndexError):
        results[12]
    repair()
    await running
    assert results.return_values == list(range(12))


def test_indexing_does_not_copy_the_results():
    batch = made(invert, list(range(3)))
    batch.run_sync()
    results = TaskResults(batch=batch)

    class Untouchable(list):
        def __iter__(self):
            raise AssertionError

    batch.items.live = Untouchable(batch.items.live)
    assert results[1].return_value == 10
    assert len(results) == 3
