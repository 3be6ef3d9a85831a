"""A dry run: the task for real, and nothing of it stays."""

from __future__ import annotations

import pytest

# Not in memory, where a background task has a database of its own.
pytestmark = pytest.mark.parametrize("kernel", ["sqlite", "postgresql"], indirect=True)

NAMES = "sorted(Customer.objects.values_list('name', flat=True))"


@pytest.fixture
def sent(empty):
    """Mails that were sent, as an expression."""
    empty.run("from django.core import mail\nmail.outbox = []")
    return "len(mail.outbox)"


@pytest.mark.parametrize("name", ["close", "aclose"])
def test_it_shows_what_it_would_have_done_and_undoes_it(empty, sent, name):
    ran = empty.run(f"r = %enqueue --dry-run tasks.{name}('ada')")

    assert ran.ok, ran.error
    assert empty.value("r.return_value") == "'ada'"
    assert "Dry run: rolled back. Nothing was saved or sent." in ran.html
    assert "INSERT shop_customer: 1 row" in ran.html
    assert "INSERT shop_invoice: 1 row" in ran.html
    assert "1 mail, not sent" in ran.html
    assert "shop.tasks.remind(&#x27;ada&#x27;)" in ran.html
    assert "Would call on commit" in ran.html
    assert empty.value(f"{NAMES}, {sent}") == "([], 0)"
    assert "Would enqueue: shop.tasks.remind('ada')" in ran.text


@pytest.mark.parametrize("name", ["count", "acount"])
def test_its_own_statements_are_not_counted(empty, name):
    ran = empty.run(f"%enqueue --dry-run --max-queries 1 tasks.{name}()")

    assert ", 1 query" in ran.html


def test_a_constraint_that_a_commit_would_break_is_named(empty):
    ran = empty.run("%enqueue --dry-run tasks.orphan()")

    assert "Would fail" in ran.html
    assert empty.value("Invoice.objects.count()") == "0"


def test_what_can_not_be_undone_is_refused(empty):
    ran = empty.run("r = %enqueue --dry-run tasks.commit()")

    assert "DryRunRefused" in ran.html
    assert "ends transactions itself" in ran.html
    assert empty.value(NAMES) == "[]"


def test_a_failing_task_is_rolled_back_too(empty):
    empty.run(
        "@tasks.task\ndef breaks():\n    Customer.objects.create(name='a')\n    raise LookupError"
    )
    ran = empty.run("%enqueue --dry-run breaks()")

    assert "LookupError" in ran.html
    assert "Dry run: rolled back" in ran.html
    assert empty.value(NAMES) == "[]"


def test_an_error_that_the_task_catches_does_not_spoil_the_rest(empty):
    empty.run(
        "@tasks.task\ndef catches():\n"
        "    Customer.objects.create(name='a')\n"
        "    try:\n        Customer.objects.create(name='a')\n"
        "    except Exception as error:\n        caught = type(error).__name__\n"
        "    return caught, Customer.objects.count()"
    )
    empty.run("r = %enqueue --dry-run catches()")

    assert empty.value("r.return_value") == "['IntegrityError', 1]"
    assert empty.value(NAMES) == "[]"


def test_the_cells_own_transaction_goes_on(empty):
    cell = (
        "with transaction.atomic():\n"
        "    Customer.objects.create(name='mine')\n"
        "    %enqueue --dry-run tasks.make('not mine')\n"
        f"    inside = {NAMES}\n"
        f"seen = inside, {NAMES}"
    )
    ran = empty.run(cell)
    assert ran.ok, ran.error
    assert empty.value("seen") == "(['mine'], ['mine'])"


def test_files_that_it_writes_are_reported(empty):
    empty.run(
        "import tempfile, pathlib\nplace = pathlib.Path(tempfile.mkdtemp(), 'file')\n"
        "@tasks.task\ndef writes():\n    place.write_text('x')"
    )
    ran = empty.run("%enqueue --dry-run writes()")

    assert "Not undone" in ran.html
    assert "open" in ran.html


def test_a_batch_is_rolled_back_item_by_item(empty):
    ran = empty.run("rs = %enqueue --dry-run --each ['a','b','c'] tasks.make")

    assert ran.ok, ran.error
    assert empty.value("{str(r.status) for r in rs}") == "{'SUCCESSFUL'}"
    assert empty.value(NAMES) == "[]"


def test_awaited_dry_runs_see_nothing_of_each_other_and_undo_nothing_else(empty):
    for cell in (
        (
            "import immediate_tasks_ipy\nfrom django.db import connections\n"
            "from asgiref.sync import sync_to_async"
        ),
        "await sync_to_async(connections.close_all)()",
        "rs = %enqueue --dry-run --each '_ in range(3)' tasks.amake('one')",
        (
            "@tasks.task\nasync def rest(seconds):\n"
            "    import asyncio\n    resting.append(1)\n    await asyncio.sleep(seconds)"
        ),
    ):
        ran = empty.run(cell)
        assert ran.ok, ran.error
    assert empty.value("{str(r.status) for r in rs}") == "{'SUCCESSFUL'}"
    if empty.vendor == "memory":
        return  # one connection for all
    empty.run("resting = []")
    empty.run("r = %enqueue --dry-run --background rest(60)")
    empty.wait_for(lambda: empty.value("resting") == "[1]")
    ran = empty.run("await tasks.amake.aenqueue('another');")
    assert ran.ok, ran.error
    empty.run("immediate_tasks_ipy.cancel(r)")
    empty.run("%tasks wait")

    assert empty.value(NAMES) == "['another']"


def test_in_the_background_it_is_rolled_back(empty):
    empty.run("r = %enqueue --dry-run --background tasks.make('b')")
    empty.run("%tasks wait")

    assert empty.value(f"str(r.status), {NAMES}") == "('SUCCESSFUL', [])"


def test_the_next_run_is_for_real_and_a_rerun_of_a_dry_run_is_dry(empty):
    empty.run("r = %enqueue --dry-run tasks.make('b')")
    empty.run("%tasks rerun -1")
    assert empty.value(NAMES) == "[]"

    empty.run("%enqueue tasks.make('b')")
    assert empty.value(NAMES) == "['b']"


def test_a_backend_that_runs_it_elsewhere_is_refused(empty):
    ran = empty.run("%enqueue --dry-run -b django:database tasks.make('b')")

    assert "--dry-run looks at tasks that run here" in ran.refusal
