"""Batches, children and runs in the panel's table, and several rows ticked at once."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from immediate_tasks_ipy.batches import BatchStats
from immediate_tasks_ipy.task_history import Submission, current_submission
from tests.end_to_end.browser.tasks import add, crawl, flaky, mended, take_stock
from tests.support.panel_page import row, rows


def enqueue_batch(function, arguments, *, label, total=None):
    """Enqueue a task for each argument, as the items of one batch."""
    batch = BatchStats(label, total)
    for argument in arguments:
        submission = Submission()
        submission.batch = batch
        token = current_submission.set(submission)
        try:
            function.enqueue(argument)
        finally:
            current_submission.reset(token)
    return batch


PAGES = [f"https://example.org/page/{number}" for number in range(20)]


@pytest.fixture
def batch(shown):
    """A batch of 20 items of 25, of which two have failed."""
    mended.clear()
    mended.update(PAGES[2:])
    batch = enqueue_batch(flaky, PAGES, label="flaky(text)", total=25)
    add.enqueue(2, 3)
    expect(shown.rows).to_have_count(2)
    yield batch
    mended.clear()


def group(shown):
    return shown.row("flaky(text)")


def test_a_batch_is_one_row_with_its_counts_and_what_can_be_done(shown, batch):
    row = group(shown)
    expect(row).to_have_attribute("aria-level", "1")
    expect(row).to_have_attribute("aria-expanded", "false")
    cells = row.get_by_role("gridcell")
    expect(cells.nth(1)).to_have_text("Running")
    expect(cells.nth(2)).to_have_text("flaky(text) \N{MULTIPLICATION SIGN} 25")
    expect(cells.nth(3)).to_have_text("18 successful, 2 failed, 5 ready")
    expect(cells.nth(4)).to_have_text(re.compile(r"/s"))
    expect(row.get_by_role("button", name="Re-run 2 failed tasks of flaky")).to_be_visible()
    row.get_by_role("button", name="Cancel 5 unfinished tasks of flaky").click()
    expect(shown.panel).to_contain_text("flaky(text) cancelled")
    assert shown.widget._replies._actions.batches == [("cancel", batch)]

    batch.finished_at = 1
    batch.total = None
    expect(cells.nth(1)).to_have_text("Failed")
    expect(row.get_by_role("button", name=re.compile("^Cancel"))).to_have_count(0)


def test_its_items_say_what_differs_failures_first(shown, batch):
    keyboard = shown.page.keyboard
    group(shown).locator(".itipy-twist").click()
    expect(group(shown)).to_have_attribute("aria-expanded", "true")
    expect(shown.panel.get_by_role("treegrid", name="Tasks")).to_have_attribute(
        "aria-rowcount", "23"
    )
    items = shown.panel.locator("[role=row][aria-level='2']")
    expect(items.first).to_contain_text("Failed")
    expect(items.first).to_have_attribute("aria-posinset", "1")
    expect(items.first).to_have_attribute("aria-setsize", "20")
    expect(items.nth(1).locator(".itipy-tail")).to_have_text("…/page/1")
    expect(items.nth(2).locator(".itipy-tail")).to_have_text("…/page/2")
    expect(items.nth(2)).to_contain_text('flaky("https://example.org/page/2")')

    shown.panel.get_by_role("checkbox", name="Failures first in batches").uncheck()
    expect(items.nth(2).locator(".itipy-tail")).to_have_text("…/page/2")

    group(shown).focus()
    keyboard.press("ArrowRight")
    expect(items.first).to_be_focused()
    keyboard.press("ArrowLeft")
    expect(group(shown)).to_be_focused()
    keyboard.press("ArrowLeft")
    expect(group(shown)).to_have_attribute("aria-expanded", "false")
    keyboard.press("*")
    expect(group(shown)).to_have_attribute("aria-expanded", "true")


def test_a_batch_opens_its_details_with_its_failures_by_exception(shown, batch):
    group(shown).focus()
    shown.page.keyboard.press("Enter")
    details = shown.panel.get_by_role("region", name="Batch details")
    expect(details).to_contain_text("flaky(text) × 25")  # noqa: RUF001
    failures = details.get_by_role("tab", name="Failures, 2")
    expect(failures).to_have_attribute("aria-selected", "true")
    expect(details).to_contain_text("2 × ValueError: https://example.org/page/0")  # noqa: RUF001
    expect(details).to_contain_text("First: …/page/0, after")
    expect(details).to_contain_text("Also 1")
    # The first traceback of each exception, at the line that raised it.
    expect(details.locator(".itipy-srcbad")).to_contain_text("raise ValueError")
    expect(group(shown)).to_be_focused()
    expect(group(shown)).to_have_attribute("aria-selected", "true")

    failures.focus()
    shown.page.keyboard.press("ArrowLeft")
    expect(details.get_by_role("tab", name="Summary")).to_be_focused()
    expect(details.get_by_role("tabpanel", name="Summary")).to_contain_text("95% under")
    shown.page.keyboard.press("End")
    expect(details.get_by_role("tabpanel", name="Details")).to_contain_text("20 of 25")

    mended.update(PAGES)
    details.get_by_role("button", name="Re-run 2 failed tasks of flaky").click()
    expect(details.get_by_role("tab", name="Failures, 0")).to_be_visible()
    expect(details.get_by_role("button", name="Re-run")).to_be_hidden()
    details.get_by_role("tab", name="Details").press("Escape")
    expect(details).to_be_hidden()
    expect(group(shown)).to_be_focused()


def test_a_double_click_runs_each_failure_again_once(shown, batch, recorder):
    shown.panel.get_by_role("button", name="Re-run 2 failed", exact=True).dblclick()
    expect(shown.panel).to_contain_text("No failure is left to be run again")
    expect(group(shown)).to_contain_text("2 re-run")
    assert len(recorder) == 23


def test_a_re_run_joins_its_batch_and_is_no_failure_any_more(shown, batch):
    mended.update(PAGES)
    group(shown).get_by_role("button", name="Re-run 2 failed tasks of flaky").click()
    expect(shown.panel).to_contain_text("2 tasks re-run")
    expect(group(shown)).to_contain_text("20 successful")
    expect(group(shown)).to_contain_text("2 re-run")
    failed = shown.panel.get_by_role("button", name="Failed, 0")
    expect(failed).to_have_attribute("title", re.compile("2 failures were superseded"))
    failed.click()
    expect(shown.panel).to_contain_text("Nothing failed that is not resolved. 2 superseded")


def test_a_filter_keeps_the_batch_of_what_matches(shown, batch):
    shown.panel.get_by_role("button", name="Failed, 2").click()
    expect(shown.rows).to_have_count(3)
    expect(group(shown)).to_contain_text("2 of 25")
    shown.panel.get_by_role("searchbox", name="Search tasks").fill("page/1 is broken")
    expect(shown.rows).to_have_count(2)


def test_children_stand_below_the_task_that_enqueued_them(shown):
    crawl.enqueue("https://example.org", 2)
    expect(shown.rows).to_have_count(1)
    top = shown.rows.first
    top.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        shown.page.keyboard.press(key)
    expect(shown.rows).to_have_count(5)
    expect(shown.panel.locator("[role=row][aria-level='3']")).to_have_count(2)
    shown.panel.get_by_role("searchbox", name="Search tasks").fill("docs/about")
    expect(shown.rows).to_have_count(3)
    expect(shown.rows.last).to_contain_text("docs/about")
    shown.panel.get_by_role("searchbox", name="Search tasks").fill("")
    shown.panel.get_by_role("button", name="Timeline").click()
    names = shown.panel.get_by_role("option", name=re.compile("child of crawl"))
    expect(names).to_have_count(6)


def test_the_attempts_of_a_task_are_one_row_and_each_can_be_looked_at(shown):
    mended.clear()
    flaky.enqueue("it")
    expect(shown.rows).to_have_count(1)
    mended.add("it")
    shown.rows.first.click()
    details = shown.panel.get_by_role("region", name="Task details")
    expect(details).to_contain_text("it is broken")
    details.get_by_role("button", name="Re-run").click()
    expect(shown.rows.first).to_contain_text("2 attempts")
    attempts = details.get_by_role("radiogroup", name="Attempt").get_by_role("radio")
    expect(attempts).to_have_count(2)
    expect(attempts.nth(1)).to_have_attribute("aria-checked", "true")
    expect(details).to_contain_text("Successful at attempt 2")
    attempts.nth(1).focus()
    shown.page.keyboard.press("ArrowLeft")
    expect(attempts.first).to_be_focused()
    expect(attempts.first).to_have_attribute("aria-checked", "true")
    expect(details).to_contain_text("Attempt 2 succeeded, so this failure is not counted.")
    details.get_by_role("tab", name="Traceback").click()
    expect(details).to_contain_text("it is broken")
    mended.clear()


def test_ticked_rows_are_acted_on_together(panel):
    bar = panel.get_by_role("toolbar", name="Selected tasks")
    row(panel, "parse").get_by_role("checkbox", name='Select parse("{")').check(force=True)
    expect(bar).to_contain_text("1 selected")
    row(panel, "2, 3").focus()
    panel.page.keyboard.press("Shift+Space")
    expect(bar).to_contain_text("2 selected")
    expect(bar.get_by_role("button", name="Cancel")).to_be_disabled()
    panel.get_by_role("button", name="Failed, 2").click()
    expect(bar).to_contain_text("2 selected, 1 of them not shown")
    panel.get_by_role("button", name="Failed, 2").click()

    with panel.page.expect_download() as download:
        bar.get_by_role("button", name="Export 2 selected tasks").click()
    assert len(json.loads(download.value.path().read_text("utf-8"))) == 2
    bar.get_by_role("button", name="Re-run 2 finished of 2 selected tasks").click()
    expect(panel).to_contain_text("2 attempts")
    expect(bar).to_contain_text("2 selected")
    rows(panel).first.focus()
    panel.page.keyboard.press("Control+a")
    expect(bar).to_contain_text("5 selected")
    expect(panel.get_by_role("checkbox", name="Select all shown tasks")).to_be_checked()
    panel.page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_a_double_click_runs_ticked_tasks_again_once(panel, recorder):
    row(panel, "2, 3").get_by_role("checkbox").check(force=True)
    bar = panel.get_by_role("toolbar", name="Selected tasks")
    bar.get_by_role("button", name="Re-run 1 finished").dblclick()
    expect(panel).to_contain_text("2 attempts")
    row(panel, "2, 3").click()
    details = panel.get_by_role("region", name="Task details")
    details.get_by_role("button", name="Re-run").dblclick()
    expect(row(panel, "2, 3")).to_contain_text("3 attempts")
    details.get_by_role("button", name="Copy id").click()  # whatever was asked before is answered
    expect(panel).to_contain_text("Id copied")
    assert len(recorder) == 7


def test_the_call_in_a_row_is_whole_where_there_is_room(shown):
    take_stock.enqueue()
    line = row(shown.panel, "take_stock")
    expect(line.locator(".itipy-call")).to_have_text("take_stock()")
    cut = "element => element.scrollWidth > element.clientWidth"
    assert not line.locator(".itipy-name").evaluate(cut)


def test_the_summary_by_function_leads_to_a_functions_tasks(panel):
    panel.get_by_role("group", name="View").get_by_role("button", name="Functions").click()
    grid = panel.get_by_role("grid", name="Task functions")
    expect(grid).to_have_attribute("aria-rowcount", "4")
    expect(grid.get_by_role("row").filter(has_text="fetch")).to_contain_text("1 of 2, 50%")
    expect(panel).to_contain_text("3 functions, 5 tasks")
    grid.get_by_role("button", name="Tasks").focus()
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("End")
    panel.page.keyboard.press("Home")
    focused = panel.locator("[role=row]:focus")
    name = focused.get_by_role("gridcell").first.inner_text()
    panel.page.keyboard.press("Enter")
    expect(panel.get_by_role("searchbox", name="Search tasks")).to_have_value(f"fn:{name}")
    expect(rows(panel).first).to_contain_text(name)


def test_the_timeline_by_worker_has_the_same_tasks(panel):
    panel.get_by_role("group", name="View").get_by_role("button", name="Timeline").click()
    panel.get_by_role("group", name="Lanes").get_by_role("button", name="by worker").click()
    lanes = panel.get_by_role("listbox", name="Task timeline")
    expect(lanes.get_by_role("group", name=re.compile(r"-1, \d+% busy"))).to_have_count(1)
    # A short task is a narrow bar, which a longer one may cover: no click at a place.
    lanes.get_by_role("option").first.dispatch_event("click")
    expect(panel.get_by_role("region", name="Task details")).to_contain_text("add(2, 3)")


def test_what_was_chosen_is_kept_over_a_reload(panel):
    panel.get_by_role("searchbox", name="Search tasks").fill("fetch")
    panel.get_by_role("treegrid").get_by_role("button", name="Took").click()
    expect(rows(panel)).to_have_count(2)
    panel.page.reload()
    expect(panel.get_by_role("searchbox", name="Search tasks")).to_have_value("fetch")
    expect(rows(panel)).to_have_count(2)
    expect(panel.get_by_role("columnheader").filter(has_text="Took")).to_have_attribute(
        "aria-sort", "descending"
    )


def test_a_narrow_panel_shows_the_detail_in_the_lists_place(shown, panel):
    shown.width(800)
    row(panel, "slow").click()
    expect(panel.get_by_role("treegrid")).to_be_hidden()
    expect(panel).to_contain_text("4 of 5")
    panel.get_by_role("button", name="Next task").click()
    expect(panel.get_by_role("region", name="Task details")).to_contain_text("add(2, 3)")
    panel.get_by_role("button", name="Back to the list").click()
    expect(row(panel, "2, 3")).to_be_focused()
    shown.width(230)
    expect(row(panel, "2, 3")).to_contain_text("Successful")
    expect(row(panel, "2, 3").get_by_role("gridcell", name="Successful")).to_be_visible()


def test_a_traceback_is_copied_and_its_variables_are_shown_when_asked_for(panel):
    row(panel, "slow").click()
    details = panel.get_by_role("region", name="Task details")
    tools = details.get_by_role("toolbar", name="Traceback")
    tools.get_by_role("button", name="Copy traceback").click()
    expect(panel.get_by_text("Traceback copied").first).to_be_visible()
    text = panel.page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("Traceback (most recent call last)")
    details.get_by_role("button", name="Local variables").click()
    expect(details.get_by_role("button", name="2 local variables")).to_be_visible()
    expect(details.get_by_label("Local variables of fetch")).to_contain_text("https://example.org/")
