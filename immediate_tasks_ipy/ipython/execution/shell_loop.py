"""IPython's own loop, for awaiting where no loop is running: between a terminal's prompts."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from IPython.core.async_helpers import get_asyncio_loop

from immediate_tasks_ipy.tasks.faults.interrupts import contains_interrupts

T = TypeVar("T")


def run_on_shell_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop that IPython awaits cells on; blocks until it is done."""
    __tracebackhide__ = True

    @contains_interrupts
    async def main() -> T:
        # What escapes the task of `run_until_complete` is raised here, and ends no loop.
        __tracebackhide__ = True
        return await coroutine

    result: T = get_asyncio_loop().run_until_complete(main())
    return result
