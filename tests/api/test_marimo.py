"""The Python API in a marimo notebook that runs without a front end, to an HTML page."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from tests.support.environments import environment
from tests.support.services import PATIENCE

NOTEBOOK = """
import marimo
app = marimo.App()

@app.cell
def _():
    import asyncio
    from immediate_tasks_ipy import background, card, each, panel, wait
    async def fetch(n):
        await asyncio.sleep(0.01)
        return 10 // n
    return background, card, each, fetch, panel, wait

@app.cell
async def _(each, fetch):
    results = await each(fetch, [1, 2, 0])
    results
    return (results,)

@app.cell
async def _(each, fetch):
    _kept = await each(fetch, [1, 2, 3, 0])
    return

@app.cell
async def _(background, fetch, wait):
    r = background(fetch, 5)
    await wait(r)
    r
    return

@app.cell
def _(panel, results):
    results
    panel()
    return
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page that marimo makes of the notebook."""
    folder = tmp_path_factory.mktemp("marimo")
    (folder / "cards.py").write_text(NOTEBOOK)
    python = environment("marimo", "marimo", "anywidget", "ipython")
    done = subprocess.run(
        [python, "-m", "marimo", "export", "html", "cards.py", "-o", "cards.html"],
        cwd=folder, env=os.environ | {"HOME": str(folder)}, timeout=PATIENCE * 4,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "cards.html").read_text()


@pytest.fixture(scope="module")
def cells(page):
    """What each cell shows, as HTML."""
    _, session = page.split('"session": ', 1)
    shown = json.JSONDecoder().raw_decode(session)[0]["cells"]
    return [
        "\n".join(
            output["data"].get("text/html", "") for output in cell["outputs"] if "data" in output
        )
        for cell in shown
    ]


def text_of(html):
    plain = html.replace(r"\u003C", "<").replace(r"\u003E", ">")
    return re.sub("<[^<>]*>", "", plain)


def test_a_batch_that_is_a_cells_value_shows_its_card(cells):
    assert "2 successful" in text_of(cells[1])
    assert "ZeroDivisionError" in cells[1]


def test_a_batch_shows_its_card_where_the_cell_has_no_value(cells, page):
    assert "marimo-anywidget" in cells[2]
    assert "3 successful" in text_of(page)


def test_a_task_that_is_a_cells_value_shows_its_card(cells):
    assert "SUCCESSFUL" in cells[3]
    assert "fetch(5)" in cells[3]


def test_the_panel_is_a_widget(cells):
    assert "marimo-anywidget" in cells[4]
