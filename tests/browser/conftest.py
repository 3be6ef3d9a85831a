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
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.jupyter_server import JupyterServer, jupyter_server
from tests.browser.notebook_page import PATIENCE, FrontEnd, Notebook
from tests.services import chromium

#: No sandbox, since root has none; nothing that would ask the network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=PATIENCE)

OpenNotebook = Callable[..., Notebook]


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


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def opener(
    page: Page, server: JupyterServer, request: pytest.FixtureRequest
) -> Iterator[Callable[[FrontEnd], OpenNotebook]]:
    """Make notebooks in `page`; their kernels are shut down when the test is over."""

    def choose(front_end: FrontEnd) -> OpenNotebook:
        def open_notebook(*cells: str, kernel: str = "python3", name: str = "") -> Notebook:
            name = name or re.sub(r"\W+", "-", request.node.name).strip("-")
            return Notebook(page, server, front_end, name=name).open(*cells, kernel=kernel)

        return open_notebook

    yield choose
    page.goto("about:blank")
    for session in server.get("api/sessions"):
        page.request.delete(f"{server.url}api/sessions/{session['id']}")


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
