"""A real `ipython` under a pseudo-terminal, typed at as a user types."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.services import PATIENCE, require

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")

#: What starts IPython in this environment; simple prompts are lines, not a full-screen editor.
IPYTHON = (sys.executable, "-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=NoColor")


class Terminal:
    """An `ipython` with the extension loaded, behind a pseudo-terminal."""

    def __init__(self, home: Path, *arguments: str) -> None:
        import pexpect

        self._marks = 0
        self.child = pexpect.spawn(
            IPYTHON[0],
            [*IPYTHON[1:], "--simple-prompt", *arguments],
            env=os.environ | {"IPYTHONDIR": str(home), "TERM": "xterm", "COLUMNS": "200"},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(50, 200),
            cwd=str(home),
        )
        self.child.expect_exact("In [1]: ")

    def send(self, code: str) -> None:
        """Type a cell: its lines, and the empty ones that end it where it has several."""
        for line in code.splitlines():
            self.child.sendline(line)
        for _ in range(2 if code.startswith("%%") else "\n" in code):
            self.child.sendline("")

    def run(self, code: str) -> str:
        """Run a cell to its end; return what was written, without escape sequences."""
        self.send(code)
        return self.finish()

    def finish(self) -> str:
        """Wait until the last cell that was typed is done; return what was written meanwhile."""
        self._marks += 1
        mark = f"mark {self._marks} here"
        self.child.sendline(f"print('mark', {self._marks}, 'here')")
        self.child.expect_exact(mark)
        return ESCAPES.sub("", self.child.before)

    def expect(self, text: str) -> str:
        """Wait until `text` was written; return what was written before it."""
        self.child.expect_exact(text)
        return self.child.before

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.child.sendintr()

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    require(sys.platform != "win32", "No pseudo-terminal on this platform.")
    terminal = Terminal(tmp_path)
    terminal.run("%load_ext immediate_tasks_ipy")
    yield terminal
    terminal.close()
