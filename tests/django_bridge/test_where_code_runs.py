"""The ORM works wherever a task runs, and no caller waits for itself."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from billing import tasks
from billing.framework import task, task_finished
from billing.models import Invoice
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, transaction
from django.utils import translation

from immediate_tasks_ipy.django_bridge import backend_for

pytestmark = pytest.mark.usefixtures("invoices")


@pytest.fixture(autouse=True)
def free_sensitive_thread():
    """The thread-sensitive thread belongs to the process: nothing of another test may hold it."""
    from asgiref.sync import SyncToAsync

    SyncToAsync.single_thread_executor.submit(int).result(30)
    yield
    SyncToAsync.single_thread_executor.submit(int).result(30)


def in_time(coroutine):
    """Run a coroutine on a loop in a thread of its own; fail where it never ends."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(asyncio.run(coroutine)), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "deadlock"
    assert ended, "it raised"
    return ended[0]


@task
def name_of_thread():
    return threading.current_thread().name


@task
def count_sent():
    return Invoice.objects.filter(sent=True).count()


@task
async def acount_sent():
    return await Invoice.objects.filter(sent=True).acount()


@task
def language():
    return translation.get_language()


async def test_django_alone_refuses_the_orm_in_a_cell():
    with pytest.raises(SynchronousOnlyOperation):
        Invoice.objects.count()


@pytest.mark.parametrize("send", [tasks.send_invoice, tasks.asend_invoice])
def test_in_place_the_orm_sees_the_callers_transaction(send):
    with transaction.atomic():
        result = send.enqueue(1)
        assert Invoice.objects.get(pk=1).sent
        transaction.set_rollback(True)

    assert result.status == "SUCCESSFUL"
    assert not Invoice.objects.get(pk=1).sent


@pytest.mark.parametrize("send", [tasks.send_invoice, tasks.asend_invoice])
async def test_below_a_loop_the_orm_works_with_enqueue(send):
    result = send.enqueue(1)

    assert result.return_value["subject"] == "Ada (ada at example.com): 100.00 due"
    assert await Invoice.objects.filter(sent=True).acount() == 1


@pytest.mark.parametrize("send", [tasks.send_invoice, tasks.asend_invoice])
async def test_on_a_loop_the_orm_works_with_aenqueue(send):
    result = await send.aenqueue(2)

    assert result.return_value["invoice"] == 2
    assert await Invoice.objects.filter(sent=True).acount() == 1


async def test_a_transaction_of_a_task_is_rolled_back_as_one():
    failed = tasks.send_all.enqueue(fail_at=2)
    assert failed.errors[0].exception_class is RuntimeError
    assert count_sent.enqueue().return_value == 0

    assert tasks.send_all.enqueue().return_value == 3


async def test_enqueue_uses_the_thread_of_sync_to_async():
    theirs = await sync_to_async(lambda: threading.current_thread().name)()

    assert name_of_thread.enqueue().return_value == theirs
    assert (await name_of_thread.aenqueue()).return_value == theirs


async def test_a_transaction_opened_there_is_seen_by_tasks():
    await sync_to_async(transaction.set_autocommit)(False)
    try:
        await sync_to_async(Invoice.objects.filter(pk=1).update)(sent=True)
        assert count_sent.enqueue().return_value == 1
        assert (await acount_sent.aenqueue()).return_value == 1
    finally:
        await sync_to_async(transaction.rollback)()
        await sync_to_async(transaction.set_autocommit)(True)
    assert count_sent.enqueue().return_value == 0


async def test_the_active_language_goes_with_the_task():
    with translation.override("de"):
        assert language.enqueue().return_value == "de"
        assert (await language.aenqueue()).return_value == "de"


async def test_context_variables_go_with_the_task():
    variable = contextvars.ContextVar("variable")
    variable.set("seen")
    seen = []
    read = task(_reader(variable, seen))

    for enqueue in (read.enqueue, lambda: backend_for(read, None).submit(read, (), {})):
        enqueue()
    while len(seen) < 2:
        await asyncio.sleep(0.01)

    assert seen == ["seen", "seen"]


def _reader(variable, seen):
    def read():
        seen.append(variable.get(None))

    read.__qualname__ = "read"
    return read


@task
def sync_that_enqueues_async():
    return async_that_enqueues_sync.enqueue().return_value


@task
async def async_that_enqueues_sync():
    return count_sent.enqueue().return_value


@task
def sync_that_runs_a_loop():
    async def main():
        below = count_sent.enqueue(), (await count_sent.aenqueue()), acount_sent.enqueue()
        return [result.return_value for result in (*below, await acount_sent.aenqueue())]

    return asyncio.run(main())


@task
async def async_that_awaits_sync():
    return (await sync_that_enqueues_async.aenqueue()).return_value


@pytest.mark.parametrize(
    ("outer", "value"),
    [
        (sync_that_enqueues_async, 0),
        (async_that_enqueues_sync, 0),
        (async_that_awaits_sync, 0),
        (sync_that_runs_a_loop, [0, 0, 0, 0]),
    ],
)
@pytest.mark.parametrize("way", ["in place", "enqueue", "aenqueue", "submit"])
def test_tasks_enqueue_tasks_without_a_deadlock(outer, value, way, until):
    async def main():
        if way == "aenqueue":
            return await outer.aenqueue()
        if way == "submit":
            result = backend_for(outer, None).submit(outer, (), {}, loop=asyncio.get_running_loop())
            while not result.is_finished:
                await asyncio.sleep(0.01)
            return result
        return outer.enqueue()

    result = outer.enqueue() if way == "in place" else in_time(main())

    assert [error.traceback for error in result.errors] == []
    assert result.return_value == value


@task
def sync_that_calls_async():
    async def inner():
        return await Invoice.objects.acount()

    return async_to_sync(inner)()


@pytest.mark.parametrize("background", ["submit", "aenqueue", "sync_to_async"])
def test_a_background_task_that_calls_async_code_does_not_need_the_loop_that_waits(background):
    async def main():
        begun, go_on = threading.Event(), threading.Event()

        def body():
            begun.set()
            go_on.wait(20)
            return sync_that_calls_async.func()

        body.__qualname__ = "body"
        waits = task(body)
        if background == "submit":
            pending = asyncio.ensure_future(_ended(backend_for(waits, None).submit(waits, (), {})))
        elif background == "aenqueue":
            pending = asyncio.ensure_future(waits.aenqueue())
        else:
            pending = asyncio.ensure_future(sync_to_async(body)())
        while not begun.is_set():
            await asyncio.sleep(0.01)
        threading.Timer(0.1, go_on.set).start()
        # Blocks this loop, as a second cell would.
        result = count_sent.enqueue()
        return result.return_value, getattr(await pending, "return_value", 3)

    assert in_time(main()) == (0, 3)


async def _ended(result):
    while not result.is_finished:
        await asyncio.sleep(0.01)
    return result


async def test_background_tasks_have_connections_of_their_own_that_are_closed(until):
    used = []

    def body():
        Invoice.objects.count()
        used.append((threading.current_thread(), connection.connection))

    body.__qualname__ = "body"
    waits = task(body)
    result = backend_for(waits, None).submit(waits, (), {})
    await _ended(result)

    ((thread, raw),) = used
    assert thread is not threading.current_thread()
    until(lambda: not thread.is_alive(), "the end of the thread")
    with pytest.raises(Exception, match="closed"):
        raw.execute("select 1")


@pytest.mark.parametrize("enqueue", ["enqueue", "aenqueue", "submit"])
@pytest.mark.parametrize("send", [tasks.add, tasks.aadd])
async def test_receivers_may_use_the_orm(enqueue, send):
    counted = []

    def receiver(task_result, **_):
        counted.append((task_result.status, Invoice.objects.count()))

    task_finished.connect(receiver)
    try:
        if enqueue == "aenqueue":
            await send.aenqueue(1, 2)
        elif enqueue == "enqueue":
            send.enqueue(1, 2)
        else:
            loop = asyncio.get_running_loop()
            await _ended(backend_for(send, None).submit(send, (1, 2), {}, loop=loop))
            while not counted:
                await asyncio.sleep(0.01)
    finally:
        task_finished.disconnect(receiver)

    assert counted == [("SUCCESSFUL", 3)]


@pytest.mark.parametrize("enqueue", ["enqueue", "aenqueue"])
async def test_receivers_may_be_async(enqueue):
    statuses = []

    async def receiver(task_result, **_):
        statuses.append(task_result.status)

    task_finished.connect(receiver)
    try:
        for each in (tasks.aadd, tasks.add, tasks.fail):
            if enqueue == "aenqueue":
                await each.aenqueue(*() if each is tasks.fail else (1, 2))
            else:
                each.enqueue(*() if each is tasks.fail else (1, 2))
    finally:
        task_finished.disconnect(receiver)

    assert statuses == ["SUCCESSFUL", "SUCCESSFUL", "FAILED"]


async def test_an_awaited_task_runs_in_the_callers_own_asyncio_task():
    seen = []

    async def body():
        seen.append(asyncio.current_task())

    body.__qualname__ = "body"
    await task(body).aenqueue()

    assert seen == [asyncio.current_task()]


def test_a_task_below_a_loop_does_not_go_back_to_the_loop_that_waits():
    async def main():
        # asgiref remembers this loop for the thread that the task will run in.
        await sync_to_async(int)()
        return sync_that_calls_async_as_a_task.enqueue().return_value

    assert in_time(main()) == 3


@task
def sync_that_calls_async_as_a_task():
    return sync_that_calls_async.func()
