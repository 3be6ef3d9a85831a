"""HTML that survives every sanitiser: inline style, no colour for text, everything escaped.

JupyterLab drops any style declaration with `var(…)`, `inherit` or
`currentColor` from notebooks that the reader did not run, GitHub drops `style`
altogether: so text inherits its colour, gaps that matter are characters, and
only the glyph, the rule and the bar are coloured, in mid-tones that hold on
white and on black.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from .summary import glyph
from .values import class_name

if TYPE_CHECKING:
    from .previews.live_value import Cell, LiveView

__all__ = [
    "block",
    "card_container",
    "code",
    "details",
    "dim",
    "disclosure",
    "escape",
    "icon",
    "live_preview",
    "nested",
    "paragraph",
    "progress_bar",
    "row",
    "table",
]

COLOURS = {
    "READY": "#808080",
    "RUNNING": "#1e88e5",
    "SUCCESSFUL": "#388e3c",
    "FAILED": "#e04343",
    "CANCELLED": "#808080",
}
QUIET_RULE = "rgba(128,128,128,0.4)"
#: What would push a table wider than the page.
_UNBROKEN = re.compile(r"\S{60}")
#: Material for MkDocs frames each `details` in blue, and draws two icons in it: none on a card.
_NO_ICONS = "".join(
    f";--md-{name}-icon{rest}:linear-gradient(#0000,#0000)"
    for name, rest in [("admonition", "--note"), ("details", "")]
)
_NO_FRAME = "border:0;padding:0;background:none;box-shadow:none"
_SUMMARY = (
    f'<summary style="cursor:pointer;display:list-item;margin:0;font-weight:normal;{_NO_FRAME}">'
)
_CELL = "text-align:left;vertical-align:top;padding:2px 16px 2px 0"


def card_container(status: str, body: str) -> str:
    """The whole card, its rule on the left coloured where somebody has to look."""
    rule = QUIET_RULE if status in {"SUCCESSFUL", "CANCELLED"} else COLOURS.get(status, QUIET_RULE)
    return (
        f'<div style="border-left:2px solid {rule};padding:1px 0 1px 10px;margin:2px 0;'
        f'font-size:13px;line-height:1.6;overflow-wrap:break-word{_NO_ICONS}">\n{body}\n</div>'
    )


def icon(status: str) -> str:
    """The glyph of a status, in its colour."""
    colour = COLOURS.get(status, COLOURS["READY"])
    return (
        f'<span style="color:{colour};font-weight:bold;display:inline-block;min-width:12px">'
        f"{glyph(status)}</span>"
    )


def progress_bar(fraction: float) -> str:
    """A small bar that stands in a line of text."""
    return (
        '<span style="display:inline-block;width:96px;height:8px;vertical-align:middle;'
        'border:1px solid rgba(128,128,128,0.4);border-radius:2px;overflow:hidden">'
        f'<span style="display:block;width:{fraction:.0%};height:8px;'
        f'background:{COLOURS["RUNNING"]}"></span></span>'
    )


def code(text: str, *, bold: bool = False, size: int = 12) -> str:
    """Code on the page's own ground."""
    inner = f"<b>{escape(text)}</b>" if bold else escape(text)
    broken = ";word-break:break-all" if _UNBROKEN.search(text) else ""
    return (
        f'<code style="background:transparent;padding:0;font-size:{size}px{broken}">{inner}</code>'
    )


def dim(inner: str) -> str:
    """Secondary text; `inner` is HTML."""
    return f'<span style="opacity:0.75">{inner}</span>'


def status_end(word: str, rest: str, *, quiet: bool) -> str:
    """The end of a first line: what became of it, and when; `rest` is HTML."""
    if quiet:
        text, faint = f"{escape(word)} {rest}", ";opacity:0.75"
    else:
        text, faint = f"<b>{escape(word)}</b> {rest}", ""
    return f'<span style="white-space:nowrap;font-size:12px{faint}">{text}</span>'


def cannot_be_shown(noun: str, error: Exception) -> str:
    """What stands in place of a card that can't be drawn."""
    message = f"This {noun} can't be shown: {class_name(error)}."
    return card_container("READY", f"<div>{icon('READY')} {escape(message)}</div>")


def details(summary: str, body: str, *, opened: bool = False) -> str:
    """A summary line that opens; both parts are HTML. With no body, the summary alone."""
    if not body:
        return f"<div>{summary}</div>"
    state = " open" if opened else ""
    return (
        f'<details{state} style="margin:0;font-size:13px;{_NO_FRAME}">'
        f"{_SUMMARY}{summary}</summary>\n{body}\n</details>"
    )


def disclosure(summary: str, body: str, *, opened: bool = False, faint: bool = True) -> str:
    """A disclosure inside the card, indented: closed and dim unless asked for otherwise."""
    state = " open" if opened else ""
    return (
        f'<details{state} style="margin:2px 0 4px 16px;font-size:12px;{_NO_FRAME}">'
        f"{_SUMMARY}{dim(summary) if faint else summary}</summary>\n{body}\n</details>"
    )


def paragraph(inner: str) -> str:
    """A line below the summary; `inner` is HTML."""
    return f'<div style="margin:4px 0 0 16px;font-size:12px">{inner}</div>'


def block(inner: str, *, wrap: bool = False, faint: bool = False, inset: int = 8) -> str:
    """Preformatted text; `inner` is HTML whose lines are separated by newlines."""
    space = "pre-wrap" if wrap else "pre"
    opacity = ";opacity:0.75" if faint else ""
    return (
        f'<pre style="margin:2px 0 2px 16px;padding:4px {inset}px;background:rgba(128,128,128,0.1);'
        f"font-family:menlo,consolas,'DejaVu Sans Mono',monospace;font-size:12px;line-height:1.5;"
        f'overflow-x:auto;white-space:{space}{opacity}">{inner}</pre>'
    )


def nested(items: list[str]) -> str:
    """Parts indented below what comes before them, each of them HTML."""
    inner = "\n".join(f'<li style="margin:0">{item}</li>' for item in items)
    return f'<ul style="list-style:none;margin:0;padding:0 0 0 16px">\n{inner}</ul>'


def row(name: str, inner: str) -> str:
    """A named row of the table of facts; `inner` is HTML."""
    return (
        f'<tr style="background:transparent"><th scope="row" style="{_CELL};font-weight:normal;'
        f'white-space:nowrap;opacity:0.75">{escape(name)}</th>'
        f'<td style="{_CELL}">{inner}</td></tr>'
    )


def table(rows: list[str]) -> str:
    """The table of facts, from its rows."""
    if not rows:
        return ""
    return (
        '<table style="border-collapse:collapse;margin:2px 0 6px 16px;font-size:12px"><tbody>\n'
        + "\n".join(rows)
        + "\n</tbody></table>"
    )


def live_preview(view: LiveView) -> str:
    """A live value as a table of its first rows, or as the first lines of its representation."""
    if not view.table:
        return block(escape("\n".join(view.lines)))
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in view.table)
    return (
        '<div style="overflow-x:auto;margin:2px 0 2px 16px"><table style="border-collapse:collapse;'
        f'font-size:12px"><tbody>\n{rows}\n</tbody></table>{dim(escape(view.more))}</div>'
    )


def _cell(cell: Cell) -> str:
    tag = "th" if cell.is_header else "td"
    return (
        f'<{tag} style="text-align:right;padding:1px 8px;border:1px solid rgba(128,128,128,0.4);'
        f'white-space:nowrap">{escape(cell.text)}</{tag}>'
    )
