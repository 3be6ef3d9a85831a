"""Where cards appear: a notebook's outputs, by display id, or a terminal's lines."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from typing import TYPE_CHECKING, Any

from .picture import Picture

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Screen:
    """What a shell can show, and whether it can change what it has shown."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        #: A kernel serves a front end; a terminal prints.
        self.is_kernel = hasattr(shell, "kernel")
        #: The value whose card the running cell has shown already.
        self.just_shown: Any = None

    @property
    def is_live(self) -> bool:
        """Whether something shown can still change."""
        return self.is_kernel or sys.stdout.isatty()

    @property
    def is_colored(self) -> bool:
        """Whether text may hold a terminal's colours."""
        return not self.is_kernel and sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def new_display_id(self) -> str:
        return uuid.uuid4().hex

    def show(self, picture: Picture, mode: str, display_id: str, *, update: bool) -> None:
        """Show a card, or change the one with that display id."""
        if not self.is_kernel:
            if not update:
                print(picture.text(color=self.is_colored))  # noqa: T201
            return
        data = {"text/plain": picture.text()}
        if mode == "card":
            data["text/html"] = picture.html()
        self._shell.display_pub.publish(
            data, {}, transient={"display_id": display_id}, update=update
        )

    def status_line(self, line: str) -> None:
        """Write a terminal's line anew, in place."""
        columns = _columns()
        shown = line if len(line) < columns else line[: columns - 2] + "…"
        sys.stdout.write(f"\r{shown}\x1b[K")
        sys.stdout.flush()

    def erase_status_line(self) -> None:
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()


def _columns() -> int:
    return shutil.get_terminal_size().columns
