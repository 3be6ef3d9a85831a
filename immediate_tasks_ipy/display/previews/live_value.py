"""A value that JSON can't hold, as it is shown: its type, its shape, and a preview within bounds.

Nothing here trusts the value: what it says of itself is text, cut and made visible. No library is
imported for it; a data frame is what has a table for a representation.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import islice
from typing import Any, NamedTuple

from immediate_tasks_ipy.display.values import class_name, is_container, one_line, visible
from immediate_tasks_ipy.tasks.jsonable import replacement, unsupported_part
from immediate_tasks_ipy.tasks.values import type_name

#: Rows and columns of a table, and characters of a cell.
ROWS, COLUMNS, CELL = 8, 10, 32
#: Lines and characters of a representation.
LINES, CHARACTERS = 12, 1200
#: Characters of HTML that are read for a table.
_HTML = 200_000
#: Of a value that JSON can't hold.
KEPT_AS_IS = "kept as it is, in this notebook only"
_TIMES = " × "  # noqa: RUF001  (a multiplication sign)


class Cell(NamedTuple):
    """One cell of a table."""

    text: str
    is_header: bool


@dataclass(frozen=True, slots=True)
class LiveView:
    """What is shown of a live value."""

    #: Its type with its top module, `pandas.DataFrame`.
    type_name: str
    #: Its size in words, as that of a data frame; empty where it has none.
    shape: str
    #: The first rows of the table that it is shown as; empty for one that is none.
    table: list[list[Cell]]
    #: Otherwise the first lines of its representation; empty for a container, which is a tree.
    lines: list[str]
    #: How it is kept, and what a queue would need in its place.
    note: str
    #: `…1,184 more rows`, where the table shows its first ones only; else empty.
    more: str = ""

    @classmethod
    def of(cls, value: Any) -> LiveView:
        """Look at a value. Never raises."""
        name, note = one_line(type_name(value), 80), KEPT_AS_IS
        try:
            note = f"{KEPT_AS_IS}; {_needs(value)}"
            if is_container(value):
                return cls(name, _shape(value), [], [], note)
            table = _table(value)
            if table:
                return cls(name, _shape(value), table, [], note, _more_rows(value))
            return cls(name, _shape(value), [], _lines(value), note)
        except BaseException as error:
            return cls(name, "", [], [f"can't be shown, {class_name(error)}"], note)

    @property
    def title(self) -> str:
        """Type and shape."""
        return f"{self.type_name}, {self.shape}" if self.shape else self.type_name

    @property
    def text_lines(self) -> list[str]:
        """The preview as lines of text: a table with aligned columns, and what it leaves out."""
        if not self.table:
            return self.lines
        columns = max(len(row) for row in self.table)
        rows = [[*(cell.text for cell in row), *[""] * (columns - len(row))] for row in self.table]
        widths = [max(len(row[index]) for row in rows) for index in range(columns)]
        lines = [
            "  ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return [*lines, self.more] if self.more else lines


def short_form(value: Any) -> str:
    """An array or a data frame by its class, shape and element type; empty for all else."""
    size = _dimensions(value)
    if not size:
        return ""
    name = class_name(value)
    return f"{name} {_TIMES.join(f'{n:,}' for n in size)}{_element_type(value)}"


def _needs(value: Any) -> str:
    path, part = unsupported_part(value)
    where = "".join(f"[{one_line(repr(step), 24)}]" for step in path)
    instead = replacement(part)
    place = f" in place of {where}, a {one_line(type_name(part), 60)}" if where else ""
    if not instead:
        return f"a queue could not store {where or 'it'}"
    return f"a queue would need {instead}{place}"


def _dimensions(value: Any) -> tuple[int, ...]:
    """The shape of an array or a data frame; empty for a scalar, and for all else."""
    if not hasattr(type(value), "shape"):
        return ()
    shape = value.shape
    if not isinstance(shape, tuple) or not all(type(n) is int for n in shape):
        return ()
    return shape


def _element_type(value: Any) -> str:
    found = getattr(value, "dtype", None)
    return "" if found is None else f" {one_line(str(found), 24)}"


def _shape(value: Any) -> str:
    size = _dimensions(value)
    if len(size) == 2 and hasattr(value, "columns"):  # noqa: PLR2004 (a table)
        return f"{_counted(size[0], 'row')}{_TIMES}{_counted(size[1], 'column')}"
    if size:
        return f"{_TIMES.join(f'{n:,}' for n in size)}{_element_type(value)}"
    if hasattr(type(value), "__len__") and not hasattr(type(value), "shape"):
        return _counted(len(value), "item")
    return ""


def _more_rows(value: Any) -> str:
    size = _dimensions(value)
    left = size[0] - ROWS if size else 0
    return f"…{left:,} more {'row' if left == 1 else 'rows'}" if left > 0 else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _lines(value: Any) -> list[str]:
    text = repr(value)
    cut = text[:CHARACTERS]
    lines = [visible(line) for line in cut.split("\n")]
    if len(lines) > LINES or len(text) > CHARACTERS:
        lines = [*lines[:LINES], "…"]
    return lines


def _table(value: Any) -> list[list[Cell]]:
    """The first rows and columns of the first table in a value's own HTML."""
    if not hasattr(type(value), "_repr_html_") or isinstance(value, type):
        return []
    size = _dimensions(value)
    # A large data frame takes long to write, and is cut in the middle.
    shown = value.head(ROWS) if size and size[0] > ROWS and hasattr(value, "head") else value
    html = shown._repr_html_()
    if not isinstance(html, str) or "<table" not in html[:_HTML]:
        return []
    reader = _TableReader()
    reader.feed(html[:_HTML])
    rows = [row for row in islice(reader.rows, ROWS + 2) if row]
    return [
        [*row[:COLUMNS], Cell("…", is_header=row[COLUMNS].is_header)] if len(row) > COLUMNS else row
        for row in rows
    ]


class _TableReader(HTMLParser):
    """Reads the texts of the first table; what is no text is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[Cell]] = []
        self._text: list[str] | None = None
        self._is_over = False
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "tr" and not self._is_over:
            self.rows.append([])
        elif tag in {"td", "th"}:
            self._text = []
        elif tag in {"style", "script"}:
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._text is not None and self.rows and not self._is_over:
            text = one_line("".join(self._text), CELL)
            self.rows[-1].append(Cell(text, is_header=tag == "th"))
            self._text = None
        elif tag == "table":
            self._is_over = True
        elif tag in {"style", "script"}:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._hidden:
            self._text.append(data)
