"""The notebooks in a browser with no server: JupyterLite, with Python in the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.jupyter_server import JupyterServer
from tests.support.lite_site import lite_site, served
from tests.support.notebook_page import WIDGET, Notebook
from tests.support.panel_page import panel_of, row
from tests.support.services import ROOT

NOT_FOUND = "Failed to load resource: the server responded with a status of 404"

#: Cells that need pandas, which the site has not.
NEEDS_PANDAS = re.compile(r"to_frame|pandas")

ENQUEUE_ASYNC = """
@task
async def echo(word):
    await asyncio.sleep(0.05)
    return word
[echo.enqueue("without a wait").return_value, echo.call("called")]
"""
BACKGROUND = """
async def nap(seconds):
    await asyncio.sleep(seconds)
    return "slept"
%enqueue --background nap(0.6)
%tasks wait
"""
RUNNING_ON = "%enqueue --background nap(1000)"
EXPORT = """
%tasks export tasks.json
import json, pathlib
from immediate_tasks_ipy import history
[record["id"] for record in json.loads(pathlib.Path("tasks.json").read_text())] == [
    result.id for result in history.results
]
"""
DJANGO = """
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TASKS={"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}},
)
django.setup()
from django.db import connection, models
from django.tasks import task as django_task

class Order(models.Model):
    class Meta:
        app_label = "shop"

with connection.schema_editor() as editor:
    editor.create_model(Order)

@django_task
def sell(count):
    Order.objects.bulk_create(Order() for _ in range(count))
    return Order.objects.count()
"""


@pytest.fixture(scope="module")
def site() -> Iterator[JupyterServer]:
    folder = lite_site()
    with served(folder) as url:
        yield JupyterServer(url, folder / "files", Path())


@pytest.fixture(scope="module")
def lite_page(browser: Browser, site: JupyterServer) -> Iterator[Page]:
    """JupyterLite; the browser knows of no other address."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(f"{site.url}lab/index.html")
    expect(page.locator(".jp-Launcher")).to_be_visible()
    yield page
    context.close()


@pytest.fixture
def open_lite(lite_page: Page, site: JupyterServer) -> Iterator[Callable[[str], Notebook]]:
    """Open one of the site's notebooks by its name, with a kernel of its own."""
    opened: list[Notebook] = []

    def open_notebook(name: str) -> Notebook:
        opened.append(Notebook(lite_page, site, "lab", name=name))
        return opened[-1].open()

    yield open_notebook
    lite_page.evaluate(
        "() => Promise.all([...jupyterapp.shell.widgets('main')].map(async (widget) => {"
        "  await widget.sessionContext?.shutdown();"
        "  widget.dispose();"
        "}))"
    )
    for notebook in opened:
        # JupyterLite looks for pieces of a server, which this one has not.
        assert [error for error in notebook.errors if NOT_FOUND not in error] == []
        assert notebook.foreign_requests == []


def run_as_saved(notebook: Notebook) -> None:
    """Run all code cells; each has to come to what was saved with it, as far as times allow."""
    notebook.command("notebook:clear-all-cell-outputs")
    saved = nbformat.read(ROOT / "notebooks" / notebook.path.name, as_version=4)
    for index, cell in enumerate(saved.cells):
        if cell.cell_type != "code":
            continue
        notebook.run(index)
        outputs = notebook.page.evaluate(
            f"(i) => {WIDGET}.content.widgets[i].model.outputs.toJSON()", index
        )
        if NEEDS_PANDAS.search(cell.source):
            assert [output["evalue"] for output in outputs if "evalue" in output], cell.source
        else:
            assert outcomes(outputs) == outcomes(cell.outputs), cell.source


def outcomes(outputs: list[dict]) -> list[str]:
    """Say in a word each what outputs show: an error's class, a card's statuses, a kind."""
    said = []
    for output in outputs:
        data = output.get("data", {})
        if output["output_type"] == "error":
            said.append(re.search(r"(\w+)'?>?$", output["ename"])[1])
        elif "text/html" in data:
            text = "".join(data.get("text/plain", ""))
            said.append(" ".join(re.findall(r"SUCCESSFUL|FAILED|READY|RUNNING", text)))
        elif data:
            said.append(min(data))
    return said


def add_and_run(notebook: Notebook, source: str) -> Locator:
    return notebook.run(notebook.add(source))


def test_the_quickstart_and_what_a_browser_without_threads_makes_hard(open_lite):
    notebook = open_lite("01_quickstart")
    run_as_saved(notebook)

    # The panel's buttons.
    sources = [cell.source for cell in nbformat.read(notebook.path, as_version=4).cells]
    panel = panel_of(notebook, sources.index("%tasks"))
    add_and_run(notebook, 'prices["cocoa"] = "2.50"')
    panel.get_by_role("button", name="Re-run 1 failed").first.click()
    expect(panel.get_by_role("button", name="Failed, 0")).to_be_visible()
    # Background tasks, and waiting for them.
    expect(add_and_run(notebook, BACKGROUND)).to_contain_text("SUCCESSFUL")
    add_and_run(notebook, RUNNING_ON)
    row(panel, "nap(1000)").click()
    panel.get_by_role("button", name="Cancel").first.click()
    expect(row(panel, "nap(1000)")).to_contain_text("Cancelled")
    notebook.screenshot("jupyterlite-panel", of=panel)
    expect(add_and_run(notebook, ENQUEUE_ASYNC)).to_contain_text("['without a wait', 'called']")
    expect(add_and_run(notebook, EXPORT)).to_contain_text("True")
    # Django, with SQLite.
    expect(add_and_run(notebook, DJANGO)).to_have_text("")
    expect(add_and_run(notebook, "%enqueue sell(3)")).to_contain_text(re.compile(r"3\s*SUCCESSFUL"))


def test_the_life_of_a_task(open_lite):
    run_as_saved(open_lite("02_lifecycle"))


def test_batches(open_lite):
    run_as_saved(open_lite("05_batches"))


def test_debugging(open_lite):
    run_as_saved(open_lite("06_debugging"))
