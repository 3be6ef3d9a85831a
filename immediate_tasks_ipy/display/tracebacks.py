"""Formatted tracebacks, read back: whose frames they are, and which lines matter.

`TaskError.traceback` is text, often from another process, so text is all there
is. Whatever does not look like Python's own format ends up in the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from .plain_text import head, tail, visible
from .source_files import is_library, label, lines_around, set_cell_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Frame", "Segment", "SourceLine", "frames", "last_exception", "set_cell_numbers"]

#: Characters of a traceback that are read, half of them from its end.
READ_LIMIT = 200_000

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_HEADER = "Traceback (most recent call last):"
_HEADERS = (_HEADER, f"Exception Group {_HEADER}")
_FRAME = re.compile(r'  File "(?P<file>.*)", line (?P<line>\d{1,9})(?:, in (?P<function>.*))?$')
_REPEATED = re.compile(r"  \[Previous line repeated (\d+) more times?\]$")
_GROUP_EDGE = re.compile(r"^\s*[|+] ?")
_MARKERS = re.compile(r"[\s~^]*$")
_CLASS = re.compile(r"[^\W\d][\w.<>]*$")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of source code around a frame."""

    number: int
    text: str
    #: True for the line that the frame was executing.
    failing: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a traceback."""

    filename: str
    #: `Cell [7]`, or a short path.
    label: str
    line: int
    #: Empty for a SyntaxError's own position.
    function: str
    source: tuple[SourceLine, ...]
    #: True for frames of the standard library, of installed packages, and of this one.
    library: bool
    #: How often the frame follows itself, in a recursion that Python folded.
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """One exception of a chain, with the frames it passed through, outermost first."""

    frames: tuple[Frame, ...]
    #: The class as Python writes it, with its module; empty where none can be read.
    exception: str
    #: The message with all its lines, notes and members of a group included.
    message: str
    #: How the exception before it is related: `cause`, `context`, or "" for the first.
    joined_by: str = ""

    @property
    def short_class(self) -> str:
        """The class without its module."""
        return self.exception.rpartition(".")[2]

    @property
    def headline(self) -> str:
        """Class and first line of the message."""
        first = self.message.partition("\n")[0].strip()
        if not self.exception or not first:
            return self.short_class or first
        return f"{self.short_class}: {first}"

    @property
    def rest(self) -> str:
        """The message after its first line."""
        return self.message.partition("\n")[2]


def frames(text: str) -> list[Segment]:
    """The exceptions of a formatted traceback, in the order in which they were raised."""
    return [_segment(lines, joined_by, read=True) for lines, joined_by in _parts(_bounded(text))]


def last_exception(text: str) -> Segment:
    """The exception that ended the task, without its frames: cheap, for lists of failures."""
    lines, joined_by = list(_parts(_bounded(text)))[-1]
    return _segment(lines, joined_by, read=False)


def _bounded(text: str) -> str:
    size = str.__len__(text)
    if size <= READ_LIMIT:
        return head(text, READ_LIMIT)
    half = READ_LIMIT // 2
    return f"{head(text, half)}\n… {size - 2 * half:,} characters …\n{tail(text, half)}"


def _parts(text: str) -> Iterator[tuple[list[str], str]]:
    """The lines of each exception of the chain, and how it is joined to the one before."""
    joins = {_CAUSE: "cause", _CONTEXT: "context"}
    lines: list[str] = []
    joined_by = ""
    for line in text.split("\n"):
        kind = joins.get(_GROUP_EDGE.sub("", line) if "|" in line else line)
        if kind is None or not lines:
            lines.append(line)
            continue
        yield lines, joined_by
        lines, joined_by = [], kind
    yield lines, joined_by


def _segment(lines: list[str], joined_by: str, *, read: bool) -> Segment:
    lines = _unframed([visible(line) for line in lines])
    found: list[Frame] = []
    position = 0
    if lines and lines[0].strip() in _HEADERS:
        position = 1
    while position < len(lines) and lines[position].startswith("  "):
        match = _FRAME.match(lines[position])
        position += 1
        if match is None:
            repeated = _REPEATED.match(lines[position - 1])
            if repeated and found:
                times = found[-1].repeated + int(repeated[1])
                found[-1] = replace(found[-1], repeated=times)
            continue
        shown = list(takewhile(lambda line: line.startswith("    "), lines[position:]))
        position += len(shown)
        if read:
            code = next((line for line in shown if not _MARKERS.match(line)), "")
            frame = _frame(match, code)
            if found and replace(found[-1], repeated=0) == frame:
                found[-1] = replace(found[-1], repeated=found[-1].repeated + 1)
            else:
                found.append(frame)
    exception, message = _exception(lines[position:])
    return Segment(tuple(found), exception, message, joined_by)


def _unframed(lines: list[str]) -> list[str]:
    """The lines without blank edges, and an exception group's own part without its frame."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip(" |"):
        lines = lines[:-1]
    if not lines or not re.match(r"\s*[+|] ", lines[0]):
        return lines
    own = list(takewhile(lambda line: not re.match(r"\s*\+-+", line), lines))
    members = lines[len(own) :]
    return [_GROUP_EDGE.sub("", line) for line in own] + members


def _exception(lines: list[str]) -> tuple[str, str]:
    if not lines:
        return "", ""
    name, separator, message = lines[0].partition(":")
    if not _CLASS.match(name.strip()) or (separator and message[:1] not in ("", " ")):
        return "", "\n".join(lines)
    return name.strip(), "\n".join([message[1:], *lines[1:]])


def _frame(match: re.Match[str], code: str) -> Frame:
    filename, line = match["file"], int(match["line"])
    library = is_library(filename)
    code = code.strip()
    source: tuple[SourceLine, ...] = ()
    if code:
        around = [] if library else lines_around(filename, line, code)
        source = tuple(
            SourceLine(number, visible(text), failing=number == line)
            for number, text in around or [(line, code)]
        )
    return Frame(filename, label(filename), line, match["function"] or "", source, library)
