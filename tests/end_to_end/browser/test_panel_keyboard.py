"""All of the panel by keyboard alone: every control is reached, and the focus is never lost."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.end_to_end.browser.tasks import add, flaky, mended
from tests.end_to_end.browser.test_panel_tree import enqueue_batch

PAGES = [f"https://example.org/page/{number}" for number in range(20)]

#: What has the focus, by its role and name; empty where nothing has it.
FOCUSED = """
() => {
  const element = document.activeElement;
  if (element === document.body) return '';
  const label = element.closest('label')?.textContent;
  const name = element.getAttribute('aria-label') ?? label ?? element.textContent;
  return `${element.getAttribute('role') ?? element.localName} ${name}`.trim();
}
"""


class Keys:
    """A user without a pointer."""

    def __init__(self, page):
        self.page = page

    @property
    def focused(self):
        return self.page.evaluate(FOCUSED)

    def press(self, *names):
        for name in names:
            self.page.keyboard.press(name)

    def to(self, name, key="Tab"):
        """Press Tab until something of that name has the focus; all that had it before."""
        passed = []
        while name not in self.focused:
            passed.append(self.focused)
            assert len(passed) < 60, passed
            self.press(key)
        return passed

    def use(self, name, key="Tab"):
        self.to(name, key)
        self.press("Enter")


def wait_focus(shown, name):
    shown.page.wait_for_function(f"(name) => ({FOCUSED})().includes(name)", arg=name)


def test_a_batch_is_acted_on_and_looked_at_by_keyboard(shown):
    mended.clear()
    mended.update(PAGES[2:])
    batch = enqueue_batch(flaky, PAGES, label="flaky(text)", total=25)
    add.enqueue(2, 3)
    expect(shown.rows).to_have_count(2)
    panel, keys = shown.panel, Keys(shown.page)
    group = shown.row("flaky(text)")

    keys.press("Tab")
    passed = keys.to("row")
    for control in ("Failed, 2", "Search tasks", "Table", "Timeline", "Functions", "More actions"):
        assert any(control in each for each in passed), passed

    # The buttons of a group are reached from its row; the row has the focus once one goes away.
    keys.press("End")
    mended.update(PAGES)
    keys.use("Re-run 2 failed tasks of flaky")
    expect(group.get_by_role("button", name="Re-run")).to_have_count(0)
    wait_focus(shown, "row Running")

    keys.press("ArrowRight", "ArrowRight")
    expect(shown.rows.nth(2)).to_be_focused()
    keys.press("Shift+Space", "Shift+ArrowDown")
    expect(panel.get_by_role("toolbar", name="Selected tasks")).to_contain_text("2 selected")
    passed = keys.to("Clear selection")
    assert any("Re-run 2 finished of 2 selected tasks" in each for each in passed), passed
    assert any("Export 2 selected tasks" in each for each in passed), passed
    keys.press("Enter")
    expect(shown.rows.nth(3)).to_be_focused()

    # The details of the batch.
    keys.press("Home", "ArrowDown", "Enter")
    details = panel.get_by_role("region", name="Batch details")
    expect(details).to_be_visible()
    keys.to("tab Summary")
    keys.press("End")
    expect(details.get_by_role("tab", name="Details")).to_be_focused()
    keys.use("Copy as magic")
    expect(panel).to_contain_text("Copied: %enqueue --each items flaky(text)")
    keys.to("Cancel 5 unfinished", "Shift+Tab")
    batch.finished_at, batch.total = 1, None
    expect(details.get_by_role("button", name="Cancel")).to_have_count(0)
    wait_focus(shown, "tab Details")
    keys.use("Close batch details", "Shift+Tab")
    expect(details).to_be_hidden()
    expect(group).to_be_focused()


def test_views_menu_and_messages_are_used_by_keyboard(shown, panel):
    page, keys = shown.page, Keys(shown.page)
    keys.press("Tab")

    keys.use("Timeline")
    keys.use("by worker")
    expect(panel.get_by_role("button", name="by worker")).to_have_attribute("aria-pressed", "true")
    for tool in ("Zoom out", "Zoom in", "Fit"):
        keys.use(tool)
    keys.to("option")
    keys.press("ArrowRight", "+", "-", "0", "Shift+ArrowRight", "Enter")
    expect(panel.get_by_role("region", name="Task details")).to_be_visible()
    expect(page.locator("[role=option][aria-selected=true]")).to_be_focused()
    keys.press("Escape")
    expect(panel.get_by_role("region", name="Task details")).to_be_hidden()
    wait_focus(shown, "option")

    keys.use("button Functions", "Shift+Tab")
    keys.to("row")
    keys.press("ArrowUp", "ArrowLeft", "Enter")
    head = panel.get_by_role("columnheader", name="Longest")
    expect(head).to_have_attribute("aria-sort", "descending")
    keys.press("ArrowDown", "Enter")
    wait_focus(shown, "Search tasks")
    expect(panel.get_by_role("searchbox")).not_to_have_value("")
    keys.press("Escape")
    expect(shown.rows).to_have_count(5)

    keys.use("More actions")
    keys.press("End", "ArrowUp", "Home")
    keys.to("Failures first", "ArrowDown")
    keys.press("Enter")
    wait_focus(shown, "button More actions")

    # A refusal stays until it is dismissed, and leaves the focus in the panel.
    keys.to("row")
    keys.press("Home")
    page.evaluate("() => navigator.clipboard.writeText = () => Promise.reject(new Error())")
    keys.press("Enter")
    keys.use("Copy id")
    expect(panel).to_contain_text("The browser does not allow copying")
    keys.use("Dismiss", "Shift+Tab")
    page.wait_for_function("() => document.querySelector('.itipy-notice').hidden")
    assert keys.focused

    # What has the focus may go away with all rows.
    keys.to("row")
    keys.use("More actions", "Shift+Tab")
    keys.press("Enter")
    expect(panel).to_contain_text("No tasks")
    assert keys.focused
