"""Where tasks and batches appear: a notebook's outputs, by display id, or a terminal's lines."""

from __future__ import annotations

import os
import shutil
import sys
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from .cell_output import CellOutput

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from immediate_tasks_ipy.batches import BatchStats
    from immediate_tasks_ipy.task_history import Entry


class Picture(Protocol):
    """Something to show; each form is drawn when it is asked for."""

    def html(self) -> str:
        """For a notebook."""

    def text(self, *, color: bool = False) -> str:
        """For anything; in a terminal with colours."""

    def line(self, *, color: bool = False) -> str:
        """For a terminal's status line."""


class EntryView:
    """One task as it is, its running time measured to `now` (aware)."""

    def __init__(self, entry: Entry, now: datetime) -> None:
        self._entry = entry
        self._now = now

    def html(self) -> str:
        from immediate_tasks_ipy.display.card import card

        return card(self._entry, now=self._now)

    def text(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.text import text

        return text(self._entry, now=self._now, color=color)

    def line(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.text import line

        return line(self._entry, now=self._now, color=color)


class BatchView:
    """One batch as it is, its running time measured to `now` (aware)."""

    def __init__(self, batch: BatchStats, now: datetime) -> None:
        self._batch = batch
        self._now = now

    def html(self) -> str:
        from immediate_tasks_ipy.display.batches.card import batch_card

        return batch_card(self._batch, now=self._now)

    def text(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.batches.text import batch_text

        return batch_text(self._batch, now=self._now, color=color)

    def line(self, *, color: bool = False) -> str:
        from immediate_tasks_ipy.display.batches.text import batch_line

        return batch_line(self._batch, now=self._now, color=color)


class Screen:
    """What a shell can show, and whether it can change what it has shown."""

    def __init__(self, shell: InteractiveShell | None) -> None:
        self._shell = shell
        #: A kernel serves a front end; a terminal prints.
        self.is_kernel = hasattr(shell, "kernel")
        #: False once the extension is unloaded: no card changes any more.
        self.is_open = True
        #: The value whose card the running cell has shown already.
        self.last_displayed: Any = None
        #: The last changes of cards whose cells were done.
        self._late: deque[tuple[CellOutput, dict[str, str]]] = deque()

    @property
    def is_live(self) -> bool:
        """Whether something shown can still change."""
        return self.is_kernel or sys.stdout.isatty()

    @property
    def is_colored(self) -> bool:
        """Whether text may hold a terminal's colours."""
        return not self.is_kernel and sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def new_output(self) -> CellOutput:
        """A place for a card in the cell that runs now."""
        return CellOutput(None if self._shell is None else self._shell.display_pub)

    def show(
        self,
        picture: Picture,
        mode: str,
        output: CellOutput,
        *,
        update: bool,
        is_last: bool = False,
    ) -> None:
        """Show a card, or change the one that is shown there.

        `is_last` says that it is the last change of a card whose cell may be done.
        """
        if not self.is_kernel:
            if not update:
                print(picture.text(color=self.is_colored))  # noqa: T201
            return
        data = {"text/plain": picture.text()}
        if mode == "card":
            data["text/html"] = picture.html()
        output.publish(data, update=update)
        if update and is_last:
            self._late.append((output, data))

    def repeat_late(self) -> None:
        """Repeat the last changes of cards whose cells were done; called in a cell that runs."""
        while self._late:
            output, data = self._late.popleft()
            output.repeat(data)

    def status_line(self, line: str) -> None:
        """Rewrite a terminal's line in place."""
        columns = _columns()
        shown = line if len(line) < columns else line[: columns - 2] + "…"
        sys.stdout.write(f"\r{shown}\x1b[K")
        sys.stdout.flush()

    def erase_status_line(self) -> None:
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()


def _columns() -> int:
    return shutil.get_terminal_size().columns
