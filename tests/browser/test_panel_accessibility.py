"""axe-core finds nothing serious in the panel, in both themes, in every state it has."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

SETUP = """
%load_ext immediate_tasks_ipy
import asyncio
from immediate_tasks_ipy.tasks import task, default_task_backend

@task
async def fetch(url):
    print("GET", url)
    await asyncio.sleep(600)

@task
def shaped(path):
    return {"path": path, "shape": (1204, 6), "parts": list(range(250))}

@task
def fail(message):
    raise ValueError(message)
"""
FILL = """
shaped.enqueue("prices.csv")
fail.using(priority=50).enqueue("no such row")
for n in range(40):
    shaped.enqueue(f"{n}.csv")
default_task_backend.submit(fetch, ("https://example.org",), {}, loop=asyncio.get_running_loop())
None
"""


@pytest.fixture
def axe(node_modules):
    return (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")


def serious(page, axe):
    """What axe-core finds in the panel that is serious or worse, as one text each."""
    page.evaluate(axe)
    found = page.evaluate(
        """async () => {
            const { violations } = await axe.run('.itipy-panel', { resultTypes: ['violations'] });
            return violations.flatMap(({ id, impact, nodes }) =>
                nodes.map(({ html, failureSummary }) => [impact, id, html, failureSummary]));
        }"""
    )
    return [": ".join(each) for each in found if each[0] in {"serious", "critical"}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_panel_has_a_serious_violation(lab, axe, theme):
    notebook = lab(SETUP, "%tasks", FILL)
    notebook.theme(theme)
    page = notebook.page
    notebook.run(0)
    notebook.run(1)
    panel = notebook.output(1).locator(".itipy-panel")
    expect(panel).to_contain_text("No tasks yet.")
    assert serious(page, axe) == []

    notebook.run(2)
    grid = panel.get_by_role("grid", name="Tasks")
    expect(grid).to_have_attribute("aria-rowcount", "44")
    panel.scroll_into_view_if_needed()
    assert serious(page, axe) == []

    panel.get_by_role("searchbox", name="Search tasks").fill("no such row")
    expect(grid).to_have_attribute("aria-rowcount", "2")
    panel.locator("[role=row][aria-selected]").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details).to_contain_text("ValueError: no such row")
    for name in ("Result", "Arguments", "Traceback", "Output", "Details"):
        details.get_by_role("tab", name=name).click()
        assert serious(page, axe) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    panel.locator("[role=row][aria-selected]").filter(has_text="39.csv").click()
    details.get_by_role("tab", name="Result").click()
    expect(details.get_by_role("tree", name="Result")).to_contain_text("1204")
    assert serious(page, axe) == []

    panel.get_by_role("button", name="More actions").click()
    assert serious(page, axe) == []
    page.keyboard.press("Escape")

    panel.get_by_role("button", name="Timeline").click()
    expect(panel.get_by_role("option").first).to_be_visible()
    assert serious(page, axe) == []

    page.evaluate("document.querySelector('.itipy-panel').style.width = '420px'")
    assert serious(page, axe) == []
    panel.get_by_role("button", name="Table").click()
    assert serious(page, axe) == []

    notebook.restart_kernel()
    expect(panel.get_by_role("alert")).to_contain_text("Kernel disconnected.")
    assert serious(page, axe) == []
