"""One notebook in a real front end, driven as a user drives it: by keys, roles and text."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Literal

import nbformat
from playwright.sync_api import expect

from tests.support.services import ARTIFACTS
from tests.support.services import PATIENCE as SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Locator, Page, Request

    from tests.support.jupyter_server import JupyterServer

FrontEnd = Literal["lab", "notebook"]
Theme = Literal["light", "dark"]

#: How long a condition may take to become true, in milliseconds, before a test fails.
PATIENCE = SECONDS * 1000

#: How often a page is loaded again before a widget that is not there is missing for a reason.
RELOADS = 5

#: The notebook widget on the page, in JupyterLab and Notebook 7.
WIDGET = "jupyterapp.shell.currentWidget"
KERNEL = f"{WIDGET}?.sessionContext?.session?.kernel"

#: Where scripts of a widget come from; the front ends' own scripts have errors of their own.
OF_A_WIDGET = re.compile(r"blob:|anywidget|immediate_tasks")

#: The page was too busy, which is no error of the widget: it has to show its tasks all the same.
LATE_START = "Failed to initialize model"

#: ipywidgets 8.1.9 gives a widget up whose state comes at the end of its two seconds, for good
#: (jupyter-widgets/ipywidgets#4026). A user reloads once more.
LOST = "Error displaying widget: model not found"


class Notebook:
    """A notebook of the given cells, open in a front end with its kernel idle.

    Cells are counted from 0. Everything waits for its condition; nothing waits
    for a time.
    """

    def __init__(
        self, page: Page, server: JupyterServer, front_end: FrontEnd, *, name: str = "test"
    ) -> None:
        self.page = page
        self.server = server
        self.front_end = front_end
        self.path: Path = server.folder / f"{name}.ipynb"
        self._shares_page = front_end == "lab"
        #: Addresses asked for outside the Jupyter server: there should be none.
        self.foreign_requests: list[str] = []
        #: What scripts of widgets threw, or logged as an error.
        self.errors: list[str] = []
        #: What anywidget logged of widgets that a busy page did not start within its two seconds.
        self.late_starts: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self._note_error(f"{error} {error.stack}"))
        page.on("console", self._note_console)

    def _note_request(self, request: Request) -> None:
        own = (self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(own):
            self.foreign_requests.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note_error(f"{message.text}\n{message.location['url']}")

    def _note_error(self, text: str) -> None:
        if LATE_START in text:
            self.late_starts.append(text)
        elif OF_A_WIDGET.search(text):
            self.errors.append(text)

    # The file

    def write(self, *cells: str, kernel: str = "python3") -> None:
        """Write the notebook file: a new notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
        nbformat.write(notebook, self.path)

    def read(self) -> nbformat.NotebookNode:
        """Return the notebook as it was last saved."""
        return nbformat.read(self.path, as_version=4)

    # The page

    def open(self, *cells: str, kernel: str = "python3") -> Notebook:
        """Write `cells` to the file, if any are given, and open it with its kernel idle."""
        if cells:
            self.write(*cells, kernel=kernel)
        if self.front_end == "lab" and self.page.evaluate("!!window.jupyterapp"):
            # JupyterLab is on the page from an earlier test: a user, too, opens many files in it.
            self.theme("light")
            self.command("docmanager:open", path=self.path.name)
        else:
            self._goto()
        self._wait_until_drawn()
        return self

    def _goto(self) -> None:
        place = (
            f"lab/workspaces/{self.path.stem}/tree/{self.path.name}?reset"
            if self.front_end == "lab"
            else f"notebooks/{self.path.name}"
        )
        self.page.goto(self.server.url + place)

    def close(self) -> None:
        """Close what is open, unsaved, and shut the kernels down; JupyterLab stays on its page."""
        stays = self._shares_page and self.page.evaluate(
            "() => {"
            "  for (const widget of [...window.jupyterapp?.shell.widgets('main') ?? []])"
            "    widget.dispose();"
            "  return !!window.jupyterapp;"
            "}"
        )
        if stays and not self.page.get_by_role("dialog").count():
            # What is opened before the launcher is there would be hidden behind it.
            expect(self.page.locator(".jp-Launcher")).to_be_visible()
        else:
            self.page.goto("about:blank")
        for session in self.server.get("api/sessions"):
            self.page.request.delete(f"{self.server.url}api/sessions/{session['id']}")

    def reload(self) -> None:
        """Reload the page until all widgets are back; the kernel goes on."""
        # JupyterLab restores its layout now, for a while after the notebook is there.
        self._shares_page = False
        for _ in range(RELOADS):
            self.page.reload()
            self._wait_until_drawn()
            expect(self.page.get_by_text("Loading widget...")).to_have_count(0)
            if not self.page.get_by_text(LOST).count():
                return
        raise AssertionError(self.describe())

    def _wait_until_drawn(self) -> None:
        expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible()
        self.wait_idle()
        # The splash screen takes clicks while it fades.
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def save(self) -> None:
        """Save the notebook to its file."""
        self.command("docmanager:save")
        self.page.wait_for_function(f"!{WIDGET}.model.dirty")

    def theme(self, theme: Theme) -> None:
        """Switch the front end's theme."""
        self.command("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        is_light = str(theme == "light").lower()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)

    def command(self, name: str, **arguments: object) -> None:
        """Run one of the front end's own commands, as its menus do."""
        self.page.evaluate(
            "([name, args]) => { jupyterapp.commands.execute(name, args); }", [name, arguments]
        )

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save what is to be seen, or one element of it, as `artifacts/<name>.png`."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        (of or self.page).screenshot(path=path, animations="disabled")
        return path

    # The cells

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """Return the outputs of a cell, all of them together, with their prompt."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def set_source(self, index: int, source: str) -> None:
        """Replace what stands in a cell."""
        self.page.evaluate(
            f"([i, text]) => {{ {WIDGET}.content.widgets[i].model.sharedModel.setSource(text); }}",
            [index, source],
        )

    def add(self, source: str) -> int:
        """Append a code cell and return its index."""
        index: int = self.page.evaluate(
            f"""(source) => {{
                const model = {WIDGET}.model.sharedModel;
                model.addCell({{cell_type: 'code', source, metadata: {{}}, outputs: []}});
                return model.cells.length - 1;
            }}""",
            source,
        )
        return index

    def start(self, index: int) -> None:
        """Run a cell with Ctrl+Enter and return at once; its prompt shows `[*]` or beyond."""
        before = self.prompt(index)
        editor = self.cell(index).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Control+Enter")
        expect(self.cell(index).locator(".jp-InputPrompt")).not_to_have_text(before)

    def run(self, index: int) -> Locator:
        """Run a cell to its end; return its outputs."""
        self.start(index)
        self.wait_done(index)
        return self.output(index)

    def run_all(self) -> None:
        """Run every cell in order, each to its end."""
        for index in range(self.page.locator(".jp-Notebook .jp-Cell").count()):
            self.run(index)

    def prompt(self, index: int) -> str:
        """Return a cell's prompt: `[ ]:`, `[*]:` or `[7]:`."""
        return self.cell(index).locator(".jp-InputPrompt").inner_text()

    def wait_done(self, index: int) -> None:
        """Wait until a cell that was started has its number."""
        expect(self.cell(index).locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"^\[\d+\]:$"), timeout=PATIENCE
        )

    def wait_text(self, index: int, text: str | re.Pattern[str]) -> None:
        """Wait until a cell's outputs contain `text`."""
        expect(self.output(index)).to_contain_text(text, timeout=PATIENCE)

    def wait_role(self, index: int, role: str, name: str | re.Pattern[str]) -> Locator:
        """Wait until a control is visible in a cell's outputs; return it."""
        control = self.output(index).get_by_role(role, name=name)  # type: ignore[arg-type]
        expect(control.first).to_be_visible(timeout=PATIENCE)
        return control

    # The kernel

    def wait_idle(self) -> None:
        """Wait until the kernel is connected and has nothing to do."""
        self.page.wait_for_function(
            f"window.jupyterapp && {KERNEL}?.connectionStatus === 'connected'"
            f" && {KERNEL}?.status === 'idle'",
            timeout=PATIENCE,
        )

    def interrupt(self) -> None:
        """Press the stop button."""
        self.page.locator(
            "[data-command='notebook:interrupt-kernel'], "
            "jp-button[title^='Interrupt'], button[title^='Interrupt']"
        ).first.click()

    def restart_kernel(self) -> None:
        """Restart the kernel, confirm it and wait until it is idle again."""
        self.page.evaluate(
            f"""() => {{
                window.restarted = false;
                {KERNEL}.statusChanged.connect((_, status) => {{
                    if (status === 'restarting' || status === 'autorestarting') {{
                        window.restarted = true;
                    }}
                }});
            }}"""
        )
        self.command("notebook:restart-kernel")
        self.page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_function("window.restarted")
        self.wait_idle()

    def kill_kernel(self) -> None:
        """Shut the kernel down through the server, as when it dies."""
        kernel: str = self.page.evaluate(f"{KERNEL}.id")
        answer = self.page.request.delete(f"{self.server.url}api/kernels/{kernel}")
        expect(answer).to_be_ok()

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until `condition()` holds; the page's events are handled meanwhile."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not condition():
            assert time.monotonic() < deadline, self.describe()
            self.page.wait_for_timeout(20)

    def describe(self) -> str:
        """Return the text of all cells, for the message of a failing test."""
        return json.dumps(self.page.locator(".jp-Notebook .jp-Cell").all_inner_texts(), indent=1)
