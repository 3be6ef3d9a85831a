"""The panel over time: live transitions, reloads, two views, a busy kernel, a restart, a save."""

from __future__ import annotations

import re

from playwright.sync_api import expect

#: The rows that a saved notebook keeps.
SAVED = 500

SETUP = """
%load_ext immediate_tasks_ipy
import asyncio, time
from immediate_tasks_ipy.tasks import task, default_task_backend
import immediate_tasks_ipy

gates = {}

@task
async def gated(name):
    gates[name] = asyncio.Event()
    await gates[name].wait()
    return name

@task
def add(a, b):
    return a + b

@task
def block(seconds):
    add.enqueue(1, 1)
    time.sleep(seconds)
"""
START = """
loop = asyncio.get_running_loop()
for name in ("first", "second"):
    default_task_backend.submit(gated, (name,), {}, loop=loop)
"""


def panel_of(notebook, cell):
    panel = notebook.output(cell).locator(".itipy-panel")
    expect(panel).to_be_visible()
    return panel


def rows(panel):
    return panel.get_by_role("grid", name="Tasks").locator("[role=row][aria-selected]")


def row(panel, text):
    return rows(panel).filter(has_text=text)


def test_rows_change_as_their_tasks_do(open_notebook):
    notebook = open_notebook(
        SETUP, "%tasks", START, "gates['first'].set()", "gates['second'].set()"
    )
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("No tasks yet. Put %%enqueue above a call")
    notebook.run(2)
    panel = panel_of(notebook, 1)
    expect(panel.get_by_role("button", name="Running, 2")).to_be_visible()
    took = row(panel, "first").locator(".itipy-c-took")
    before = took.inner_text()
    expect(took).not_to_have_text(before)  # it ticks

    row(panel, "first").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details).to_contain_text("No result yet.")
    notebook.run(3)
    expect(row(panel, "first").get_by_role("gridcell").first).to_have_text("Successful")
    expect(details.get_by_role("tree", name="Result")).to_contain_text("first")
    expect(panel.get_by_role("status")).to_have_text('gated("first") finished')
    assert notebook.errors == []


def test_an_async_task_is_cancelled_while_its_cell_is_awaited(lab):
    notebook = lab(SETUP, "%tasks", "%enqueue gated('held')")
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    panel = panel_of(notebook, 1)
    row(panel, "held").click()
    panel.get_by_role("button", name="Cancel").click()
    notebook.wait_done(2)
    expect(row(panel, "held").get_by_role("gridcell").first).to_have_text("Failed")
    expect(panel).to_contain_text("CancelledError")


def test_rows_and_details_arrive_while_a_synchronous_task_blocks_the_kernel(lab):
    notebook = lab(SETUP, "%tasks", "%enqueue block(600)", "'alive'")
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    panel = panel_of(notebook, 1)
    expect(row(panel, "block").get_by_role("gridcell").first).to_have_text("Running")
    row(panel, "add").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details.get_by_role("tree", name="Result")).to_contain_text("2")
    row(panel, "block").click()
    panel.get_by_role("button", name="Cancel").click()
    expect(row(panel, "block").get_by_role("gridcell").first).to_have_text("Failed")
    notebook.wait_done(2)
    expect(notebook.run(3)).to_contain_text("alive")


def test_after_a_reload_the_panel_is_complete_again(lab):
    notebook = lab(
        SETUP, "for n in range(3000): add.enqueue(n, 1)", "%tasks", "add.enqueue(7, 7); None"
    )
    for index in range(3):
        notebook.run(index)
    notebook.save()
    expect(panel_of(notebook, 2)).to_contain_text("3,000 tasks, showing rows 1 to")

    notebook.reload()
    panel = panel_of(notebook, 2)
    expect(panel).to_contain_text("3,000 tasks, showing rows 1 to")
    expect(panel.get_by_role("grid", name="Tasks")).to_have_attribute("aria-rowcount", "3001")
    notebook.run(3)
    expect(panel.get_by_role("grid", name="Tasks")).to_have_attribute("aria-rowcount", "3002")
    expect(rows(panel).first).to_contain_text("7, 7")
    assert notebook.errors == []


def test_two_views_are_one_panel_with_two_selections(open_notebook):
    notebook = open_notebook(
        SETUP, "%tasks", "%tasks", "add.enqueue(1, 2); add.enqueue(3, 4); None"
    )
    notebook.run_all()
    first, second = panel_of(notebook, 1), panel_of(notebook, 2)
    for panel in (first, second):
        expect(rows(panel)).to_have_count(2)
    row(first, "1, 2").click()
    expect(first.get_by_role("region", name="Task details")).to_be_visible()
    expect(second.get_by_role("region", name="Task details")).to_be_hidden()
    second.get_by_role("button", name="More actions").click()
    second.get_by_role("menuitem", name="Clear finished").click()
    for panel in (first, second):
        expect(panel).to_contain_text("No tasks")
    ids = first.page.evaluate(
        "[...document.querySelectorAll('.itipy-panel [id]')].map(element => element.id)"
    )
    assert len(ids) == len(set(ids))


def test_a_missed_message_is_noticed_and_made_good(lab):
    swallow = """
feed, send = panel._feed, panel._feed._send
def swallow(message):
    if message["op"] != "rows":
        send(message)
feed._send = swallow
for n in range(3): add.enqueue(n, 1)
while feed.seq == 0: time.sleep(0.01)
"""
    notebook = lab(
        SETUP, "panel = %tasks\npanel", swallow, "feed._send = send; add.enqueue(9, 9); None"
    )
    for index in range(4):
        notebook.run(index)
    panel = panel_of(notebook, 1)
    expect(rows(panel)).to_have_count(4)


def test_after_a_restart_the_last_state_stands_and_says_what_to_run(lab):
    notebook = lab(SETUP, "add.enqueue(1, 2)\n" + START, "%tasks")
    notebook.run_all()
    panel = panel_of(notebook, 2)
    row(panel, "first").click()
    notebook.restart_kernel()

    expect(panel.get_by_role("alert")).to_have_text(
        re.compile(
            r"Kernel disconnected\. Last known state, from \d\d:\d\d:\d\d\. Run %tasks again\."
        )
    )
    expect(rows(panel)).to_have_count(3)
    expect(row(panel, "first")).to_contain_text(re.compile(r"\d s\+"))
    for name in ("Re-run", "Cancel", "Copy as magic", "Re-run failed"):
        for button in panel.get_by_role("button", name=name, exact=True).all():
            expect(button).to_be_disabled()
    panel.get_by_role("button", name="More actions").click()
    for name in ("Clear finished", "Export as JSON", "Export as CSV"):
        expect(panel.get_by_role("menuitem", name=name)).to_be_disabled()
    expect(panel).to_contain_text("Not connected")

    notebook.run(0)
    notebook.run(2)
    expect(notebook.output(2)).to_contain_text("No tasks yet.")
    assert notebook.errors == []


def test_pause_holds_the_view_and_going_on_shows_what_came(lab):
    notebook = lab(SETUP, "add.enqueue(1, 2); None", "%tasks", "add.enqueue(3, 4); None", "1 + 1")
    for index in range(3):
        notebook.run(index)
    panel = panel_of(notebook, 2)
    expect(rows(panel)).to_have_count(1)

    def pause():
        panel.get_by_role("button", name="More actions").click()
        panel.get_by_role("menuitemcheckbox", name="Pause updates").click()

    pause()
    expect(panel).to_contain_text("Paused at")
    notebook.run(3)
    notebook.run(4)
    expect(rows(panel)).to_have_count(1)
    pause()
    expect(rows(panel)).to_have_count(2)


def test_ten_thousand_rows_are_complete_and_few_of_them_are_drawn(lab):
    notebook = lab(SETUP, "%tasks", "for n in range(10_000): add.enqueue(n, 1)")
    for index in range(3):
        notebook.run(index)
    panel = panel_of(notebook, 1)
    grid = panel.get_by_role("grid", name="Tasks")
    expect(grid).to_have_attribute("aria-rowcount", "10001")
    expect(panel.get_by_role("button", name="Successful, 10,000")).to_be_visible()
    expect(rows(panel).first).to_contain_text("9999, 1")
    rows(panel).first.click()
    panel.page.keyboard.press("End")
    expect(rows(panel).last).to_contain_text("0, 1")
    expect(rows(panel).last).to_be_focused()
    assert rows(panel).count() <= 41
    panel.get_by_role("button", name="Timeline").click()
    expect(panel.get_by_role("option", selected=True)).to_contain_text("add(0, 1)")
    assert panel.get_by_role("option").count() <= 41


def test_new_rows_move_neither_the_selected_row_nor_a_list_that_is_scrolled(lab):
    notebook = lab(
        SETUP,
        "for n in range(100): add.enqueue(n, 1)",
        "%tasks",
        "for n in range(20): add.enqueue(n, 2)",
    )
    for index in range(3):
        notebook.run(index)
    panel = panel_of(notebook, 2)
    grid = panel.get_by_role("grid", name="Tasks")
    expect(grid).to_have_attribute("aria-rowcount", "101")
    panel.scroll_into_view_if_needed()
    row(panel, "95, 1").click()
    expect(panel.get_by_role("region", name="Task details")).to_contain_text("add(95, 1)")

    def offset():
        return panel.page.evaluate(
            "([row, grid]) => row.getBoundingClientRect().top - grid.getBoundingClientRect().top",
            [row(panel, "95, 1").element_handle(), grid.element_handle()],
        )

    before = offset()
    notebook.run(3)
    expect(grid).to_have_attribute("aria-rowcount", "121")
    expect(row(panel, "95, 1")).to_have_attribute("aria-selected", "true")
    assert abs(offset() - before) < 2


def test_a_saved_notebook_shows_its_last_rows_without_its_kernel(lab):
    notebook = lab(SETUP, "for n in range(600): add.enqueue(n, 1)", "%tasks")
    save_widget_state = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
    notebook.command(save_widget_state)
    try:
        notebook.run_all()
        expect(panel_of(notebook, 2)).to_contain_text("600 tasks")
        notebook.wait_for(lambda: saved_rows(notebook) == SAVED)
        notebook.page.goto("about:blank")
        for session in notebook.server.get("api/sessions"):
            notebook.page.request.delete(f"{notebook.server.url}api/sessions/{session['id']}")
        notebook.open()
        panel = panel_of(notebook, 2)
        expect(panel.get_by_role("grid", name="Tasks")).to_have_attribute(
            "aria-rowcount", str(SAVED + 1)
        )
        expect(rows(panel).first).to_contain_text("599, 1")
        expect(panel.get_by_role("alert")).to_contain_text("Run %tasks again.")
        assert notebook.errors == []
    finally:
        notebook.command(save_widget_state)


def saved_rows(notebook):
    """How many rows the notebook holds when it is saved now."""
    notebook.save()
    saved = notebook.read().metadata.get("widgets", {})
    states = saved.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    panels = [each["state"] for each in states.values() if "panel_id" in each["state"]]
    return len(panels[0]["snapshot"]["rows"]) if panels else 0


def test_the_selected_row_stays_in_view_when_its_detail_opens_below(lab):
    notebook = lab(SETUP, "for n in range(30): add.enqueue(n, 1)", "%tasks")
    notebook.run_all()
    panel = panel_of(notebook, 2)
    grid = panel.get_by_role("grid", name="Tasks")
    expect(grid).to_have_attribute("aria-rowcount", "31")
    panel.evaluate("panel => { panel.style.width = '420px'; }")
    row(panel, "20, 1").click()
    expect(panel.get_by_role("region", name="Task details")).to_be_visible()
    expect(row(panel, "20, 1")).to_be_in_viewport(ratio=0.9)
