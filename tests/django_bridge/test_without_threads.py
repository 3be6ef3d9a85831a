"""Where no thread can be started (Pyodide), Django's tasks and its async ORM run where they are."""

from __future__ import annotations

import asyncio
import threading

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from billing.framework import task
from billing.models import Invoice

from immediate_tasks_ipy.django_bridge import backend_for, threads
from immediate_tasks_ipy.django_bridge.synchronous import show_loops, work_in_this_thread
from immediate_tasks_ipy.tasks import sync

pytestmark = pytest.mark.usefixtures("invoices")


@task
def count():
    return Invoice.objects.count(), threading.current_thread() is threading.main_thread()


@task
def count_or_fail(number):
    return 10 // number


@task
async def acount():
    return await Invoice.objects.acount()


@pytest.fixture(autouse=True)
def threadless(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(sync, "HAS_THREADS", False)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(SyncToAsync, "single_thread_executor", SyncToAsync.single_thread_executor)
    work_in_this_thread()
    yield
    show_loops()


def test_sync_tasks_run_below_a_loop():
    async def main():
        backend = backend_for(count, None)
        return (
            backend.enqueue(count, (), {}),
            await backend.aenqueue(count, (), {}),
            backend.enqueue(count_or_fail, (0,), {}),
        )

    here, awaited, failed = asyncio.run(main())

    assert here.return_value == awaited.return_value == [3, True]
    assert failed.errors[0].exception_class is ZeroDivisionError


def test_a_background_task_is_done_at_once():
    async def main():
        return threads.run_in_own_thread(Invoice.objects.count)

    assert asyncio.run(main()).result(0) == 3


def test_the_async_orm_and_async_tasks_work():
    async def main():
        result = await backend_for(acount, None).aenqueue(acount, (), {})
        with pytest.raises(ZeroDivisionError):
            await sync_to_async(lambda: 1 // 0)()
        return result.return_value, await Invoice.objects.acount()

    assert asyncio.run(main()) == (3, 3)
