"""Formatted tracebacks, read back: whose frames they are, and which lines matter.

`TaskError.traceback` is text, often from another process, so text is all there
is. Whatever does not look like Python's own format ends up in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from immediate_tasks_ipy.tasks.values import NOT_STORED

from .source_files import is_library, label, lines_around, set_cell_numbers
from .values import HEADLINE, head, one_line, tail, visible

__all__ = [
    "Frame",
    "Segment",
    "SourceLine",
    "error_headline",
    "frames",
    "last_exception",
    "set_cell_numbers",
]

#: Characters of a traceback that are read, half of them from its end.
READ_LIMIT = 200_000
#: Levels of exception groups within each other; Python itself writes no more.
GROUP_LEVELS = 10

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_JOINTS = {_CAUSE: "cause", _CONTEXT: "context"}
_HEADER = "Traceback (most recent call last):"
_HEADERS = (_HEADER, f"Exception Group {_HEADER}")
_FRAME = re.compile(r'  File "(?P<file>.*)", line (?P<line>\d{1,9})(?:, in (?P<function>.*))?$')
_REPEATED = re.compile(r"  \[Previous line repeated (\d+) more times?\]$")
_MARKERS = re.compile(r"[\s~^]*$")
_CLASS = re.compile(r"[^\W\d][\w.<>]*$")
#: The edge of an exception group at the outermost level, two columns in.
_GROUP = re.compile(r"  [+|] ")
#: The line above a member of a group, and the one below the last member.
_MEMBER = re.compile(r"(?P<indent> *)(?P<first>\+-)?\+-+ (?P<title>\d+|\.\.\.) -+$")
_END = re.compile(r" *\+-+$")
_MORE = re.compile(r"and (\d+) more exceptions?$")


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

    @property
    def function_name(self) -> str:
        """The function; empty for the body of a cell or a module."""
        named = self.function != "<module>" and not self.function.startswith("<cell line")
        return self.function if named else ""

    @property
    def place(self) -> str:
        """`Cell [7], line 4, in fetch`; the function left out where there is none."""
        name = self.function_name
        return f"{self.label}, line {self.line}" + (f", in {name}" if name else "")

    @property
    def repetition(self) -> str:
        """`, and 996 times more`; empty for a frame that does not repeat."""
        return f", and {self.repeated:,} times more" if self.repeated else ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One exception of a chain, with the frames it passed through, outermost first."""

    frames: tuple[Frame, ...]
    #: The class as Python writes it, with its module; empty where none can be read.
    exception: str
    #: The message with all its lines, notes included.
    message: str
    #: How the exception before it is related: `cause`, `context`, or "" for the first.
    joined_by: str = ""
    #: Of an exception group: each member with the exceptions that led to it, like `frames` returns.
    members: tuple[tuple[Segment, ...], ...] = ()
    #: Members that the traceback counts without naming them.
    unnamed_members: int = 0

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
    return _chain(_bounded(text).split("\n"), 0)


def last_exception(text: str) -> Segment:
    """The exception that ended the task, without frames and members: cheap, for lists."""
    lines, joined_by = list(_parts(_bounded(text).split("\n"), 0))[-1]
    return _segment(lines, joined_by, 0, whole=False)


def error_headline(error: Any, limit: int = HEADLINE) -> str:
    """Class and first line of the message of one `TaskError`, or what of a value is no JSON."""
    name = one_line(str(error.exception_class_path).rpartition(".")[2], limit)
    parsed = last_exception(error.traceback or "")
    first, _, rest = parsed.message.partition("\n")
    first = rest.removeprefix(NOT_STORED) if rest.startswith(NOT_STORED) else first.strip()
    if parsed.exception and parsed.short_class != name:
        first = parsed.headline
    return one_line(f"{name}: {first}" if first else name, limit)


def _bounded(text: str) -> str:
    size = str.__len__(text)
    if size <= READ_LIMIT:
        return head(text, READ_LIMIT)
    half = READ_LIMIT // 2
    return f"{head(text, half)}\n… {size - 2 * half:,} characters …\n{tail(text, half)}"


def _chain(lines: list[str], level: int) -> list[Segment]:
    """The exceptions in some lines; `level` is 0 outside of groups, else that of the members."""
    return [_segment(part, joined_by, level) for part, joined_by in _parts(lines, level)]


def _parts(lines: list[str], level: int) -> Iterator[tuple[list[str], str]]:
    """The lines of each exception of the chain, and how it is joined to the one before."""
    part: list[str] = []
    joined_by = ""
    for line in lines:
        kind = _JOINTS.get(_content(line, level))
        if kind is None or not part:
            part.append(line)
            continue
        yield part, joined_by
        part, joined_by = [], kind
    yield part, joined_by


def _content(line: str, level: int) -> str:
    """A line without the edge that Python draws around the members of a group."""
    edge = 2 * level
    if level and line[:edge].isspace() and line[edge : edge + 1] in ("|", "+"):
        return line[edge + 2 :]
    return line


def _segment(lines: list[str], joined_by: str, level: int, *, whole: bool = True) -> Segment:
    """One exception; with `whole` False, without its frames and members."""
    lines = _trimmed(lines, level)
    if level == 0 and lines and _GROUP.match(lines[0]):
        level = 1  # the outermost group is set in by one level; its members by one more
    own, members = _split_group(lines, level)
    own = _trimmed([visible(_content(line, level)) for line in own], 0)
    found, position = _frames(own, whole=whole)
    exception, message = _exception(own[position:])
    if not whole:
        members = []
    unnamed = 0
    chains = []
    for title, body in members:
        if title.isdigit():
            chains.append(tuple(_chain(body, level + 1)))
        elif more := _MORE.match(" ".join(_content(line, level + 1) for line in body).strip()):
            unnamed = int(more[1])
    return Segment(found, exception, message, joined_by, tuple(chains), unnamed)


def _trimmed(lines: list[str], level: int) -> list[str]:
    """The lines without blank ones before and after them."""
    first, last = 0, len(lines)
    while first < last and not _content(lines[first], level).strip():
        first += 1
    while first < last and not _content(lines[last - 1], level).strip(" |"):
        last -= 1
    return lines[first:last]


def _split_group(lines: list[str], level: int) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The lines of a group itself, and those of each member with its number."""
    members: list[tuple[str, list[str]]] = []
    if not 0 < level <= GROUP_LEVELS:
        return lines, members
    own: list[str] = []
    for line in lines:
        above = _MEMBER.match(line)
        if above and len(above["indent"]) + 2 * bool(above["first"]) == 2 * level + 2:
            members.append((above["title"], []))
        elif not members:
            own.append(line)
        elif not _END.match(line):
            members[-1][1].append(line)
    return own, members


def _frames(lines: list[str], *, whole: bool) -> tuple[tuple[Frame, ...], int]:
    """The frames at the start of an exception's lines, and where its message begins."""
    found: list[Frame] = []
    position = 1 if lines and lines[0].strip() in _HEADERS else 0
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
        if whole:
            code = next((line for line in shown if not _MARKERS.match(line)), "")
            frame = _frame(match, code)
            if found and replace(found[-1], repeated=0) == frame:
                found[-1] = replace(found[-1], repeated=found[-1].repeated + 1)
            else:
                found.append(frame)
    return tuple(found), position


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
