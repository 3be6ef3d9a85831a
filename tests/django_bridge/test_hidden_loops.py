"""What the bridge replaces in Django and asgiref, and what both do with it."""

from __future__ import annotations

import ast
import asyncio
import inspect

import asgiref.local
import asgiref.sync
import django.utils.asyncio
import pytest
from asgiref.sync import SyncToAsync
from billing.models import Invoice
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from immediate_tasks_ipy.django_bridge import lens, synchronous

pytestmark = pytest.mark.usefixtures("invoices")


@pytest.fixture(autouse=True)
def hidden():
    """Hide loops for a test; the extension may have been loaded or not."""
    before = django.utils.asyncio.get_running_loop
    synchronous.hide_loops()
    yield
    if before is asyncio.get_running_loop:
        synchronous.show_loops()


async def test_synchronous_code_may_use_the_orm_and_nobody_else():
    with synchronous.synchronous_code():
        assert Invoice.objects.count() == 3
        assert asyncio.get_running_loop().is_running()
        assert not synchronous.has_running_loop()
        connections.close_all()
    with pytest.raises(SynchronousOnlyOperation):
        Invoice.objects.count()
    assert synchronous.has_running_loop()


async def test_another_asyncio_task_is_asynchronous_code():
    async def ask():
        with pytest.raises(SynchronousOnlyOperation):
            Invoice.objects.count()

    with synchronous.synchronous_code():
        task = asyncio.get_running_loop().create_task(ask())
    await task


async def test_the_unsafe_flag_keeps_everything_in_place(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    assert not synchronous.has_running_loop()


def test_an_exception_ends_synchronous_code():
    async def main():
        try:
            with synchronous.synchronous_code():
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            return synchronous.has_running_loop()

    assert asyncio.run(main())


def test_all_is_put_back():
    synchronous.show_loops()

    assert django.utils.asyncio.get_running_loop is asyncio.get_running_loop
    assert asgiref.local.asyncio is asgiref.sync.asyncio is asyncio


# -- the private names, as this Django and this asgiref have them -----------------


def names(module):
    """Every `asyncio.NAME` that a module's functions look up."""
    tree = ast.parse(inspect.getsource(module))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "asyncio"
    }


def test_django_asks_by_one_name_in_one_module():
    source = inspect.getsource(django.utils.asyncio)

    assert "from asyncio import get_running_loop" in source
    assert source.count("get_running_loop()") == 1


def test_asgiref_asks_by_its_module_asyncio():
    assert "get_running_loop" in names(asgiref.local)
    assert "get_running_loop" in names(asgiref.sync)
    assert "_get_running_loop" not in names(asgiref.sync) | names(asgiref.local)


def test_asgiref_keeps_its_threads_where_the_bridge_looks():
    assert SyncToAsync.single_thread_executor.submit(int).result() == 0
    for name in ("thread_sensitive_context", "context_to_thread_executor", "deadlock_context"):
        assert hasattr(SyncToAsync, name)
    assert inspect.iscoroutinefunction(SyncToAsync.__call__)
    assert inspect.isfunction(SyncToAsync.thread_handler)


def test_django_keeps_connections_and_wrappers_where_the_lens_looks():
    connection = connections["default"]

    assert isinstance(connection, BaseDatabaseWrapper)
    for name in ("execute_wrappers", "run_on_commit", "atomic_blocks", "errors_occurred"):
        assert hasattr(connection, name)
    assert list(inspect.signature(connections.all).parameters) == ["initialized_only"]


def test_the_lens_is_taken_away_again():
    lens.install()
    lens.install()
    Invoice.objects.count()
    assert sum(w.__module__.startswith("immediate") for w in wrappers()) == 1
    assert "immediate" in SyncToAsync.__call__.__module__

    lens.uninstall()

    assert not any(w.__module__.startswith("immediate") for w in wrappers())
    assert SyncToAsync.__call__.__module__ == "asgiref.sync"


def wrappers():
    return connections["default"].execute_wrappers
