"""The sync ORM in plain cells, in one transaction with the tasks that they enqueue."""

from __future__ import annotations

import pytest

NAMES = "sorted(Customer.objects.values_list('name', flat=True))"


def value(kernel, cell):
    """Run a cell that may await, and return what `seen` holds then."""
    ran = kernel.run(cell)
    assert ran.ok, ran.error
    return kernel.value("seen")


def test_a_plain_cell_asks_the_database(empty):
    cell = "Customer.objects.create(name='Ada')\nseen = Customer.objects.count()"

    assert value(empty, cell) == "1"


def test_a_cell_that_awaits_before_it_asks_in_its_own_statements(empty):
    cell = "await Customer.objects.acreate(name='Ada')\nseen = Customer.objects.count()"

    assert value(empty, cell) == "1"


def test_a_coroutine_is_still_told_to_use_the_async_orm(empty):
    cell = (
        "async def ask():\n"
        "    return Customer.objects.count()\n"
        "try:\n"
        "    await ask()\n"
        "except Exception as error:\n"
        "    seen = type(error).__name__\n"
    )
    assert value(empty, cell) == "'SynchronousOnlyOperation'"


@pytest.mark.parametrize(
    "call",
    ["tasks.make.enqueue('Ben')", "tasks.amake.enqueue('Ben')"],
)
def test_what_a_transaction_enqueues_is_rolled_back_with_it(empty, call):
    cell = (
        "with transaction.atomic():\n"
        "    Customer.objects.create(name='Ada')\n"
        f"    result = {call}\n"
        f"    seen = str(result.status), {NAMES}\n"
        "    transaction.set_rollback(True)\n"
        f"seen += ({NAMES},)"
    )
    assert value(empty, cell) == "('SUCCESSFUL', ['Ada', 'Ben'], [])"


@pytest.mark.parametrize("name", ["make", "amake"])
def test_a_magic_inside_of_a_transaction_is_in_it(empty, name):
    cell = (
        "with transaction.atomic():\n"
        "    Customer.objects.create(name='Ada')\n"
        f"    %enqueue tasks.{name}('Ben')\n"
        f"    seen = {NAMES}\n"
        "    transaction.set_rollback(True)\n"
        f"seen += ({NAMES})"
    )
    assert value(empty, cell) == "['Ada', 'Ben']"


def test_a_foreground_task_has_the_cells_thread_and_connection(empty):
    here = value(empty, "seen = tasks.where.func()")
    for cell in (
        "r = %enqueue tasks.where()",
        "r = %enqueue shop.tasks.where()",
        "%%enqueue -o r\ntasks.where.func()",
        "r = tasks.where.enqueue()",
        "r = %enqueue --backend django:default tasks.where()",
        "r = %enqueue --backend django:stock tasks.where()",
    ):
        assert empty.run(cell).ok
        assert empty.value("r.return_value") == here, cell


def test_cells_and_notebook_functions_as_tasks_use_the_orm(empty):
    ran = empty.run("%%enqueue -o r\nCustomer.objects.create(name='Ada')\nCustomer.objects.count()")
    assert ran.ok, ran.error
    assert empty.value("r.return_value") == "1"
    empty.run("def count(times):\n    return Customer.objects.count() * times")
    empty.run("r = %enqueue count(7)")
    assert empty.value("r.return_value") == "7"


def test_callbacks_run_on_commit(empty):
    cell = (
        "seen = []\n"
        "with transaction.atomic():\n"
        "    transaction.on_commit(lambda: seen.append(tasks.count.enqueue().return_value))\n"
        "    Customer.objects.create(name='Ada')\n"
        "    before = list(seen)\n"
        "seen = before, seen"
    )
    assert value(empty, cell) == "([], [1])"


def test_rows_are_locked_in_a_transaction(empty):
    cell = (
        "Customer.objects.create(name='Ada')\n"
        "with transaction.atomic():\n"
        "    seen = Customer.objects.select_for_update().get().name"
    )
    assert value(empty, cell) == "'Ada'"


def test_djangos_test_cases_run_in_a_cell(empty):
    cell = (
        "import unittest\n"
        "from django.test import TestCase, TransactionTestCase\n"
        "class Plain(TestCase):\n"
        "    def test_a_row(self):\n"
        "        Customer.objects.create(name='in a test')\n"
        "        self.assertEqual(tasks.make.enqueue('task').status, 'SUCCESSFUL')\n"
        "    async def test_awaited(self):\n"
        "        await Customer.objects.acreate(name='awaited')\n"
        "loader = unittest.defaultTestLoader\n"
        "seen = unittest.TextTestRunner().run(loader.loadTestsFromTestCase(Plain))\n"
        f"seen = seen.testsRun, len(seen.errors + seen.failures), {NAMES}"
    )
    assert value(empty, cell) == "(2, 0, [])"


def test_a_transaction_test_case_runs_in_a_cell(empty):
    cell = (
        "from django.test import TransactionTestCase\n"
        "class Whole(TransactionTestCase):\n"
        "    available_apps = ['shop']\n"
        "    def test_a_row(self):\n"
        "        with transaction.atomic():\n"
        "            Customer.objects.create(name='in a test')\n"
        "        self.assertEqual(Customer.objects.count(), 1)\n"
        "seen = unittest.TextTestRunner().run(loader.loadTestsFromTestCase(Whole))\n"
        "seen = seen.testsRun, len(seen.errors + seen.failures)"
    )
    assert value(empty, cell) == "(1, 0)"


def test_what_awaits_sees_the_same_rows(empty):
    cell = (
        "Customer.objects.create(name='Ada')\n"
        "seen = [await Customer.objects.acount(), (await tasks.acount.aenqueue()).return_value]\n"
        "r = %enqueue tasks.acount()\n"
        "seen.append(r.return_value)"
    )
    assert value(empty, cell) == "[1, 1, 1]"


def test_asyncio_itself_is_as_it_was(empty):
    cell = (
        "import asyncio\n"
        "started = asyncio.get_running_loop().create_task(asyncio.sleep(0, 'done'))\n"
        "seen = asyncio.current_task() is not None\n"
        "seen = seen, await started"
    )
    assert value(empty, cell) == "(True, 'done')"


def test_async_to_sync_works_in_a_plain_cell(empty):
    cell = (
        "from asgiref.sync import async_to_sync\n"
        "Customer.objects.create(name='Ada')\n"
        "seen = async_to_sync(Customer.objects.acount)()"
    )
    assert value(empty, cell) == "1"


def test_a_widgets_callback_is_synchronous_code(empty):
    cell = (
        "import ipywidgets\n"
        "button, seen = ipywidgets.Button(), []\n"
        "button.on_click(lambda _: seen.append(Customer.objects.count()))\n"
        "button.comm.comm_id"
    )
    ran = empty.run(cell)
    assert ran.ok, ran.error
    comm = ran.text.strip("'")
    message = empty.client.session.msg(
        "comm_msg",
        {"comm_id": comm, "data": {"method": "custom", "content": {"event": "click"}}},
    )
    empty.client.shell_channel.send(message)

    assert empty.value("seen") == "[0]"


def test_plain_cells_work_after_an_interrupt(empty):
    reply = empty.start(
        "Customer.objects.create(name='Ada')\nprint('ready')\n"
        "with transaction.atomic():\n"
        "    Customer.objects.create(name='Ben')\n"
        "    import time; time.sleep(60)"
    )
    empty.wait_for(lambda: "ready" in reply.stream())
    empty.interrupt()
    empty.finish(reply)
    assert "KeyboardInterrupt" in reply.error

    assert value(empty, f"seen = {NAMES}") == "['Ada']"
    assert value(empty, "seen = tasks.make.enqueue('Cy').status == 'SUCCESSFUL'") == "True"
    assert value(empty, "seen = await Customer.objects.acount()") == "2"


def test_a_second_task_failing_leaves_the_cells_transaction_whole(empty):
    cell = (
        "Customer.objects.create(name='Ada')\n"
        "first, second = tasks.make.enqueue('Ada'), tasks.make.enqueue('Ben')\n"
        f"seen = str(first.status), str(second.status), {NAMES}"
    )
    assert value(empty, cell) == "('FAILED', 'SUCCESSFUL', ['Ada', 'Ben'])"
