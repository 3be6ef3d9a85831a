"""What a magic raises is shown at the line that was typed, without frames of this package."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.ipython.planning.cell_source import use_original_cell_source
from immediate_tasks_ipy.ipython.presentation.frame_filter import drop_own_frames

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def as_typed(work: Callable[[], Any], shell: InteractiveShell, raw_cell: str | None) -> Any:
    """Do a magic's work, and return its value; a coroutine's errors are shown so, too.

    `raw_cell` is the text of the cell that is running, None if that is not known.
    """
    __tracebackhide__ = True
    try:
        value = work()
    except BaseException as error:
        _show_as_typed(error, shell, raw_cell)
        raise
    return _awaited(value, shell, raw_cell) if inspect.iscoroutine(value) else value


async def _awaited(magic: Awaitable[Any], shell: InteractiveShell, raw_cell: str | None) -> Any:
    __tracebackhide__ = True
    try:
        return await magic
    except BaseException as error:
        _show_as_typed(error, shell, raw_cell)
        raise


def _show_as_typed(error: BaseException, shell: InteractiveShell, raw_cell: str | None) -> None:
    use_original_cell_source(shell, raw_cell)
    drop_own_frames(error)
