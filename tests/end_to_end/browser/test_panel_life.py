"""The panel over time: live transitions, two views, a busy kernel, a restart."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.panel_page import panel_of, row, rows

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
    expect(row(panel, "first").get_by_role("gridcell").nth(1)).to_have_text("Successful")
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
    expect(row(panel, "held").get_by_role("gridcell").nth(1)).to_have_text("Cancelled")
    expect(row(panel, "held")).to_contain_text("Cancelled by you")


def test_rows_and_details_arrive_while_a_synchronous_task_blocks_the_kernel(lab):
    notebook = lab(SETUP, "%tasks", "%enqueue block(600)", "'alive'")
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    panel = panel_of(notebook, 1)
    expect(row(panel, "block").get_by_role("gridcell").nth(1)).to_have_text("Running")
    row(panel, "block").locator(".itipy-twist").click()
    row(panel, "add").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details.get_by_role("tree", name="Result")).to_contain_text("2")
    row(panel, "block").click()
    panel.get_by_role("button", name="Cancel").click()
    expect(row(panel, "block").get_by_role("gridcell").nth(1)).to_have_text("Cancelled")
    notebook.wait_done(2)
    expect(notebook.run(3)).to_contain_text("alive")


def test_two_views_are_one_panel_with_two_selections(open_notebook):
    notebook = open_notebook(
        SETUP, "%tasks", "%tasks", "add.enqueue(1, 2); add.enqueue(3, 4); None"
    )
    notebook.run_all()
    first, second = panel_of(notebook, 1), panel_of(notebook, 2)
    for panel in (first, second):
        # A panel draws no rows while it is out of sight.
        panel.scroll_into_view_if_needed()
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


#: What a page does that is too busy to start a widget within anywidget's two seconds.
START_TOO_LATE = """() => {
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (ms) => {
    AbortSignal.timeout = timeout;
    const late = new AbortController();
    queueMicrotask(() => late.abort());
    return late.signal;
  };
}"""


def test_a_panel_that_started_too_late_for_anywidget_shows_its_tasks(lab):
    notebook = lab(SETUP, "%tasks", "add.enqueue(1, 2); None")
    notebook.run(0)
    notebook.page.evaluate(START_TOO_LATE)
    notebook.run(1)
    notebook.run(2)
    panel = panel_of(notebook, 1)
    expect(rows(panel)).to_have_count(1)
    row(panel, "1, 2").click()
    details = panel.get_by_role("region", name="Task details")
    expect(details.get_by_role("tree", name="Result")).to_contain_text("3")
    assert notebook.late_starts
    assert notebook.errors == []


def test_go_to_cell_selects_the_line_that_raised(lab):
    notebook = lab("%load_ext immediate_tasks_ipy", "%%enqueue\nnumber = 1\nnumber / 0", "%tasks")
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    panel = panel_of(notebook, 2)
    row(panel, "ZeroDivisionError").click()
    go = panel.get_by_role("button", name="Go to cell [2], line 3")
    go.click()
    expect(notebook.cell(1).locator(".cm-content")).to_be_focused()
    assert notebook.page.evaluate("getSelection().toString().trim()") == "number / 0"

    notebook.set_source(1, "%%enqueue\nnumber = 2\nnumber / 2")
    go.click()
    expect(go).to_be_disabled()
    expect(go).to_have_attribute("title", "The cell changed since")


def test_a_missed_message_is_noticed_and_recovered(lab):
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


def test_after_a_restart_the_last_state_is_shown_with_what_to_run(lab):
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


def test_pausing_holds_the_view_and_resuming_shows_what_came(lab):
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
    grid = panel.get_by_role("treegrid", name="Tasks")
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
    grid = panel.get_by_role("treegrid", name="Tasks")
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


def test_the_selected_row_is_in_view_when_its_detail_gives_the_place_back(lab):
    notebook = lab(SETUP, "for n in range(30): add.enqueue(n, 1)", "%tasks")
    notebook.run_all()
    panel = panel_of(notebook, 2)
    grid = panel.get_by_role("treegrid", name="Tasks")
    expect(grid).to_have_attribute("aria-rowcount", "31")
    panel.evaluate("panel => { panel.style.width = '420px'; }")
    row(panel, "20, 1").click()
    expect(panel.get_by_role("region", name="Task details")).to_be_visible()
    panel.get_by_role("button", name="Back to the list").click()
    expect(row(panel, "20, 1")).to_be_in_viewport(ratio=0.9)
