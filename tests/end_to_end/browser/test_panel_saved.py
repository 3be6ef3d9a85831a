"""What is left of the panel after a reload, and in a saved notebook without its kernel."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.panel_page import panel_of, rows

#: The rows that a saved notebook keeps.
SAVED = 500

SETUP = """
%load_ext immediate_tasks_ipy
from immediate_tasks_ipy.tasks import task

@task
def add(a, b):
    return a + b
"""


def test_after_a_reload_the_panel_is_complete_again(lab):
    notebook = lab(
        SETUP, "for n in range(3000): add.enqueue(n, 1)", "%tasks", "add.enqueue(7, 7); None"
    )
    for index in range(3):
        notebook.run(index)
    notebook.save()
    expect(panel_of(notebook, 2)).to_contain_text("3,000 tasks, showing rows 1 to")
    widget, copy = notebook.read().cells[2].outputs
    assert "application/vnd.jupyter.widget-view+json" in widget["data"]
    assert "the latest 20 of 3,000 tasks" in copy["data"]["text/html"].lower()

    notebook.reload()
    panel = panel_of(notebook, 2)
    expect(panel).to_contain_text("3,000 tasks, showing rows 1 to")
    expect(panel.get_by_role("treegrid", name="Tasks")).to_have_attribute("aria-rowcount", "3001")
    notebook.run(3)
    expect(panel.get_by_role("treegrid", name="Tasks")).to_have_attribute("aria-rowcount", "3002")
    expect(rows(panel).first).to_contain_text("7, 7")
    assert notebook.errors == []


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
        expect(panel.get_by_role("treegrid", name="Tasks")).to_have_attribute(
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
