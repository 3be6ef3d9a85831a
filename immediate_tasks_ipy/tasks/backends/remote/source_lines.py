"""The lines of a cell, put into a traceback that was written where the cell is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from traceback import FrameSummary, StackSummary
from typing import Any

_FRAME = re.compile(r'^(?P<margin>[ |]*?)  File ".+", line \d+, in .+$')


def with_source_lines(text: str, frames: Iterable[tuple[Any, ...]]) -> str:
    """Complete a traceback's text by the source lines that this process can read.

    `frames` holds the positions of the frames without source: filename, line,
    function, last line, first and last column.
    """
    known: dict[str, list[str]] = {}
    for filename, lineno, name, end_lineno, colno, end_colno in frames:
        frame = FrameSummary(
            filename, lineno, name, end_lineno=end_lineno, colno=colno, end_colno=end_colno
        )
        head, *source = StackSummary.from_list([frame]).format()[0].splitlines()
        known.setdefault(head, source)
    if not known:
        return text
    lines = []
    for line in text.splitlines():
        lines.append(line)
        match = _FRAME.match(line)
        if match:
            margin = match["margin"]
            lines.extend(margin + added for added in known.get(line[len(margin) :], ()))
    return "\n".join(lines) + "\n"
