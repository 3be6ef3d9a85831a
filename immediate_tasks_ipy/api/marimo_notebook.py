"""marimo: cards as widgets that change in place, and results shown as cards.

marimo is never imported here: where it runs, it is there.
"""

from __future__ import annotations

import html
import importlib
import sys
from typing import Any

from immediate_tasks_ipy.batches import TaskResults
from immediate_tasks_ipy.ipython.presentation.cell_output import CellOutput
from immediate_tasks_ipy.ipython.presentation.screen import Picture, Screen
from immediate_tasks_ipy.tasks import TaskResult


def is_marimo() -> bool:
    """Whether a marimo notebook runs this code, with a front end or to be exported."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


class MarimoOutput(CellOutput):
    """A card in the cell that runs now; updates may come from any thread."""

    def __init__(self) -> None:
        from immediate_tasks_ipy.panel.card_widget import CardWidget

        super().__init__(None)
        self._widget = CardWidget()
        # Outputs can be added by the cell's own thread alone, so this one is there from the start.
        sys.modules["marimo"].output.append(self._widget)

    def publish(self, data: dict[str, str], *, update: bool) -> None:  # noqa: ARG002
        plain = f"<pre>{html.escape(data['text/plain'])}</pre>"
        self._widget.html = data.get("text/html", plain)


class MarimoScreen(Screen):
    """Cells whose outputs can change at any time."""

    def __init__(self) -> None:
        super().__init__(None)
        self.is_kernel = True

    def new_output(self) -> CellOutput:
        return MarimoOutput()

    def show(
        self,
        picture: Picture,
        mode: str,
        output: CellOutput,
        *,
        update: bool,
        is_last: bool = False,  # noqa: ARG002
    ) -> None:
        super().show(picture, mode, output, update=update)


def register_formatters() -> None:
    """Have results that are the value of a cell shown as their card."""
    from .card import card

    try:
        formatter = importlib.import_module("marimo._output.formatting").formatter
    except (ImportError, AttributeError):  # another marimo: `card(result)` works all the same
        return

    def show(result: Any) -> Any:
        return sys.modules["marimo"].as_html(card(result))._mime_()

    for kind in (TaskResult, TaskResults):
        formatter(kind)(show)
