"""A database server that restarts: one statement fails at most, the next task is well."""

from __future__ import annotations

import pytest

# Only a server can be restarted.
pytestmark = pytest.mark.parametrize("kernel", ["postgresql"], indirect=True)


@pytest.mark.parametrize(
    "work",
    [
        "r = %enqueue tasks.count()",
        "r = %enqueue tasks.acount()",
        "r = tasks.count.enqueue()",
        "r = await tasks.acount.aenqueue()",
    ],
)
def test_the_second_task_after_a_restart_is_well(kernel, postgresql, work):
    assert kernel.run(f"{work}\nawait Customer.objects.acount();").ok
    postgresql.restart()
    kernel.run(work)
    kernel.run(work)

    assert kernel.value("str(r.status)") == "'SUCCESSFUL'"


def test_in_one_cell_too(kernel, postgresql):
    kernel.run("Customer.objects.count();")
    postgresql.restart()
    cell = "statuses = [str(tasks.count.enqueue().status) for _ in range(3)]"
    assert kernel.run(cell).ok

    assert kernel.value("statuses[1:]") == "['SUCCESSFUL', 'SUCCESSFUL']"


def test_a_plain_cell_recovers_and_what_awaits_with_it(kernel, postgresql):
    kernel.run("Customer.objects.count()\nawait Customer.objects.acount();")
    postgresql.restart()
    kernel.run("Customer.objects.count();")

    assert kernel.run("Customer.objects.count();").ok
    assert kernel.run("await Customer.objects.acount();").ok


def test_many_tasks_leave_one_connection(kernel):
    cell = (
        "for _ in range(40):\n"
        "    tasks.count.enqueue()\n"
        "    %enqueue --display none tasks.count()\n"
        "rs = %enqueue --each range(40) --display none --concurrency 4 tasks.count_of\n"
    )
    kernel.run("@tasks.task\ndef count_of(_):\n    return Customer.objects.count()\n")
    kernel.run("tasks.count_of = count_of")
    ran = kernel.run(cell)
    assert ran.ok, ran.error
    count = (
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('select count(*) from pg_stat_activity where datname = %s', ['shop'])\n"
        "    open_ones = cursor.fetchone()[0]"
    )
    assert kernel.run(count).ok
    assert int(kernel.value("open_ones")) <= 2
