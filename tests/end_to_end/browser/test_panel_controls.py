"""The panel's header, table, timeline and menu: controls are found by role and name."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect

from tests.support.panel_page import row, rows


def test_the_table_names_status_and_outcome_of_each_task(panel):
    grid = panel.get_by_role("treegrid", name="Tasks")
    expect(grid).to_have_attribute("aria-rowcount", "6")
    expect(grid).to_have_attribute("aria-colcount", "7")
    names = ["Status", "Task", "Queue and priority", "Enqueued", "Took", "Result"]
    for name in names:
        expect(grid.get_by_role("columnheader").get_by_role("button", name=name)).to_have_count(1)
    slow = row(panel, "slow")
    expect(slow.get_by_role("gridcell").nth(1)).to_have_text("Failed")
    expect(slow).to_contain_text("TimeoutError: timed out")
    expect(row(panel, "2, 3")).to_contain_text("5")
    expect(row(panel, "parse")).to_contain_text("+50")
    expect(panel).to_contain_text("5 tasks, newest first")


def test_the_chips_count_and_filter(panel):
    group = panel.get_by_role("group", name="Show only")
    failed = group.get_by_role("button", name="Failed, 2")
    failed.click()
    expect(failed).to_have_attribute("aria-pressed", "true")
    expect(rows(panel)).to_have_count(2)
    expect(panel).to_contain_text("2 of 5 tasks")

    group.get_by_role("button", name="Successful, 3").click()
    expect(rows(panel)).to_have_count(5)

    group.get_by_role("button", name="Running, 0").click()
    failed.click()
    group.get_by_role("button", name="Successful, 3").click()
    expect(panel).to_contain_text("No task matches.")
    panel.get_by_role("button", name="Clear filters").click()
    expect(rows(panel)).to_have_count(5)


def test_the_search_finds_what_is_shown_and_what_is_cut(panel):
    search = panel.get_by_role("searchbox", name="Search tasks")
    search.fill("TIMED OUT")
    expect(rows(panel)).to_have_count(1)
    search.fill("249")  # deep in a result of which the row shows a preview
    expect(rows(panel)).to_have_count(1)
    expect(rows(panel)).to_contain_text("fast")
    search.press("Escape")
    expect(search).to_have_value("")
    expect(rows(panel)).to_have_count(5)


def test_a_column_sorts_and_says_so(panel):
    grid = panel.get_by_role("treegrid", name="Tasks")
    grid.get_by_role("button", name="Task").click()
    header = grid.get_by_role("columnheader").filter(has_text="Task")
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(rows(panel).first).to_contain_text("add")
    grid.get_by_role("button", name="Task").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(rows(panel).first).to_contain_text("parse")


def test_the_panel_is_complete_by_keyboard(panel):
    keyboard = panel.page.keyboard
    panel.get_by_role("button", name="More actions").focus()
    keyboard.press("Tab")
    expect(rows(panel).first).to_be_focused()
    keyboard.press("ArrowDown")
    expect(rows(panel).nth(1)).to_be_focused()
    expect(rows(panel).nth(1)).to_have_attribute("aria-selected", "true")
    keyboard.press("Enter")
    details = panel.get_by_role("region", name="Task details")
    expect(details).to_be_visible()
    expect(rows(panel).nth(1)).to_be_focused()
    keyboard.press("End")
    expect(rows(panel).last).to_be_focused()
    expect(details).to_contain_text("add(2, 3)")
    keyboard.press("Home")
    keyboard.press("Escape")
    expect(details).to_be_hidden()
    expect(rows(panel).first).to_be_focused()
    keyboard.press("ArrowUp")
    expect(panel.get_by_role("button", name="Enqueued")).to_be_focused()
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    keyboard.press("Enter")
    expect(panel.get_by_role("columnheader").filter(has_text="Task")).to_have_attribute(
        "aria-sort", "ascending"
    )
    keyboard.press("ArrowDown")
    keyboard.press("/")
    expect(panel.get_by_role("searchbox", name="Search tasks")).to_be_focused()
    keyboard.type("xdda")
    keyboard.press("Escape")
    expect(panel.get_by_role("searchbox", name="Search tasks")).to_have_value("")


def test_single_letters_in_the_panel_do_not_reach_the_notebook(lab_panel):
    panel, keyboard = lab_panel, lab_panel.page.keyboard
    rows(panel).first.click()
    for key in ("x", "d", "d", "a", "b", "m"):
        keyboard.press(key)
    panel.get_by_role("searchbox", name="Search tasks").focus()
    keyboard.type("xdda")  # x, d d and a cut, delete and add cells in a notebook's command mode
    keyboard.press("Escape")
    assert panel.page.locator(".jp-Notebook .jp-Cell").count() == 3
    expect(panel.page.locator(".jp-MarkdownCell")).to_have_count(0)


def test_tabs_and_menu_move_by_arrows(panel):
    keyboard = panel.page.keyboard
    row(panel, "slow").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details.get_by_role("tab", name="Traceback")).to_have_attribute("aria-selected", "true")
    details.get_by_role("tab", name="Traceback").focus()
    keyboard.press("ArrowRight")
    expect(details.get_by_role("tab", name="Output")).to_be_focused()
    keyboard.press("Home")
    expect(details.get_by_role("tabpanel", name="Result")).to_be_visible()

    more = panel.get_by_role("button", name="More actions")
    more.focus()
    keyboard.press("Enter")
    expect(panel.get_by_role("menuitem", name="Clear finished")).to_be_focused()
    keyboard.press("End")
    failures_first = panel.get_by_role("menuitemcheckbox", name="Failures first in batches")
    expect(failures_first).to_be_focused()
    keyboard.press("ArrowUp")
    expect(panel.get_by_role("menuitemcheckbox", name="Pause updates")).to_be_focused()
    keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")


def test_the_timeline_is_a_list_with_one_selection_shared_with_the_table(panel):
    row(panel, "slow").click()
    panel.get_by_role("group", name="View").get_by_role("button", name="Timeline").click()
    lanes = panel.get_by_role("listbox", name="Task timeline")
    lane = lanes.get_by_role(
        "option",
        name=re.compile(r'^Failed, fetch\(".+slow"\), waited .* m?s, took .* m?s$'),
    )
    expect(lane).to_have_attribute("aria-selected", "true")
    expect(panel).to_contain_text("5 tasks, oldest first")
    lanes.get_by_role("option").first.click()
    expect(panel.get_by_role("region", name="Task details")).to_contain_text("add(2, 3)")
    lanes.get_by_role("option").last.hover()
    expect(panel.get_by_role("tooltip")).to_contain_text("Waited")
    # The lanes move below a pointer that rests.
    lanes.evaluate("lanes => lanes.closest('.itipy-scroll').dispatchEvent(new Event('scroll'))")
    expect(panel.get_by_role("tooltip")).to_contain_text("Waited")
    bar = lane.locator(".itipy-bar")
    panel.get_by_role("button", name="Zoom in").click()
    expect(panel.get_by_role("button", name="Fit")).to_be_visible()
    panel.get_by_role("button", name="Zoom out").click()
    panel.get_by_role("button", name="Fit").click()
    expect(bar).to_be_visible()
    panel.get_by_role("button", name="Table").click()
    expect(rows(panel).last).to_have_attribute("aria-selected", "true")


def test_re_run_failed_runs_the_failed_ones_that_are_shown(panel):
    panel.get_by_role("searchbox", name="Search tasks").fill("slow")
    expect(rows(panel)).to_have_count(1)
    panel.get_by_role("button", name="Re-run 1 failed").click()
    expect(rows(panel)).to_contain_text("2 attempts")
    expect(panel.get_by_role("button", name="Failed, 2")).to_be_visible()


def test_exports_are_files_of_what_is_shown(panel):
    def download(name):
        panel.get_by_role("button", name="More actions").click()
        with panel.page.expect_download() as download:
            panel.get_by_role("menuitem", name=name).click()
        return download.value.path().read_text("utf-8")

    records = json.loads(download("Export as JSON"))
    assert [record["status"] for record in records].count("FAILED") == 2
    assert records[2]["return_value"]["parts"][249] == 249
    panel.get_by_role("button", name="Failed, 2").click()
    expect(rows(panel)).to_have_count(2)
    assert len(json.loads(download("Export as JSON"))) == 2
    assert download("Export as CSV").startswith("id,task,")


def test_clear_finished_empties_the_panel(panel):
    panel.get_by_role("button", name="More actions").click()
    panel.get_by_role("menuitem", name="Clear finished").click()
    expect(panel).to_contain_text("No tasks yet. Put %%enqueue above a call in a cell and run it.")
    expect(panel.get_by_role("button", name="Failed, 0")).to_be_visible()
