"""The imports of the package's modules, each parsed once, and those of its scripts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.services import ROOT

PACKAGE = "immediate_tasks_ipy"
FOLDER = ROOT / PACKAGE
STATIC = FOLDER / "panel" / "static"


@dataclass(frozen=True)
class Import:
    """An import statement: who imports what, and when.

    `lazy`: not while the module itself is imported. `typing`: by type checkers only.
    """

    module: str
    line: int
    target: str
    lazy: bool = False
    typing: bool = False

    @property
    def own(self) -> bool:
        return self.library == PACKAGE

    @property
    def library(self) -> str:
        return self.target.split(".")[0]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(FOLDER.rglob("*.py"))}


@cache
def tree_of(module: str) -> ast.Module:
    """Return the syntax tree of a module of the package."""
    return ast.parse(MODULES[module].read_text("utf-8"))


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """Return every import of a module, those for type checkers too."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    return tuple(_imports(tree_of(module), module, package))


def _imports(
    node: ast.AST, module: str, package: str, *, lazy: bool = False, typing: bool = False
) -> Iterator[Import]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.body:
            yield from _imports(child, module, package, lazy=lazy, typing=True)
        for child in node.orelse:
            yield from _imports(child, module, package, lazy=lazy, typing=typing)
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        for target in _targets(node, package):
            yield Import(module, node.lineno, target, lazy, typing)
    inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, module, package, lazy=lazy or inside, typing=typing)


def _targets(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1] if node.level else []
    base = ".".join([*above, *([node.module] if node.module else [])])
    names = [f"{base}.{alias.name}" for alias in node.names]
    return [name if name in MODULES else base for name in names]


#: Every import that is carried out.
IMPORTS = [found for module in MODULES for found in imports_of(module) if not found.typing]

_SCRIPT_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?(?:from\s*)?"(\.[^"]+)"', re.MULTILINE)


def script_imports() -> list[tuple[str, str]]:
    """Return the imports of the panel's scripts, as pairs of paths below `static`."""
    pairs = []
    for path in sorted(STATIC.rglob("*.js")):
        for target in _SCRIPT_IMPORT.findall(path.read_text("utf-8")):
            imported = (path.parent / target).resolve().relative_to(STATIC)
            pairs.append((path.relative_to(STATIC).as_posix(), imported.as_posix()))
    return pairs
