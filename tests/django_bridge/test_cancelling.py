"""A task that is stopped is finished, whatever its function does."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading

import pytest
from billing import tasks
from billing.framework import task

from immediate_tasks_ipy.django_bridge import backend_for
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .conftest import PATIENCE, PROJECT


@task
async def sleep_long():
    await asyncio.sleep(3600)


@task
async def sleep_and_clean_up():
    try:
        await asyncio.sleep(3600)
    finally:
        cleaned.append("up")


@task
async def cancel_itself():
    raise asyncio.CancelledError


cleaned = []
begun, release = threading.Event(), threading.Event()


@task
def block():
    begun.set()
    release.wait(PATIENCE)
    return "too late"


@pytest.fixture(autouse=True)
def fresh():
    begun.clear()
    release.clear()
    cleaned.clear()
    yield
    release.set()


def own(each):
    return backend_for(each, None)


async def reached(result, status):
    async with asyncio.timeout(PATIENCE):
        while result.status != status:
            await asyncio.sleep(0.01)


async def test_submit_returns_at_once(recorder):
    result = own(tasks.aadd).submit(tasks.aadd, (1, 2), {}, loop=asyncio.get_running_loop())
    assert result.status == "READY"
    assert recorder.results == [result]

    await reached(result, "SUCCESSFUL")
    assert result.return_value == 3


@pytest.mark.parametrize("has_loop", [True, False])
async def test_an_async_background_task_is_cancelled(has_loop, recorder):
    backend = own(sleep_and_clean_up)
    loop = asyncio.get_running_loop() if has_loop else None
    result = backend.submit(sleep_and_clean_up, (), {}, loop=loop)
    await reached(result, "RUNNING")

    backend.cancel(result)
    await reached(result, "FAILED")

    assert cleaned == ["up"]
    assert result.errors[0].exception_class is asyncio.CancelledError
    with pytest.raises(TaskNotCancellable, match="has finished already"):
        backend.cancel(result)


async def test_cancelling_may_name_another_reason():
    backend = own(sleep_long)
    result = backend.submit(sleep_long, (), {}, loop=asyncio.get_running_loop())
    await reached(result, "RUNNING")

    backend.cancel(result, error=TimeoutError("after 3 s"))
    await reached(result, "FAILED")

    assert result.errors[0].exception_class is TimeoutError
    assert "after 3 s" in result.errors[0].traceback


async def test_cancelling_before_the_first_step_ends_the_task_too():
    backend = own(sleep_long)
    result = backend.submit(sleep_long, (), {}, loop=asyncio.get_running_loop())

    backend.cancel(result)
    await reached(result, "FAILED")


async def test_a_thread_is_given_up_and_its_value_dropped(recorder):
    backend = own(block)
    result = backend.submit(block, (), {})
    await asyncio.to_thread(begun.wait, PATIENCE)

    backend.cancel(result)

    assert result.status == "FAILED"
    assert "may still be running" in result.errors[0].traceback
    release.set()
    await asyncio.sleep(0)
    assert result.status == "FAILED"
    assert recorder.entry_of(result).signals == 7


async def test_awaiting_a_sync_task_can_be_cancelled_from_outside():
    asyncio_task = asyncio.ensure_future(block.aenqueue())
    await asyncio.to_thread(begun.wait, PATIENCE)

    asyncio_task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio_task


async def test_a_cancellation_from_outside_is_raised_and_recorded(recorder):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await sleep_long.aenqueue()

    assert recorder.results[-1].status == "FAILED"


async def test_a_cancellation_of_the_result_is_not_raised(recorder):
    async def cancel():
        while not recorder.results or recorder.results[-1].status != "RUNNING":
            await asyncio.sleep(0.01)
        tasks_backend = recorder.results[-1].task.get_backend()
        tasks_backend.cancel(recorder.results[-1])

    async with asyncio.TaskGroup() as group:
        group.create_task(cancel())
        result = await sleep_long.aenqueue()
        await asyncio.sleep(0)

    assert result.status == "FAILED"
    assert asyncio.current_task().cancelling() == 0


async def test_a_body_that_cancels_itself_fails():
    assert (await cancel_itself.aenqueue()).status == "FAILED"
    assert cancel_itself.enqueue().status == "FAILED"


async def test_a_coroutine_that_is_closed_finishes_its_result(recorder):
    body = sleep_long.aenqueue()
    asyncio_task = asyncio.ensure_future(body)
    while not recorder.results or recorder.results[-1].status != "RUNNING":
        await asyncio.sleep(0.01)
    asyncio_task.cancel()
    await asyncio.gather(asyncio_task, return_exceptions=True)
    gc.collect()

    assert recorder.results[-1].status == "FAILED"


def test_a_task_in_place_can_only_be_interrupted(recorder):
    thread = threading.Thread(target=block.enqueue)
    thread.start()
    begun.wait(PATIENCE)
    result = recorder.results[-1]

    with pytest.raises(TaskNotCancellable, match="stop button"):
        result.task.get_backend().cancel(result)
    release.set()
    thread.join()


INTERRUPTED = """
import asyncio, os, signal, sys, threading, time
sys.path.insert(0, {project!r})
from immediate_tasks_ipy.django_bridge import setup, observe
setup("mysite.settings")
from immediate_tasks_ipy.task_history import Recorder
from billing.framework import task
history = Recorder(); observe(history)
begun = []

@task
def spin():
    begun.append(1)
    while True:
        time.sleep(0.01)

@task
def block():
    begun.append(1)
    time.sleep(5)

@task
async def asleep():
    begun.append(1)
    await asyncio.sleep(3600)

def strike():
    while not begun:
        time.sleep(0.01)
    time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)

def run():
    threading.Thread(target=strike, daemon=True).start()
    try:
        {each}.enqueue()
    except KeyboardInterrupt:
        (result,) = history.results
        print(result.status, result.errors[0].exception_class_path, end=" ")
        print("may still be running" in result.errors[0].traceback)

async def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()

{start}
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize(
    ("each", "start"),
    [
        ("spin", "run()"),
        ("asleep", "run()"),
        ("spin", "asyncio.run(main())"),
        ("asleep", "asyncio.run(main())"),
        ("block", "asyncio.run(main())"),
    ],
)
def test_an_interrupt_ends_the_caller_and_the_result(each, start):
    code = INTERRUPTED.format(project=str(PROJECT), each=each, start=start)

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(PROJECT.parents[2])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.stdout.split() == ["FAILED", "builtins.KeyboardInterrupt", str(each == "block")], (
        done.stderr
    )


def test_a_profiler_may_look_on():
    code = """
import cProfile
from immediate_tasks_ipy import django_bridge
django_bridge.setup("mysite.settings")
from billing.tasks import add
cProfile.run("[add.enqueue(1, 2) for _ in range(200)]")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT.parents[2]}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert "function calls" in done.stdout, done.stderr


# One that comes while a finalizer runs is lost, as `ThreadCall.interrupt` says, and reported.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_interrupt_that_comes_late_hits_nothing_else():
    """The thread-sensitive thread goes on after tasks that were cancelled at their very end."""

    async def cancelled_at_some_point():
        asyncio_task = asyncio.ensure_future(tasks.add.aenqueue(1, 2))
        await asyncio.sleep(0)
        asyncio_task.cancel()
        await asyncio.gather(asyncio_task, return_exceptions=True)

    for _ in range(200):
        await cancelled_at_some_point()

    assert (await tasks.add.aenqueue(1, 2)).return_value == 3
    assert tasks.add.enqueue(1, 2).return_value == 3
