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

from .outcome import glyph

__all__ = [
    "block",
    "code",
    "details",
    "dim",
    "escape",
    "fold",
    "frame",
    "icon",
    "paragraph",
    "row",
    "table",
]

COLOURS = {
    "READY": "#808080",
    "RUNNING": "#1e88e5",
    "SUCCESSFUL": "#388e3c",
    "FAILED": "#e04343",
}
QUIET_RULE = "rgba(128,128,128,0.4)"
#: What would push a table wider than the page.
_UNBROKEN = re.compile(r"\S{60}")
_CELL = "text-align:left;vertical-align:top;padding:2px 16px 2px 0"


def frame(state: str, body: str) -> str:
    """The whole card, its rule on the left coloured unless the news is good."""
    rule = QUIET_RULE if state == "SUCCESSFUL" else COLOURS.get(state, QUIET_RULE)
    return (
        f'<div style="border-left:2px solid {rule};padding:1px 0 1px 10px;margin:2px 0;'
        f'font-size:13px;line-height:1.6;overflow-wrap:break-word">\n{body}\n</div>'
    )


def icon(state: str) -> str:
    """The glyph of a status, in its colour."""
    colour = COLOURS.get(state, COLOURS["READY"])
    return (
        f'<span style="color:{colour};font-weight:bold;display:inline-block;min-width:12px">'
        f"{glyph(state)}</span>"
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


def details(summary: str, body: str, *, opened: bool = False) -> str:
    """A disclosure; both parts are HTML. With no body, the summary alone."""
    if not body:
        return f"<div>{summary}</div>"
    state = " open" if opened else ""
    return (
        f'<details{state}><summary style="cursor:pointer">{summary}</summary>\n{body}\n</details>'
    )


def fold(summary: str, body: str) -> str:
    """A disclosure inside the card: closed, dim, indented."""
    return (
        '<details style="margin:2px 0 4px 16px;font-size:12px"><summary style="cursor:pointer">'
        f"{dim(summary)}</summary>\n{body}\n</details>"
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
