"""The Queries tab of the details, and the preview of a live result."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from immediate_tasks_ipy.task_history.activity import Activity, DryRunReport, Mail, Query
from tests.end_to_end.browser.tasks import add, draw, fetch, table

PLACE = (__file__, 1, "bill")


def orders():
    """What a task asked that loads each order's customer by itself."""
    return [
        Query("default", 'UPDATE "shop_order" SET "notified" = true', count=1, seconds=0.0051),
        Query(
            "default",
            'SELECT "shop_customer"."id", "shop_customer"."name" FROM "shop_customer"'
            ' WHERE "shop_customer"."id" = %s LIMIT 21',
            place=PLACE,
            relation="Order.customer",
            count=17,
            seconds=0.0146,
            slowest=0.0021,
            rows=17,
            samples=["(1,)", "(2,)"],
        ),
        Query("replica", 'SELECT "a"."<b>" FROM "a"', count=1, seconds=0.0183, rows=3),
    ]


def dry_run():
    """What a task would have written and enqueued."""
    return DryRunReport(
        written={("default", "INSERT", "shop_invoice"): (1, 3)},
        enqueued=["notify(<7>)"],
        warnings={"A file was written.": None},
    )


@pytest.fixture
def details(shown):
    return shown.panel.get_by_role("region", name="Task details")


def open_task(shown, recorder, activity, *arguments):
    """Enqueue a task that did this, and open its details."""
    result = add.enqueue(*arguments)
    recorder.entry_of(result).own_submission().activity = activity
    shown.row(f"add({', '.join(map(str, arguments))})").click()


def test_queries_are_grouped_slow_ones_first_and_an_n_plus_1_is_named(shown, recorder, details):
    queries = orders()
    activity = Activity(queries, query_count=19 + 204, seconds=0.0412)
    open_task(shown, recorder, activity, 2, 3)
    tab = details.get_by_role("tab", name="Queries, 223")
    expect(details.get_by_role("tab")).to_have_text(
        ["Result", "Arguments", "Output", re.compile("Queries"), "Details"]
    )
    expect(details.get_by_role("tab", name="Result")).to_have_attribute("aria-selected", "true")
    tab.click()
    pane = details.get_by_role("tabpanel", name="Queries, 223")
    expect(pane).to_contain_text("223 queries, 41.2 ms, 16 duplicates")
    expect(pane).to_contain_text("\N{HORIZONTAL ELLIPSIS}and 204 more, not recorded")
    summaries = pane.locator("summary")
    select = "17 times: SELECT \N{HORIZONTAL ELLIPSIS} shop_customer WHERE id = %s LIMIT 21"
    expect(summaries).to_have_text(
        [
            re.compile(re.escape("SELECT \N{HORIZONTAL ELLIPSIS} a, 18.3 ms")),
            re.compile(re.escape(f"{select}, N+1, 14.6 ms")),
            re.compile(re.escape("UPDATE shop_order SET notified = true, 5.10 ms")),
        ]
    )
    # The N+1 is open: its line, its remedy, how often and how long.
    expect(pane.locator("details[open]")).to_have_count(1)
    body = pane.locator("details[open] .itipy-qbody")
    expect(body).to_contain_text('"""The Queries tab of the details')
    expect(body).to_contain_text("N+1: Order.customer loaded 17 times: select_related")
    expect(body).to_contain_text("The same query 17 times, 0.86 ms each, the slowest 2.10 ms")
    expect(body).to_contain_text("browser/test_panel_activity.py:1 in bill, 17 rows.")
    expect(body).to_contain_text("First parameters: (1,)")

    summaries.first.click()
    expect(pane.locator("details").first).to_contain_text('SELECT "a"."<b>" FROM "a"')
    expect(pane.locator("details").first).to_contain_text("3 rows, on database replica.")
    order = pane.get_by_role("group", name="Order")
    expect(order.get_by_role("button", name="Slow first")).to_have_attribute("aria-pressed", "true")
    order.get_by_role("button", name="In order").click()
    expect(order.get_by_role("button", name="In order")).to_have_attribute("aria-pressed", "true")
    expect(summaries.first).to_contain_text("UPDATE shop_order")
    expect(pane.locator("details[open]")).to_have_count(2)


def test_a_dry_run_shows_what_it_would_have_done_and_its_mails(shown, recorder, details):
    activity = Activity(
        mails=[Mail("Your order 1017", ("ada@example.org", "bob@example.org"))],
        mail_count=1,
        dry_run=dry_run(),
    )
    open_task(shown, recorder, activity, 4, 5)
    tab = details.get_by_role("tab", name="Queries, 0")
    expect(tab).to_have_attribute("aria-selected", "true")
    pane = details.get_by_role("tabpanel", name="Queries, 0")
    expect(pane).to_contain_text("Dry run: rolled back. Nothing was saved or sent.")
    written = pane.get_by_role("list", name="Would write")
    expect(written.get_by_role("listitem")).to_have_text(["INSERT shop_invoice: 3 rows"])
    expect(pane.get_by_role("list", name="Would enqueue")).to_have_text("notify(<7>)")
    expect(pane.get_by_role("list", name="Not undone")).to_have_text("A file was written.")
    expect(pane).to_contain_text("No queries.")
    expect(pane.get_by_role("heading", name="1 mail, not sent")).to_be_visible()
    expect(pane.get_by_role("term")).to_have_text(["ada@example.org, bob@example.org"])
    expect(pane.get_by_role("definition")).to_have_text(["Your order 1017"])


def test_the_tab_is_there_only_for_tasks_that_have_something_in_it(shown, recorder, details):
    open_task(shown, recorder, Activity(orders(), query_count=19), 6, 7)
    queries = details.get_by_role("tab", name=re.compile("Queries"))
    queries.click()
    fetch.enqueue("https://example.org/slow")
    shown.row("slow").click()
    expect(queries).to_have_count(0)
    expect(details.get_by_role("tab", name="Traceback")).to_have_attribute("aria-selected", "true")
    # The keys pass what is not there.
    details.get_by_role("tab", name="Output").focus()
    shown.page.keyboard.press("ArrowRight")
    expect(details.get_by_role("tab", name="Details")).to_be_focused()
    shown.row("add(6, 7)").click()
    expect(queries).to_be_visible()


def test_a_live_result_is_shown_by_its_type_and_first_rows_as_text(shown, details):
    table.enqueue()
    shown.row("Table").click()
    pane = details.get_by_role("tabpanel", name="Result")
    expect(pane.locator(".itipy-livehead")).to_have_text(re.compile("Table, 3 rows .* 2 columns"))
    preview = pane.get_by_role("table", name=re.compile("Preview of .*Table, 3 rows"))
    expect(preview.get_by_role("columnheader")).to_have_text(["url", "<b>bytes</b>"])
    expect(preview.get_by_role("rowheader")).to_have_text(["0", "1", "2"])
    expect(preview.get_by_role("cell").nth(2)).to_have_text("18,204")
    expect(pane).to_contain_text("kept as it is, in this notebook only; a queue")
    expect(pane.get_by_role("tree")).to_have_count(0)
    expect(pane).not_to_contain_text("more row")


def test_a_result_that_draws_itself_is_shown_as_its_picture(shown, details):
    draw.enqueue()
    shown.row("Drawing").click()
    pane = details.get_by_role("tabpanel", name="Result")
    picture = pane.get_by_role("img", name=re.compile("Drawing, 3 × 2"))  # noqa: RUF001
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 3
