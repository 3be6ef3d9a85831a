"""The panel in a bare page, without Jupyter: the real widget and history in this process.

What takes JupyterLab and a kernel seconds to show takes this some milliseconds. Messages pass
through as JSON, as on a comm::

    with panel_in_page(page, recorder, actions) as shown:
        add.enqueue(1, 2)
        expect(shown.rows).to_have_count(1)
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Locator, Page, Route

from immediate_tasks_ipy.display.values import call_text
from immediate_tasks_ipy.panel import TaskPanel, assets
from immediate_tasks_ipy.task_history import Entry, Recorder
from immediate_tasks_ipy.task_history.cancel import cancel
from immediate_tasks_ipy.task_history.rerun import rerun

#: A page of this machine is a secure context, as a Jupyter server's is: it may use the clipboard.
URL = "http://localhost/panel"

#: The variables that JupyterLab sets, by theme; a host without them sets none.
THEMES = {
    "light": {
        "--jp-layout-color1": "#fff",
        "--jp-ui-font-color0": "#000",
        "--jp-ui-font-color1": "rgba(0,0,0,.87)",
        "--jp-border-color2": "#e0e0e0",
        "--jp-brand-color1": "#1976d2",
        "--jp-success-color1": "#388e3c",
        "--jp-error-color1": "#d32f2f",
        "--jp-warn-color1": "#f57c00",
    },
    "dark": {
        "--jp-layout-color1": "#212121",
        "--jp-ui-font-color0": "#fff",
        "--jp-ui-font-color1": "rgba(255,255,255,.87)",
        "--jp-border-color2": "#424242",
        "--jp-brand-color1": "#2196f3",
        "--jp-success-color1": "#4caf50",
        "--jp-error-color1": "#f44336",
        "--jp-warn-color1": "#ff9800",
        "color-scheme": "dark",
    },
}

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>panel</title>
<style>%(style)s</style></head><body style="margin:0"><main id="host"></main>
<script type="module">
%(script)s
const listeners = {};
const state = await window.panelState();
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; },
  send: (content) => void window.toKernel(JSON.stringify(content)),
  on: (name, callback) => (listeners[name] ??= []).push(callback),
  off: (name) => delete listeners[name],
};
window.deliver = (message) => (listeners["msg:custom"] ?? []).forEach((each) => each(message));
window.panelModule.initialize({ model });
const el = document.querySelector("#host");
window.panelModule.render({ model, el });
const poll = async () => {
  for (const message of JSON.parse(await window.fromKernel())) window.deliver(message);
  setTimeout(poll, 15);
};
void poll();
</script></body></html>"""


class PlainActions:
    """What the panel's buttons do, without a shell: re-runs are done in place."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        #: What was asked of batches.
        self.batches: list[tuple[str, Any]] = []

    def rerun(self, entry: Entry) -> str:
        rerun(entry.result)
        return f"{entry.result.task.name} is running again"

    def rerun_failed(self, entry: Entry) -> str | None:
        return self.rerun(entry) if entry.outcome == "failed" else None

    def cancel(self, entry: Entry) -> str:
        cancel(entry.result)
        return f"{entry.result.task.name} cancelled"

    def cancel_batch(self, batch: Any) -> str:
        self.batches.append(("cancel", batch))
        return f"{batch.label} cancelled"

    def resume_batch(self, batch: Any) -> str:
        self.batches.append(("resume", batch))
        return f"{batch.label} goes on"

    def clear(self) -> int:
        return self.recorder.clear()

    def copy_batch(self, batch: Any) -> str:
        return f"%enqueue --each items {batch.label}"

    def copy_text(self, entry: Entry) -> str:
        return f"%enqueue {call_text(entry, limit=1000)}"


class _PagePanel(TaskPanel):
    """A panel whose messages wait for a page to take them."""

    def __init__(self, *args: Any, **traits: Any) -> None:
        self.outbox: deque[Any] = deque()
        super().__init__(*args, **traits)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.outbox.append(json.loads(json.dumps(content, allow_nan=False)))


class PanelInPage:
    """The panel of a history in a page, and the widget behind it."""

    def __init__(self, page: Page, widget: _PagePanel) -> None:
        self.page = page
        self.widget = widget
        self.errors: list[str] = []
        page.on("pageerror", self._note_error)
        page.on("console", self._note_line)

    def _note_error(self, error: Any) -> None:
        self.errors.append(str(error))

    def _note_line(self, line: Any) -> None:
        if line.type == "error":
            self.errors.append(line.text)

    @property
    def panel(self) -> Locator:
        return self.page.locator(".itipy-panel")

    @property
    def rows(self) -> Locator:
        """The rows of the table that are drawn, batches included."""
        return self.panel.locator(".itipy-rows > [role=row]")

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def theme(self, name: str | None) -> None:
        """Set a theme's variables, or none for a host that has none."""
        variables = THEMES.get(name or "", {})
        style = ";".join(f"{key}:{value}" for key, value in variables.items())
        ground = variables.get("--jp-layout-color1", "transparent")
        self.page.evaluate(
            "(style) => document.documentElement.setAttribute('style', style)",
            f"{style};background:{ground}",
        )

    def width(self, pixels: int) -> None:
        self.page.evaluate(
            "(width) => { document.querySelector('#host').style.width = `${width}px`; }", pixels
        )

    def _receive(self, text: str) -> None:
        self.widget._on_message(self.widget, json.loads(text), [])

    def _state(self) -> dict[str, Any]:
        return {"panel_id": self.widget.panel_id, "notify_after": 0, "snapshot": {}}

    def _take(self) -> str:
        outbox = self.widget.outbox
        return json.dumps([outbox.popleft() for _ in range(len(outbox))])


@contextmanager
def panel_in_page(page: Page, recorder: Any, actions: Any) -> Iterator[PanelInPage]:
    """Show the panel of a history; at the end nothing may have been reported as an error."""
    widget = _PagePanel(recorder, actions)
    shown = PanelInPage(page, widget)
    script = assets.script().replace("export default", "window.panelModule =")
    html = _PAGE % {"style": assets.style(), "script": script}

    def serve(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route(URL, serve)
    _expose(page, shown)
    page.goto(URL)
    try:
        yield shown
        assert shown.errors == []
    finally:
        page.goto("about:blank")
        page.unroute(URL)
        widget.close()


#: The panel that a page shows at present: functions can be exposed to a page only once.
_SHOWN: WeakKeyDictionary[Page, PanelInPage] = WeakKeyDictionary()


def _expose(page: Page, shown: PanelInPage) -> None:
    """Let the page's script reach the widget."""
    is_known = page in _SHOWN
    _SHOWN[page] = shown
    if is_known:
        return

    def take() -> str:
        return _SHOWN[page]._take()

    def receive(text: str) -> None:
        _SHOWN[page]._receive(text)

    def state() -> dict[str, Any]:
        return _SHOWN[page]._state()

    page.expose_function("fromKernel", take)
    page.expose_function("toKernel", receive)
    page.expose_function("panelState", state)
