"""The details of one task: result, arguments, traceback, actions."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.panel_page import row, rows


def test_text_of_a_task_is_text(panel):
    expect(row(panel, "<img src=x onerror=alert(1)>")).to_be_visible()
    row(panel, "<img").click()
    details = panel.get_by_role("region", name="Task details")
    details.get_by_role("tab", name="Arguments").click()
    expect(details.get_by_role("tree", name="Arguments")).to_contain_text("<img src=x")
    expect(panel.locator("img, b:text-is('<b>') > *")).to_have_count(0)


def test_the_detail_of_a_failure_opens_at_the_users_own_line(panel):
    row(panel, "slow").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details.get_by_role("tab", name="Traceback")).to_have_attribute("aria-selected", "true")
    expect(details).to_contain_text("TimeoutError: timed out")
    expect(details.locator(".itipy-srcbad")).to_contain_text('raise TimeoutError("timed out")')
    expect(details.get_by_role("list", name="Lifecycle")).to_have_text(
        re.compile(r"READY\s*waited .* m?s\s*RUNNING\s*ran .* m?s\s*FAILED")
    )
    details.get_by_role("tab", name="Result").click()
    expect(details).to_contain_text("No result: the task failed.")
    details.get_by_role("tab", name="Details").click()
    expect(details).to_contain_text("enqueued, started, finished")


def test_a_parse_error_folds_the_librarys_frames(panel):
    row(panel, "parse").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details.get_by_text(re.compile(r"^\d library frames: json/"))).to_be_visible()


def test_the_tree_opens_by_keys_and_fetches_its_pages(panel):
    row(panel, "fast").click()
    details = panel.get_by_role("region", name="Task details")
    tree = details.get_by_role("tree", name="Result")
    root = tree.get_by_role("treeitem").first
    expect(root).to_have_attribute("aria-expanded", "true")
    expect(tree.get_by_role("treeitem").filter(has_text="shape")).to_contain_text("tuple → list")
    root.focus()
    for _ in range(3):
        panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("ArrowRight")
    parts = tree.get_by_role("treeitem").filter(has_text="parts")
    expect(parts).to_have_attribute("aria-expanded", "true")
    expect(tree.locator("[aria-level='3']")).to_have_count(101)
    tree.get_by_text("Show more, 150 left").click()
    tree.get_by_text("Show more, 50 left").click()
    expect(tree.locator("[aria-level='3']")).to_have_count(250)
    parts.click()
    expect(parts).to_have_attribute("aria-expanded", "false")


def test_re_run_makes_a_new_attempt_and_says_so(panel):
    row(panel, "2, 3").click()
    panel.get_by_role("button", name="Re-run", exact=True).click()
    expect(panel).to_contain_text("add is running again")
    expect(rows(panel)).to_have_count(5)
    expect(rows(panel).first).to_contain_text("2, 3")
    expect(rows(panel).first).to_contain_text("2 attempts")
    expect(panel.get_by_role("button", name="Successful, 3")).to_be_visible()


def test_copying_says_what_was_copied(panel):
    page = panel.page
    row(panel, "2, 3").click()
    details = panel.get_by_role("region", name="Task details")
    details.get_by_role("tab", name="Details").click()
    task_id = details.locator("dd").first.inner_text()
    panel.get_by_role("button", name="Copy id").click()
    expect(panel.get_by_text("Id copied").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == task_id
    panel.get_by_role("button", name="Copy as magic").click()
    expect(panel).to_contain_text("Copied: %enqueue add(2, 3)")
    assert page.evaluate("navigator.clipboard.readText()") == "%enqueue add(2, 3)"


def test_a_finished_task_cannot_be_cancelled_and_says_why(panel):
    row(panel, "2, 3").click()
    cancel = panel.get_by_role("button", name="Cancel")
    expect(cancel).to_be_disabled()
    expect(cancel).to_have_attribute("title", "The task has finished")
