"""IPython's own loop, for awaiting where no loop is running: between a terminal's prompts."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from IPython.core.async_helpers import get_asyncio_loop

T = TypeVar("T")


def run_on_shell_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop that IPython awaits cells on; blocks until it is done."""
    __tracebackhide__ = True
    result: T = get_asyncio_loop().run_until_complete(coroutine)
    return result
