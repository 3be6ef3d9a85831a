"""The script and the style sheet of the panel, served without a build step.

anywidget loads one ES module. Ours is made of the source files in `static/`:
`panel.js` and all that it imports, each file after those that it imports, with
their `import` lines and the word `export` removed (`panel.js` keeps its
`export default`). All files then share one scope, so a top-level name may be
used by one file only. Under node each file is imported as the module it is.
"""

from __future__ import annotations

import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from posixpath import dirname, join, normpath

STATIC = Path(__file__).parent / "static"

#: The module that imports all others, directly or not.
ENTRY = "panel.js"

#: The order matters where rules of equal specificity set the same property: the later one wins.
#: `adaptive.css` overrides all others.
STYLES = (
    "styles/base.css",
    "styles/header.css",
    "styles/layout.css",
    "styles/groups.css",
    "styles/table.css",
    "styles/functions.css",
    "styles/selection.css",
    "styles/timeline.css",
    "styles/workers.css",
    "styles/detail.css",
    "styles/attempts.css",
    "styles/traceback.css",
    "styles/queries.css",
    "styles/tree.css",
    "styles/adaptive.css",
)

_IMPORT = re.compile(
    r'^import \{\s*\w+(?:,\s*\w+)*,?\s*\} from "(\.{1,2}/[\w./]+\.js)";\n', re.MULTILINE
)
_OTHER_IMPORT = re.compile(r"^import\b.*", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)


class ScriptError(Exception):
    """The source files can't be joined into one module.

    A file is missing, files import one another in a cycle, or an import is not of
    the form `import { name } from "./file.js";`.
    """


@cache
def script() -> str:
    """The ES module."""
    return "\n".join(_without_imports(name) for name in module_order())


@cache
def style() -> str:
    """The style sheet."""
    return "\n".join((STATIC / name).read_text("utf-8") for name in STYLES)


def module_order(static: Path = STATIC, entry: str = ENTRY) -> tuple[str, ...]:
    """The files that `entry` imports, directly or not, each after its own imports; `entry` last.

    Names are paths relative to `static`. Raises ScriptError.
    """
    graph: dict[str, list[str]] = {}
    pending = [entry]
    while pending:
        name = pending.pop()
        if name not in graph:
            graph[name] = imports(name, static)
            pending.extend(graph[name])
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise ScriptError(f"Modules import one another in a cycle: {cycle}.") from None


def imports(name: str, static: Path = STATIC) -> list[str]:
    """The files that a file imports, as paths relative to `static`. Raises ScriptError."""
    source = (static / name).read_text("utf-8")
    other = _OTHER_IMPORT.search(_IMPORT.sub("", source))
    if other:
        raise ScriptError(f"{name}: this form of import is not supported: {other[0]!r}.")
    found = [normpath(join(dirname(name), path)) for path in _IMPORT.findall(source)]
    for target in found:
        if not (static / target).is_file():
            raise ScriptError(f"{name} imports {target!r}, which does not exist.")
    return found


def _without_imports(name: str) -> str:
    source = (STATIC / name).read_text("utf-8")
    return _EXPORT.sub("", _IMPORT.sub("", source))
