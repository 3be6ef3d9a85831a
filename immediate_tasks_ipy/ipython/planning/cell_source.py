"""The lines that a traceback quotes from a cell: as the user wrote them."""

from __future__ import annotations

import io
import linecache
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from IPython.core.interactiveshell import InteractiveShell


def lines_of_python(lines: list[str]) -> list[str]:
    """An `input_transformers_cleanup` transformer: the lines as Python counts them.

    The shell ends one at a form feed and at U+2028, too; from Python 3.12 on, no magic below
    such a line is found.
    """
    return list(io.StringIO("".join(lines), newline=""))


def use_original_cell_source(shell: InteractiveShell, raw_cell: str | None) -> None:
    """Have tracebacks through the running cell quote its own text, not what a magic became.

    IPython keeps the transformed lines of a cell, where a magic is a call of
    `get_ipython()`; here, that call is the cell's own first frame.
    """
    name = _running_cell(shell)
    if name is None or not raw_cell:
        return
    lines = _without_blanks_above(raw_cell)
    kept = linecache.cache.get(name)
    if kept is None or len(kept) == 1:
        return
    if _is_made_of(kept[2], lines):
        linecache.cache[name] = (len(raw_cell), None, lines, name)


def statement_of_batch(source: str) -> str:
    """The statement of a cell that starts a batch; all of it if that is not one of its lines."""
    lines = [] if source.lstrip().startswith("%%") else source.splitlines()
    starts = [index for index, line in enumerate(lines) if "%enqueue" in line]
    if len(starts) != 1:
        return source
    end = starts[0]
    while lines[end].endswith("\\") and end + 1 < len(lines):
        end += 1
    return textwrap.dedent("\n".join(lines[starts[0] : end + 1]))


def _is_made_of(transformed: list[str], lines: list[str]) -> bool:
    """Whether these are the lines of one cell, each with the number it had."""
    if len(transformed) == 1 and "run_cell_magic(" in transformed[0]:
        return lines[0].startswith("%%")
    # Where a transformer has joined lines, the numbers do not fit.
    return len(transformed) == len(lines) and all(
        new == old or "get_ipython()" in new for new, old in zip(transformed, lines, strict=True)
    )


def _without_blanks_above(text: str) -> list[str]:
    lines = list(io.StringIO(text if text.endswith("\n") else f"{text}\n", newline=""))
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    return lines[first:]


def _running_cell(shell: InteractiveShell) -> str | None:
    """The file name of the innermost cell whose frame calls this."""
    names = getattr(shell.compile, "_filename_map", {})
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename in names and frame.f_code.co_name == "<module>":
            return frame.f_code.co_filename
        frame = frame.f_back
    return None
