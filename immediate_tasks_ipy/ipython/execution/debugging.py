"""The debugger, where a task failed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def post_mortem(shell: InteractiveShell, error: BaseException) -> None:
    """Start IPython's debugger on an exception, as `%debug` does after a failing cell."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    # From Python 3.12 on, this is what IPython's debugger reads before all others.
    sys.last_exc = error  # type: ignore[attr-defined,unused-ignore]
    shell.InteractiveTB.tb = error.__traceback__
    shell.InteractiveTB.debugger(force=True)
