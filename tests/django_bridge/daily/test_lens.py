"""What a task asks of its databases, beside its card."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.parametrize("kernel", ["sqlite", "postgresql"], indirect=True)

FILL = (
    "Customer.objects.all().delete()\n"
    "for name in 'abcdefg':\n"
    "    Invoice.objects.create(customer=Customer.objects.create(name=name), total=1)\n"
)
ACTIVITY = "__import__('immediate_tasks_ipy').task_history.current_recorder().entry_of(r).activity"


@pytest.fixture
def filled(kernel):
    ran = kernel.run(FILL)
    assert ran.ok, ran.error
    return kernel


def activity(kernel, attribute):
    return kernel.value(f"{ACTIVITY}.{attribute}")


def test_queries_are_counted_on_the_card_and_an_n_plus_one_is_named(filled):
    ran = filled.run("r = %enqueue tasks.bill()")

    assert "8 queries" in ran.html
    assert "N+1: Invoice.customer loaded 7 times" in ran.html
    assert "shop/tasks.py:" in ran.html
    assert "SELECT" not in ran.html
    assert activity(filled, "duplicates") == "6"


def test_the_mended_one_makes_one_query(filled):
    ran = filled.run("r = %enqueue tasks.bill_at_once()")

    assert "1 query" in ran.html
    assert "N+1" not in ran.html


def test_sql_shows_the_statements(filled):
    ran = filled.run("%enqueue --sql tasks.bill()")

    assert "7 times: SELECT" in ran.html
    assert "8 queries, " in ran.html
    assert "6 duplicates" in ran.html
    assert "7 times: SELECT" in ran.text


def test_an_async_task_is_seen_with_the_line_that_awaits(filled):
    filled.run("r = %enqueue tasks.abill()")

    assert activity(filled, "query_count") == "8"
    place = activity(filled, "advice[0].place")
    assert "tasks.py" in place
    assert "abill" in place


def test_concurrent_queries_of_one_task_belong_to_it(filled):
    filled.run("r = %enqueue tasks.acount_twice()")

    assert activity(filled, "query_count") == "2"
    assert activity(filled, "queries[0].place[2]") == "'acount_twice'"


@pytest.mark.parametrize("options", ["", "--concurrency 4 "])
def test_items_of_a_batch_are_told_apart(filled, options):
    cell = (
        "def pick(number):\n"
        "    return [tasks.bill, tasks.count, tasks.abill][number % 3]\n"
        f"rs = %enqueue {options}--each range(4) tasks.anumbered\n"
    )
    task = (
        "@tasks.task\nasync def anumbered(number):\n"
        "    for _ in range(number):\n        await Customer.objects.acount()\n"
        "    return number\n"
        "tasks.anumbered = anumbered"
    )
    assert filled.run(task).ok
    ran = filled.run(cell)
    assert ran.ok, ran.error
    counts = "[__import__('immediate_tasks_ipy').task_history.current_recorder().entry_of(r)"
    assert filled.value(f"{counts}.activity.query_count for r in rs]") == "[0, 1, 2, 3]"


def test_a_task_below_has_a_count_of_its_own(filled):
    filled.run(
        "@tasks.task\ndef outer():\n    inner = tasks.bill.enqueue()\n"
        "    return Customer.objects.count(), inner.id"
    )
    filled.run("r = %enqueue outer()")

    assert activity(filled, "query_count") == "1"
    filled.run("r = immediate_tasks_ipy.history.children(r)[0]")


def test_too_many_queries_fail_the_task_and_name_the_line(filled):
    ran = filled.run("r = %enqueue --max-queries 5 tasks.bill()")

    assert filled.value("str(r.status)") == "'FAILED'"
    assert "TooManyQueries" in ran.html
    assert "more queries than the 5 that" in ran.html
    assert "shop/tasks.py" in ran.html
    assert "SUCCESSFUL" in filled.run("%enqueue --max-queries 8 tasks.bill()").html


def test_too_many_queries_fail_an_async_task(filled):
    filled.run("r = %enqueue --max-queries 5 tasks.abill()")

    assert filled.value("str(r.status), len(r.errors)") == "('FAILED', 1)"


def test_an_error_that_the_task_swallows_fails_it_all_the_same(filled):
    filled.run(
        "@tasks.task\ndef deaf():\n    try:\n        tasks.bill.func()\n"
        "    except Exception:\n        return 'nothing happened'"
    )
    filled.run("r = %enqueue --max-queries 5 deaf()")

    assert "TooManyQueries" in filled.value("r.errors[0].exception_class_path")


def test_mails_are_on_the_card(filled):
    ran = filled.run("%enqueue tasks.remind('ada')")

    assert "1 mail sent" in ran.html
    assert "Reminder for ada to ada@example.com" in ran.html


def test_a_failed_task_has_its_queries_too(filled):
    ran = filled.run("%enqueue --sql tasks.fail()")

    assert "LookupError" in ran.html
    assert "SELECT COUNT(*)" in ran.html


def test_what_is_no_task_of_the_project_is_refused(filled):
    for option in ("--sql", "--dry-run", "--max-queries 3"):
        refused = filled.run(f"%enqueue {option} len('a')").refusal
        assert "look at tasks of a Django project" in refused
    assert "run elsewhere" in filled.run("%enqueue --sql -b django:database tasks.count()").refusal
    assert "at least 0" in filled.run("%enqueue --max-queries -1 tasks.count()").refusal


def test_the_panels_detail_has_them(filled):
    filled.run("r = %enqueue tasks.bill()")
    filled.run("from immediate_tasks_ipy.panel.details.detail import detail; import json")
    recorder = "__import__('immediate_tasks_ipy').task_history.current_recorder()"
    sent = filled.run(f"print(json.dumps(detail({recorder}.entry_of(r))))").stream()
    queries = json.loads(sent)["queries"]

    assert (queries["count"], queries["duplicates"], len(queries["list"])) == (8, 6, 2)
    assert queries["list"][1]["count"] == 7
    assert queries["list"][1]["advice"].startswith("N+1: Invoice.customer")
    assert "invoice.customer.name" in queries["list"][1]["source"]
