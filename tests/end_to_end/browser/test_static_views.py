"""What a reader sees who has run nothing: JupyterLab with an untrusted notebook, and Voila."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
from playwright.sync_api import Page, expect

from tests.support.jupyter_server import JupyterServer

QUICKSTART = Path("notebooks/01_quickstart.ipynb")


def test_an_untrusted_notebook_shows_every_outcome(page: Page, server: JupyterServer) -> None:
    shutil.copy(QUICKSTART, server.folder / "untrusted.ipynb")
    page.goto(f"{server.url}lab/tree/untrusted.ipynb")
    notebook = page.locator(".jp-Notebook")
    expect(notebook.get_by_text("SUCCESSFUL in").first).to_be_visible()
    failed = page.locator(".jp-OutputArea-output", has_text="NameError: name 'prices'").first
    failed.scroll_into_view_if_needed()
    expect(failed.get_by_text("FAILED", exact=True)).to_be_visible()
    expect(failed.get_by_text(re.compile(r"return len\(prices\[name\]\)"))).to_be_visible()
    # The card's colours and rule survive the sanitiser.
    card = failed.locator("div[style*='border-left']").first
    assert "e04343" in str(card.get_attribute("style")) or "224, 67, 67" in str(
        card.get_attribute("style")
    )


def test_voila_runs_the_tasks_and_shows_cards_and_panel(page: Page, server: JupyterServer) -> None:
    cells = (
        "%load_ext immediate_tasks_ipy",
        "def add(a, b):\n    return a + b",
        "%enqueue add(20, 22)",
        "%%enqueue\nimport asyncio\nawait asyncio.sleep(0.3)\n'slept'",
        "%tasks",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, server.folder / "voila.ipynb")
    page.goto(f"{server.url}voila/render/voila.ipynb", timeout=180_000)
    expect(page.get_by_text("add(20, 22)").first).to_be_visible(timeout=180_000)
    expect(page.get_by_text("SUCCESSFUL in").first).to_be_visible()
    grid = page.get_by_role("treegrid", name="Tasks")
    expect(grid).to_be_visible(timeout=180_000)
    expect(grid.get_by_text("'slept'").or_(grid.get_by_text('"slept"')).first).to_be_visible()
