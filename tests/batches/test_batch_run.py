from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import threading
import traceback
import weakref
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

import pytest

from immediate_tasks_ipy.batches import BatchRun, BatchStats, ItemError, batch_run, jobs_of_items
from immediate_tasks_ipy.batches.items import known_size
from immediate_tasks_ipy.batches.job_runner import JobRunner
from immediate_tasks_ipy.display.batches.card import batch_card
from immediate_tasks_ipy.display.batches.text import batch_text
from immediate_tasks_ipy.ipython.presentation import capture
from immediate_tasks_ipy.task_history import Job, Origin, Recorder, Submission, current_submission
from immediate_tasks_ipy.tasks import Task, task_backends
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.execution import running_result
from immediate_tasks_ipy.tasks.backends.immediate import ImmediateBackend
from immediate_tasks_ipy.tasks.lifecycle import new_result, start, succeed
from immediate_tasks_ipy.tasks.signals import (
    task_enqueued,
    task_finished,
    task_noted,
    task_started,
)


@pytest.fixture
def recorder():
    recorder = Recorder()
    recorder.connect()
    yield recorder
    recorder.disconnect()
    assert recorder._observers == (), "a batch that has ended no longer observes the history"


@pytest.fixture
def each(recorder):
    """Make what runs a task per item, of a function or of what `call` makes of an item."""

    def make(function, *, call=None, backend=None, origin=None, **options):
        return Each(recorder, function, (call, backend, origin), options)

    return make


class Each:
    """A BatchRun whose items are given when it is run; its counts are `each.batch`."""

    def __init__(self, recorder, function, how, options):
        call, backend, origin = how
        task = as_task(function)
        self.batch = BatchStats(function.__name__)
        self._backend = backend or task_backends["default"]
        self._call = call or (lambda item: Call(task, (item,)))
        self._origin = origin or Origin()
        self._options = {**options, "stats": self.batch, "recorder": recorder}

    def made(self, items):
        def job(item):
            call = self._call(item)
            origin = replace(self._origin, label=call.label)
            submission = Submission(origin, self._backend)
            return Job(call.task, self._backend, call.args, call.kwargs, submission)

        self.batch.total = known_size(items)
        self.batch_run = BatchRun(jobs_of_items(items, job), **self._options)
        return self.batch_run

    async def run(self, items):
        return await self.made(items).run()

    def run_sync(self, items):
        return self.made(items).run_sync()

    def stop(self, error):
        self.batch_run.stop(error)

    @property
    def results(self):
        return self.batch_run.results


class Call(NamedTuple):
    task: object
    args: tuple = ()
    kwargs: Mapping = MappingProxyType({})
    label: str | None = None


def as_task(function):
    function.__qualname__ = function.__name__
    return Task(func=function)


def values(results):
    return [result.return_value for result in results]


def statuses(results):
    return [str(result.status) for result in results]


def errors(results):
    return [r.errors[-1].exception_class.__name__ if r.errors else None for r in results]


def counts(batch):
    return (batch.enqueued, batch.running, batch.successful, batch.failed)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


def double(item):
    return item * 2


async def adouble(item):
    return item * 2


@pytest.mark.parametrize("concurrency", [1, 3, 100])
@pytest.mark.parametrize("function", [double, adouble])
async def test_results_keep_the_order_of_the_items(each, function, concurrency):
    runner = each(function, concurrency=concurrency)
    results = await runner.run(range(20))
    assert values(results) == [2 * item for item in range(20)]
    assert runner.results == results
    assert counts(runner.batch) == (20, 0, 20, 0)
    assert runner.batch.total == 20
    assert runner.batch.finished_at is not None
    assert runner.batch.error is None


async def test_tasks_that_end_in_another_order_keep_that_of_the_items(each):
    gates = [asyncio.Event() for _ in range(4)]

    async def wait_for_gate(item):
        await gates[item].wait()
        if item:
            gates[item - 1].set()
        return item

    gates[3].set()
    assert values(await each(wait_for_gate, concurrency=4).run(range(4))) == [0, 1, 2, 3]


async def test_at_most_so_many_are_in_flight(each):
    running, most = 0, 0

    async def work(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await each(work, concurrency=5).run(range(40))
    assert most == 5


async def test_a_batch_says_what_most_of_its_tasks_wait_for_until_they_end(each):
    seen, gate = [], asyncio.Event()

    async def waits(item):
        seen.append(running_result.get())
        await gate.wait()

    runner = each(waits, concurrency=3)
    running = asyncio.ensure_future(runner.run(range(3)))
    await until(lambda: len(seen) == 3)
    for result, text in zip(seen, ("no workers", "no workers", "silent"), strict=True):
        task_noted.send(None, task_result=result, text=text)
    assert runner.batch.note == ("no workers", 2)
    for show in (batch_card, batch_text):
        assert "2 tasks: no workers" in show(runner.batch, now=datetime.now(UTC))

    for result in seen[:2]:
        task_noted.send(None, task_result=result, text=None)
    assert runner.batch.note == ("silent", 1)
    gate.set()
    await running
    assert runner.batch.note is None


async def test_more_are_in_flight_once_their_backend_wants_more(each, monkeypatch):
    gate, running, wanted = asyncio.Event(), 0, 2
    monkeypatch.setattr(ImmediateBackend, "concurrency", property(lambda _: wanted))

    async def work(item):
        nonlocal running
        running += 1
        await gate.wait()

    task = asyncio.ensure_future(each(work, concurrency=2, may_grow=True).run(range(9)))
    await until(lambda: running == 2)
    # It looks when one ends: the first of a cluster that grows does soon.
    wanted = 5
    gate.set()
    gate.clear()
    await until(lambda: running == 7)
    gate.set()
    assert len(await task) == 9


async def test_sync_functions_run_in_that_many_threads(each):
    barrier = threading.Barrier(3, timeout=20)
    threads = set()

    def meet(item):
        barrier.wait()
        threads.add(threading.current_thread())

    results = await each(meet, concurrency=3).run(range(9))
    assert statuses(results) == ["SUCCESSFUL"] * 9
    assert threading.main_thread() not in threads
    assert all(thread.daemon for thread in threads)


async def test_sync_functions_run_in_place_one_after_the_other_unless_told_otherwise(each):
    seen = []

    def work(item):
        seen.append((item, threading.current_thread()))

    await each(work).run(range(5))
    assert seen == [(item, threading.main_thread()) for item in range(5)]


@pytest.mark.parametrize("function", [double, adouble])
async def test_a_generator_is_read_only_as_far_as_there_is_room(each, function):
    running = each(function, concurrency=4)
    ahead = []

    def items():
        for item in range(50):
            # The results before it that have not ended, and this one.
            live = running.batch_run.items.live
            ahead.append(sum(result is None or not result.is_finished for result in live) + 1)
            yield item

    assert len(await running.run(items())) == 50
    assert max(ahead) <= 4


async def test_an_endless_generator_is_closed_when_the_batch_ends_early(each):
    closed = []

    def items():
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    def refuse(item):
        raise LookupError("no such item")

    with pytest.raises(ItemError):
        await each(adouble, call=refuse).run(items())
    assert closed == [True]


async def test_async_iterables_are_items_too(each):
    async def items():
        for item in range(10):
            await asyncio.sleep(0)
            yield item

    runner = each(adouble, concurrency=3)
    assert values(await runner.run(items())) == [2 * item for item in range(10)]
    assert runner.batch.total is None


async def test_tasks_go_on_while_an_async_iterable_keeps_waiting(each):
    done = asyncio.Event()

    async def work(item):
        done.set()

    async def items():
        yield 1
        await done.wait()
        yield 2

    assert len(await each(work, concurrency=8).run(items())) == 2


async def test_no_items_are_no_tasks(each):
    runner = each(adouble)
    assert await runner.run([]) == []
    assert runner.batch.finished_at is not None


async def test_failures_are_results_like_others(each):
    async def invert(item):
        return 1 / item

    runner = each(invert, concurrency=2)
    results = await runner.run([1, 0, 2, 0])
    assert statuses(results) == ["SUCCESSFUL", "FAILED", "SUCCESSFUL", "FAILED"]
    assert counts(runner.batch) == (4, 0, 2, 2)
    assert runner.batch.error_counts == {"ZeroDivisionError": 2}
    assert [entry.result for entry in runner.batch.failures] == [results[1], results[3]]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_error_in_the_iterable_ends_the_batch_with_the_index(each, asynchronous):
    gate = asyncio.Event()

    async def work(item):
        await gate.wait()
        return item

    def items():
        yield 0
        yield 1
        asyncio.get_running_loop().call_later(0.01, gate.set)
        raise OSError("the file ended")

    async def aitems():
        for item in items():
            yield item

    runner = each(work, concurrency=8)
    with pytest.raises(ItemError, match="item 2: OSError: the file ended") as caught:
        await runner.run(aitems() if asynchronous else items())
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.index == 2
    assert values(caught.value.results) == [0, 1]
    assert runner.batch.error == str(caught.value)
    assert counts(runner.batch) == (2, 0, 2, 0)


class Unreadable:
    def __iter__(self):
        raise OSError("no such file")


async def test_an_iterable_that_cannot_be_opened_fails_at_its_first_item(each):
    with pytest.raises(ItemError, match="item 0: OSError: no such file"):
        await each(adouble).run(Unreadable())
    with pytest.raises(ItemError, match="item 0: OSError: no such file"):
        each(double).run_sync(Unreadable())


class OldSequence:
    def __getitem__(self, index):
        return [1, 2, 3][index]


async def test_a_sequence_without_iter_is_read_by_its_indexes(each):
    assert values(await each(adouble).run(OldSequence())) == [2, 4, 6]
    assert values(each(double).run_sync(OldSequence())) == [2, 4, 6]


@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize("function", [double, adouble])
async def test_an_item_that_is_no_json_ends_the_batch_with_the_index(each, function, concurrency):
    runner = each(function, concurrency=concurrency)
    with pytest.raises(ItemError, match=r"item 2: argument 1 of a?double is an object") as caught:
        await runner.run([1, 2, object(), 3, 4, 5])
    assert isinstance(caught.value.__cause__, TypeError)
    assert values(caught.value.results)[:2] == [2, 4]
    assert runner.batch.running == 0
    assert runner.batch.finished_at is not None


async def test_a_call_that_cannot_be_made_ends_the_batch_with_the_index(each):
    task = as_task(adouble)
    runner = each(adouble, call=lambda item: Call(task, (item["x"],)))
    with pytest.raises(ItemError, match="The call could not be made for item 1: KeyError: 'x'"):
        await runner.run([{"x": 1}, {}, {"x": 2}])
    assert counts(runner.batch) == (1, 0, 1, 0)


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("function", [double, adouble])
async def test_each_task_has_a_context_and_an_origin_of_its_own(
    each, recorder, function, concurrency
):
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []

    def note(item):
        seen.append(variable.get())
        variable.set(item)

    async def anote(item):
        note(item)

    chosen = as_task(anote if function is adouble else note)
    runner = each(
        function,
        call=lambda item: Call(chosen, (item,), {}, f"note({item})"),
        concurrency=concurrency,
        origin=Origin(cell=7, source="the cell"),
    )
    await runner.run(range(5))
    assert seen == ["unset"] * 5
    assert variable.get() == "unset"
    assert [entry.origin.label for entry in recorder] == [f"note({n})" for n in range(5)]
    assert {entry.origin.cell for entry in recorder} == {7}
    assert {entry.origin.source for entry in recorder} == {"the cell"}
    assert current_submission.get() is None


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_tasks_see_the_context_variables_of_the_cell(each, asynchronous, concurrency):
    variable = contextvars.ContextVar("variable")
    variable.set("of the cell")

    def read(item):
        return variable.get()

    async def aread(item):
        return variable.get()

    runner = each(aread if asynchronous else read, concurrency=concurrency)
    assert values(await runner.run([1, 2])) == ["of the cell"] * 2


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("function", [double, adouble])
async def test_each_task_keeps_its_own_prints(each, recorder, function, concurrency, capsys):
    class Shell:
        class display_pub:  # noqa: N801
            @staticmethod
            def publish(data):
                raise AssertionError

            @staticmethod
            def clear_output():
                raise AssertionError

    def work(item):
        print("item", item)

    async def awork(item):
        work(item)
        await asyncio.sleep(0)
        print("again", file=sys.stderr)

    capture.install(Shell)
    try:
        await each(awork if function is adouble else work, concurrency=concurrency).run(range(6))
        print("outside")
    finally:
        capture.uninstall()
    more = "again\n" if function is adouble else ""
    assert [entry.output for entry in recorder] == [f"item {n}\n{more}" for n in range(6)]
    assert all(entry.output_redirected for entry in recorder)
    assert capsys.readouterr() == ("outside\n", "")


async def test_without_capture_there_is_no_output(each, recorder):
    await each(adouble, capture=False).run([1])
    [entry] = recorder
    assert entry.submission.output is None
    assert not entry.output_redirected


async def test_tasks_that_a_task_enqueues_are_not_counted(each, recorder):
    inner = as_task(double)

    async def outer(item):
        return (await inner.aenqueue(item)).return_value

    runner = each(outer, origin=Origin(cell=3))
    assert values(await runner.run([1, 2])) == [2, 4]
    assert counts(runner.batch) == (2, 0, 2, 0)
    assert [entry.result.task.name for entry in recorder] == ["outer", "double"] * 2
    assert {entry.origin.cell for entry in recorder} == {3}


@pytest.mark.parametrize("concurrency", [2, 8])
async def test_async_tasks_that_take_too_long_fail_with_timeout_error(each, concurrency):
    async def hang(item):
        if item % 2:
            await asyncio.Event().wait()
        return item

    runner = each(hang, concurrency=concurrency, timeout=0.02)
    results = await runner.run(range(6))
    assert errors(results) == [None, "TimeoutError"] * 3
    assert "within 0.02 seconds" in results[1].errors[0].traceback
    assert runner.batch.error_counts == {"TimeoutError": 3}
    assert len(asyncio.all_tasks()) == 1


async def test_threads_that_take_too_long_are_given_up(each):
    gate = threading.Event()

    def hang(item):
        if item == 1:
            gate.wait(20)
        return item

    try:
        results = await each(hang, concurrency=2, timeout=0.05).run(range(4))
    finally:
        gate.set()
    assert errors(results) == [None, "TimeoutError", None, None]
    assert results[1]._abandoned


async def test_a_timeout_that_is_not_reached_does_nothing(each, monkeypatch):
    made = []
    monkeypatch.setattr(batch_run, "JobRunner", lambda *a: made.append(JobRunner(*a)) or made[0])
    runner = each(adouble, concurrency=3, timeout=1000)
    assert values(await runner.run(range(5))) == [0, 2, 4, 6, 8]
    assert [one.timers for one in made] == [{}]


async def test_cancelling_ends_the_tasks_in_flight(each):
    started = []

    async def hang(item):
        started.append(item)
        await asyncio.Event().wait()

    runner = each(hang, concurrency=3)
    batch_task = asyncio.create_task(runner.run(iter(range(1000))))
    await until(lambda: len(started) == 3)
    batch_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch_task
    assert errors(runner.results) == ["CancelledError"] * 3
    assert counts(runner.batch) == (3, 0, 0, 3)
    assert runner.batch.error == "Interrupted after 3 items."
    assert runner.batch.finished_at is not None
    assert len(asyncio.all_tasks()) == 1


async def test_cancelling_gives_threads_up(each):
    gate, started = threading.Event(), []

    def hang(item):
        started.append(item)
        gate.wait(20)

    runner = each(hang, concurrency=2)
    batch_task = asyncio.create_task(runner.run(range(10)))
    await until(lambda: len(started) == 2)
    batch_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch_task
    gate.set()
    assert statuses(runner.results) == ["FAILED"] * 2
    assert all(result._abandoned for result in runner.results)


async def test_a_batch_can_be_cancelled_while_its_iterable_keeps_it_waiting(each):
    waiting = asyncio.Event()
    closed = []

    async def items():
        try:
            yield 1
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    runner = each(adouble, concurrency=3)
    batch_task = asyncio.create_task(runner.run(items()))
    await waiting.wait()
    batch_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch_task
    assert closed == [True]
    assert values(runner.results) == [2]


async def test_stopping_fails_the_tasks_in_flight_with_the_reason(each):
    started = []

    async def hang(item):
        started.append(item)
        await asyncio.Event().wait()

    runner = each(hang, concurrency=3)
    batch_task = asyncio.create_task(runner.run(range(10)))
    await until(lambda: len(started) == 3)
    runner.stop(KeyboardInterrupt())
    batch_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch_task
    assert errors(runner.results) == ["KeyboardInterrupt"] * 3


async def test_a_task_that_refuses_to_be_cancelled_does_not_hold_the_batch(each):
    started, released = [], asyncio.Event()

    async def stubborn(item):
        started.append(item)
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    runner = each(stubborn, concurrency=2)
    batch_task = asyncio.create_task(runner.run(range(2)))
    await until(lambda: len(started) == 2)
    batch_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch_task
    released.set()
    await until(lambda: runner.batch.finished_at is not None)
    assert counts(runner.batch)[1] == 0


async def test_a_keyboard_interrupt_in_one_task_ends_them_all(each):
    started = []

    async def work(item):
        started.append(item)
        if item == 2:
            raise KeyboardInterrupt
        await asyncio.Event().wait()

    async def body():
        # As the magic runs it: the interrupt must not escape an asyncio task.
        try:
            await runner.run(range(10))
        except KeyboardInterrupt as error:
            return error, asyncio.current_task().cancelling()

    runner = each(work, concurrency=3)
    error, cancelling = await asyncio.create_task(body())
    assert isinstance(error, KeyboardInterrupt)
    assert cancelling == 0
    assert errors(runner.results) == ["KeyboardInterrupt"] * 3


async def test_an_interrupt_in_the_last_task_is_raised_too(each):
    async def work(item):
        raise KeyboardInterrupt

    async def body():
        try:
            await runner.run([1])
        except KeyboardInterrupt:
            return asyncio.current_task().cancelling()

    runner = each(work, concurrency=3)
    assert await asyncio.create_task(body()) == 0
    assert errors(runner.results) == ["KeyboardInterrupt"]


async def test_tasks_that_never_wait_let_the_loop_go_on(each):
    turns = []

    async def tick():
        while True:
            turns.append(True)
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await each(adouble, concurrency=4).run(range(2000))
    ticking.cancel()
    assert len(turns) > 1


async def test_a_receiver_that_raises_ends_the_batch(each):
    def receiver(**_):
        raise RuntimeError("from the receiver")

    task_started.connect(receiver, weak=False, dispatch_uid="test")
    try:
        runner = each(adouble)
        with pytest.raises(ItemError, match="item 0: RuntimeError: from the receiver"):
            await runner.run(range(10))
    finally:
        task_started.disconnect(dispatch_uid="test")
    assert counts(runner.batch) == (1, 0, 0, 1)


def test_in_place_the_batch_needs_no_loop(each):
    runner = each(double)
    assert values(runner.run_sync(range(5))) == [0, 2, 4, 6, 8]
    assert counts(runner.batch) == (5, 0, 5, 0)
    assert runner.batch.finished_at is not None


def test_in_place_async_functions_work_too(each):
    assert values(each(adouble).run_sync(iter([1, 2]))) == [2, 4]


def test_in_place_an_error_in_the_iterable_ends_the_batch(each):
    def items():
        yield 1
        raise OSError("gone")

    runner = each(double)
    with pytest.raises(ItemError, match="item 1: OSError: gone") as caught:
        runner.run_sync(items())
    assert values(caught.value.results) == [2]
    assert runner.batch.error == str(caught.value)


def test_in_place_an_interrupt_ends_the_batch(each):
    def interrupt(item):
        if item:
            raise KeyboardInterrupt

    runner = each(interrupt)
    with pytest.raises(KeyboardInterrupt):
        runner.run_sync(range(9))
    assert errors(runner.results) == [None, "KeyboardInterrupt"]
    assert runner.batch.error == "Interrupted after 2 items."


def test_in_place_an_async_iterable_is_refused(each):
    async def items():
        yield 1

    with pytest.raises(TypeError, match="needs a running loop"):
        each(double).run_sync(items())


class SlowBackend(BaseTaskBackend):
    """Returns results that are READY, and finishes them when told; like a cluster."""

    finishes_tasks = True

    def __init__(self):
        super().__init__("slow", {})
        self.pending = []

    def enqueue(self, task, args, kwargs):
        result = new_result(task, self.alias, args, kwargs)
        task_enqueued.send(type(self), task_result=result)
        self.pending.append(result)
        return result

    async def aenqueue(self, task, args, kwargs):
        return self.enqueue(task, args, kwargs)

    def finish(self):
        result = self.pending.pop(0)
        start(result, "worker")
        task_started.send(type(self), task_result=result)
        succeed(result, result.args[0], ())
        task_finished.send(type(self), task_result=result)


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("in_thread", [False, True])
async def test_results_that_finish_elsewhere_are_waited_for(each, concurrency, in_thread):
    backend = SlowBackend()
    runner = each(double, backend=backend, concurrency=concurrency)
    batch_task = asyncio.create_task(runner.run(range(7)))
    for _ in range(7):
        await until(lambda: backend.pending)
        assert len(backend.pending) <= concurrency
        await (
            asyncio.to_thread(backend.finish) if in_thread else asyncio.sleep(0, backend.finish())
        )
    assert values(await batch_task) == list(range(7))
    assert counts(runner.batch) == (7, 0, 7, 0)


async def test_a_backend_that_only_queues_is_not_waited_for_and_still_counted(each, monkeypatch):
    backend = SlowBackend()
    backend.finishes_tasks = False
    runner = each(double, backend=backend, concurrency=2)
    results = await runner.run(range(3))
    assert statuses(results) == ["READY"] * 3
    assert counts(runner.batch) == (3, 0, 0, 0)
    assert runner.batch.finished_at is None
    for _ in range(3):
        backend.finish()
    assert counts(runner.batch) == (3, 0, 3, 0)
    assert runner.batch.finished_at is not None


async def test_a_backend_that_only_queues_is_waited_for_on_demand(each):
    backend = SlowBackend()
    backend.finishes_tasks = False
    runner = each(double, backend=backend, concurrency=2, wait=True)
    batch_task = asyncio.create_task(runner.run(range(3)))
    for _ in range(3):
        await until(lambda: backend.pending)
        backend.finish()
    assert values(await batch_task) == [0, 1, 2]


async def test_what_a_batch_leaves_in_the_history_keeps_nothing_else_alive(each, recorder):
    class Item(dict):
        pass

    items = [Item(n=n) for n in range(10)]
    references = [weakref.ref(item) for item in items]
    task = as_task(adouble)
    runner = each(adouble, call=lambda item: Call(task, (item["n"],)))
    await runner.run(items)
    progress = weakref.ref(runner.batch_run)
    del items, runner
    gc.collect()
    assert len(recorder) == 10
    assert not any(reference() for reference in references)
    assert progress() is None


async def test_many_items_are_not_all_in_flight_in_memory(each, recorder):
    recorder.limit = 10
    runner = each(adouble, concurrency=4)
    seen = []

    def items():
        for item in range(2000):
            seen.append(len(asyncio.all_tasks()))
            yield item

    assert len(await runner.run(items())) == 2000
    assert max(seen) <= 6
    assert len(recorder) == 10


class OldBackend(SlowBackend):
    """Its `cancel` was written before there was an `error`."""

    supports_cancel = True

    def cancel(self, result):
        raise AssertionError


@pytest.mark.parametrize("interrupted", [True, False])
async def test_a_backend_that_cannot_be_told_the_error_does_not_hold_the_batch(each, interrupted):
    backend = OldBackend()
    options = {} if interrupted else {"timeout": 0.02}
    runner = each(double, backend=backend, concurrency=2, **options)
    batch_task = asyncio.create_task(runner.run(range(2)))
    await until(lambda: len(backend.pending) == 2)
    if interrupted:
        batch_task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch_task
    else:
        assert statuses(await batch_task) == ["READY", "READY"]
    backend.finish()
    backend.finish()
    assert counts(runner.batch) == (2, 0, 2, 0)


def test_the_traceback_of_a_failing_iterable_begins_in_its_own_code(each):
    def items():
        yield 1
        raise LookupError

    with pytest.raises(ItemError) as caught:
        each(lambda n: n).run_sync(items())

    [frame] = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert frame.name == "items"
