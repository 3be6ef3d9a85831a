"""The files that tracebacks name: what to call them, whose they are, and their lines."""

from __future__ import annotations

import linecache
import os
import re
import stat
import sysconfig
import textwrap
from collections.abc import Callable
from pathlib import Path

#: Lines shown before and after a failing one.
BEFORE, AFTER = 2, 1
#: Larger files are not read for the lines around a frame.
FILE_LIMIT = 2_000_000
LINE_LIMIT = 200

_CELL_FILE = re.compile(r"<ipython-input-(\d+)-|[\\/]ipykernel_\d+[\\/]\d+\.py$")
_INSTALLED = re.compile(
    r"^.*[\\/](?:site-packages|dist-packages)[\\/]"
    r"|^.*[\\/]lib(?:64)?[\\/]python\d[\d.]*t?[\\/]"
    r"|^.*[\\/]Python\d*[\\/]Lib[\\/]"
)
#: The folder of this package, as the file names of its frames begin.
PACKAGE_FOLDER = str(Path(__file__).parents[1]) + os.sep
_STANDARD = tuple(
    path + os.sep for name in ("stdlib", "platstdlib") if (path := sysconfig.get_path(name))
)


def _number_in_name(filename: str) -> int | None:
    match = _CELL_FILE.match(filename)
    return int(match[1]) if match and match[1] else None


#: The execution count of the cell that was compiled under a file name, or None.
cell_number: Callable[[str], int | None] = _number_in_name


def set_cell_numbers(numbers: Callable[[str], int | None] | None) -> None:
    """Set the function that maps file names to execution counts; None restores the default."""
    global cell_number
    cell_number = numbers or _number_in_name


def _cell(filename: str) -> str | None:
    try:
        number = cell_number(filename)
    except Exception:
        number = None
    if number is not None:
        return f"Cell [{number}]"
    return "Cell" if _CELL_FILE.search(filename) else None


def is_library(filename: str) -> bool:
    """Whether a file belongs to the standard library, an installed package or this package."""
    if filename.startswith(PACKAGE_FOLDER):
        return True
    if _cell(filename) is not None:
        return False
    return (
        filename.startswith(("<frozen ", "<__array_function__", *_STANDARD))
        or _INSTALLED.match(filename) is not None
    )


def label(filename: str) -> str:
    """`Cell [7]`, or the path as short as it stays clear."""
    cell = _cell(filename)
    if cell is not None:
        return cell
    installed = _INSTALLED.match(filename)
    if installed:
        return filename[installed.end() :].replace("\\", "/")
    for folder in (*_STANDARD, str(Path(PACKAGE_FOLDER).parent) + os.sep, os.getcwd() + os.sep):  # noqa: PTH109
        if filename.startswith(folder):
            return filename[len(folder) :].replace("\\", "/")
    parts = re.split(r"[\\/]", filename)
    return filename if len(parts) <= 3 else "…/" + "/".join(parts[-2:])  # noqa: PLR2004


def lines_around(filename: str, line: int, code: str) -> list[tuple[int, str]]:
    """The numbered lines around a line, dedented; none where the file no longer has `code` there.

    A traceback is text and can name any file: only what is in `linecache`, or a
    Python file of a reasonable size, is looked at.
    """
    if filename not in linecache.cache and not _readable(filename):
        return []
    try:
        lines = linecache.getlines(filename)
    except Exception:
        return []
    if not 1 <= line <= len(lines) or not lines[line - 1].strip().startswith(code):
        return []
    first = max(1, line - BEFORE)
    chosen = [text.rstrip().expandtabs(4)[:LINE_LIMIT] for text in lines[first - 1 : line + AFTER]]
    numbered = list(enumerate(textwrap.dedent("\n".join(chosen)).split("\n"), first))
    while numbered and not numbered[-1][1].strip():
        numbered.pop()
    while numbered and not numbered[0][1].strip():
        numbered.pop(0)
    return numbered


def _readable(filename: str) -> bool:
    if not filename.endswith(".py"):
        return False
    try:
        status = os.stat(filename)  # noqa: PTH116 (the name may be no path at all)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= FILE_LIMIT
