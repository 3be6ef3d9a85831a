"""A task that the project's own code enqueued is run again from the notebook."""

from __future__ import annotations

import asyncio

import pytest
from billing import tasks
from django_tasks_db.models import DBTaskResult

import immediate_tasks_ipy
from immediate_tasks_ipy.task_history import set_current_recorder

pytestmark = pytest.mark.usefixtures("invoices")


@pytest.fixture
def recorder(recorder):
    set_current_recorder(recorder)
    yield recorder
    set_current_recorder(None)


@pytest.fixture
def enqueued(recorder):
    """The entry of a task that nothing but Django's own code knows about."""
    tasks.archive.enqueue(7)
    (entry,) = recorder
    return entry


def test_its_backend_takes_it_in_the_background(recorder, enqueued):
    result = enqueued.result
    again = enqueued.backend.submit(result.task, tuple(result.args), dict(result.kwargs))

    assert (again.status, again.backend, again.args) == ("READY", "database", [7])
    assert recorder.results == [result, again]
    assert DBTaskResult.objects.count() == 2


def test_rerun_works_without_a_loop(recorder, enqueued):
    again = immediate_tasks_ipy.rerun(enqueued.result)

    assert (again.status, again.backend, again.args) == ("READY", "database", [7])
    assert recorder.entry_of(again).rerun_of is enqueued


async def test_rerun_works_below_a_loop(recorder):
    await tasks.archive.aenqueue(7)
    (entry,) = recorder
    again = immediate_tasks_ipy.rerun(entry.result)

    assert (again.status, again.backend, again.args) == ("READY", "database", [7])
    assert recorder.entry_of(again).rerun_of is entry


async def test_rerun_of_a_task_of_djangos_immediate_backend_works_below_a_loop(recorder):
    stock = tasks.aadd.using(backend="stock")
    result = await asyncio.to_thread(stock.enqueue, 1, 2)
    again = immediate_tasks_ipy.rerun(result)
    await immediate_tasks_ipy.wait(again, timeout=120)

    assert (again.return_value, again.backend) == (3, "stock")
