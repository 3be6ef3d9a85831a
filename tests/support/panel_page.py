"""Where things are in a panel that is shown in a browser."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.support.notebook_page import Notebook


def panel_of(notebook: Notebook, cell: int) -> Locator:
    """Return the panel in a cell's output, once it is visible."""
    panel = notebook.output(cell).locator(".itipy-panel")
    expect(panel).to_be_visible()
    return panel


def rows(panel: Locator) -> Locator:
    """Return the rows of the table, its header excepted."""
    return panel.get_by_role("treegrid", name="Tasks").locator("[role=row][aria-selected]")


def row(panel: Locator, text: str) -> Locator:
    """Return the rows that contain a text."""
    return rows(panel).filter(has_text=text)
