"""Real front ends for the tests: JupyterLab and Notebook 7 in headless Chromium.

`lab` and `notebook_7` open a notebook of the given cells::

    def test_a_task_is_seen_running(lab):
        notebook = lab("%load_ext immediate_tasks_ipy", "%%enqueue\\nawait slow()")
        notebook.run(0)
        notebook.start(1)
        notebook.wait_text(1, "RUNNING")

`open_notebook` is the same in both, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.task_history.current import current_recorder
from tests.end_to_end.browser.tasks import add, fetch, parse
from tests.support.jupyter_server import JupyterServer, jupyter_server
from tests.support.notebook_page import PATIENCE, FrontEnd, Notebook
from tests.support.panel_in_page import PanelInPage, PlainActions, panel_in_page
from tests.support.panel_page import panel_of, rows
from tests.support.services import chromium

#: No sandbox, since root has none; nothing that would ask the network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

expect.set_options(timeout=PATIENCE)

OpenNotebook = Callable[..., Notebook]

TASKS = """
%load_ext immediate_tasks_ipy
import asyncio, json
from immediate_tasks_ipy.tasks import task, default_task_backend

@task
async def fetch(url, seconds=0.0):
    print("GET", url)
    await asyncio.sleep(seconds)
    if "slow" in url:
        raise TimeoutError("timed out")
    return {"url": url, "shape": (1204, 6), "parts": list(range(250))}

@task
def add(a, b):
    return a + b

@task
def parse(text):
    return json.loads(text)
"""
FIVE_TASKS = """
add.enqueue(2, 3)
await fetch.aenqueue("https://example.org/slow")
await fetch.aenqueue("https://example.org/fast")
parse.using(priority=50).enqueue("{")
add.enqueue("<img src=x onerror=alert(1)>", "<b>")
None
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


# Not for the whole session: while Playwright is started, this thread seems to have a running
# event loop, which other modules' tests are about.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


# Starting JupyterLab takes most of a test's time: the tests of a file share its page, each opens
# a notebook of its own.
@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def opener(
    page: Page, server: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Callable[[FrontEnd], OpenNotebook]]:
    """Make notebooks in `page`; they are closed when the test is over."""
    opened: list[Notebook] = []

    def choose(front_end: FrontEnd) -> OpenNotebook:
        def open_notebook(*cells: str, kernel: str = "python3", name: str = "") -> Notebook:
            name = name or re.sub(r"\W+", "-", request.node.name).strip("-")
            opened.append(Notebook(page, server, front_end, name=name))
            return opened[-1].open(*cells, kernel=kernel)

        return open_notebook

    yield choose
    for notebook in opened:
        notebook.close()


@pytest.fixture
def lab(opener: Callable[[FrontEnd], OpenNotebook]) -> OpenNotebook:
    """Open a notebook of the given cells in JupyterLab."""
    return opener("lab")


@pytest.fixture
def notebook_7(opener: Callable[[FrontEnd], OpenNotebook]) -> OpenNotebook:
    """Open a notebook of the given cells in Notebook 7."""
    return opener("notebook")


@pytest.fixture(params=["lab", "notebook"])
def open_notebook(
    request: pytest.FixtureRequest, opener: Callable[[FrontEnd], OpenNotebook]
) -> OpenNotebook:
    """Open a notebook of the given cells, in JupyterLab and in Notebook 7."""
    return opener(request.param)


@pytest.fixture
def lab_panel(lab: OpenNotebook) -> Iterator[Locator]:
    """Show the panel of a notebook with five finished tasks."""
    notebook = lab(TASKS, FIVE_TASKS, "%tasks")
    notebook.run_all()
    panel = panel_of(notebook, 2)
    expect(rows(panel)).to_have_count(5)
    yield panel
    assert notebook.errors == []
    assert notebook.foreign_requests == []


@pytest.fixture(scope="module")
def bare_page(browser: Browser) -> Iterator[Page]:
    """A page without Jupyter."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """The history of this process, empty."""
    recorder = current_recorder()
    recorder.connect()
    recorder.clear()
    yield recorder
    recorder.clear()
    recorder.disconnect()


@pytest.fixture
def shown(bare_page: Page, recorder: Recorder) -> Iterator[PanelInPage]:
    """The panel of this process's history in a page without Jupyter: quick to show."""
    with panel_in_page(bare_page, recorder, PlainActions(recorder)) as shown:
        yield shown


@pytest.fixture
def panel(shown: PanelInPage) -> Locator:
    """Show the panel of a history with five finished tasks."""
    add.enqueue(2, 3)
    fetch.enqueue("https://example.org/slow")
    fetch.enqueue("https://example.org/fast")
    parse.using(priority=50).enqueue("{")
    add.enqueue("<img src=x onerror=alert(1)>", "<b>")
    expect(shown.rows).to_have_count(5)
    return shown.panel
