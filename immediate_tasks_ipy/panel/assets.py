"""The script and the style sheet of the panel, served as they are written.

anywidget takes one ES module. The panel's is the source files of `static/`, in
the order below, one after the other, with their `import` lines and the word
`export` taken away (`panel.js` keeps its `export default`): they share one
scope, so that no two of them may give the same name to something at their top
level. Under node each file is imported alone, as the module it is.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"

#: Each file after those that it imports.
MODULES = (
    "text.js",
    "rows.js",
    "store.js",
    "listing.js",
    "window.js",
    "lanes.js",
    "elements.js",
    "connection.js",
    "announcer.js",
    "notify.js",
    "feedback.js",
    "deeds.js",
    "choice.js",
    "header.js",
    "virtual_list.js",
    "table.js",
    "lane.js",
    "timeline.js",
    "tree.js",
    "traceback.js",
    "lifecycle.js",
    "detail.js",
    "footer.js",
    "view.js",
    "panel.js",
)

STYLES = ("panel.css", "table.css", "timeline.css", "detail.css")

_IMPORT = re.compile(r'^import [^;]*? from "\./[\w-]+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)


@cache
def script() -> str:
    """The ES module."""
    return "\n".join(_scoped((STATIC / name).read_text("utf-8")) for name in MODULES)


@cache
def style() -> str:
    """The style sheet."""
    return "\n".join((STATIC / name).read_text("utf-8") for name in STYLES)


def _scoped(source: str) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", source))
