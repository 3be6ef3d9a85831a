"""How a magic comes to be awaited.

Magics are synchronous functions, called from inside the running loop. A
transformer rewrites `get_ipython().run_cell_magic('enqueue', …)` in the
already transformed source to `(await get_ipython()…)`, wherever that is legal
and useful, and marks the line; IPython then awaits the cell on the kernel's
own loop. Where it was not rewritten, the magic takes its synchronous path.
"""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from types import FrameType

#: Begins a line that this transformer has marked; never typed by a person.
MARK = "\x00"

#: Decides for a magic (name, line, body or None) whether awaiting it is of use.
WantsAwait = Callable[[str, str, "str | None"], bool]


class Marks(NamedTuple):
    """What the transformer found out about one magic call."""

    #: The call is awaited: return a coroutine.
    awaited: bool = False
    #: The call's value is the cell's value, which the shell displays.
    shown: bool = False


def unmark(line: str) -> tuple[Marks, str]:
    """Split the marks off a magic's line."""
    if not line.startswith(MARK):
        return Marks(), line
    flags, _, rest = line[1:].partition(MARK)
    return Marks(awaited="a" in flags, shown="s" in flags), rest


class AwaitTransformer:
    """An `input_transformers_post` transformer for the magics of some names."""

    has_side_effects = False

    def __init__(
        self, shell: InteractiveShell, names: frozenset[str], wants_await: WantsAwait
    ) -> None:
        self._shell = shell
        self._names = names
        self._wants_await = wants_await

    def __call__(self, lines: list[str]) -> list[str]:
        source = "".join(lines)
        if "get_ipython().run_" not in source or not any(name in source for name in self._names):
            return lines
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return lines
        finder = _MagicCalls(self._names, top_level=self._awaits_at_top_level())
        finder.visit(tree)
        shown = _shown_call(tree, source)
        encoded = [line.encode() for line in source.splitlines(keepends=True)]
        for call, legal in reversed(finder.calls):
            awaited = legal and self._wants_await(*_parts(call))
            flags = ("a" if awaited else "") + ("s" if call is shown else "")
            if flags:
                _splice(encoded, call, flags, awaited=awaited)
        return b"".join(encoded).decode().splitlines(keepends=True)

    def _awaits_at_top_level(self) -> bool:
        shell = self._shell
        return bool(shell.autoawait) and str(shell.loop_runner) == "asyncio" and not _is_nested()


class _MagicCalls(ast.NodeVisitor):
    """Finds calls of magics in order, each with whether an await is legal there."""

    def __init__(self, names: frozenset[str], *, top_level: bool) -> None:
        self._names = names
        self._legal = top_level
        self.calls: list[tuple[ast.Call, bool]] = []

    def _inside(self, node: ast.AST, *, legal: bool) -> None:
        outer, self._legal = self._legal, legal
        self.generic_visit(node)
        self._legal = outer

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node, legal=False)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node, legal=False)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node, legal=False)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node, legal=True)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(func=ast.Name(id="get_ipython")),
                    attr="run_cell_magic" | "run_line_magic",
                ),
                args=[ast.Constant(value=str(name)), ast.Constant(value=str()), *_],
            ) if name in self._names:
                self.calls.append((node, self._legal))
        self.generic_visit(node)


def _parts(call: ast.Call) -> tuple[str, str, str | None]:
    name, line, *rest = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    return str(name), str(line), str(rest[0]) if _is_cell_magic(call) and rest else None


def _is_cell_magic(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic"


def _shown_call(tree: ast.Module, source: str) -> ast.expr | None:
    """The expression whose value the shell will display, if the cell ends in one."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    return None if source.rstrip().endswith(";") else tree.body[-1].value


def _splice(encoded: list[bytes], call: ast.Call, flags: str, *, awaited: bool) -> None:
    """Insert the mark, and the await, by the byte offsets that `ast` reports; last place first."""
    line = call.args[1]
    places = [(line.lineno, line.col_offset, repr(f"{MARK}{flags}{MARK}").encode() + b"+")]
    if awaited:
        places.insert(0, (call.end_lineno or call.lineno, call.end_col_offset or 0, b")"))
        places.append((call.lineno, call.col_offset, b"(await "))
    for number, column, text in places:
        row = encoded[number - 1]
        encoded[number - 1] = row[:column] + text + row[column:]


def _is_nested() -> bool:
    """Whether this thread is inside the synchronous execution of a cell (`%%time`, `%run`, …)."""
    inner = {InteractiveShell.run_code.__code__}
    if asyncio._get_running_loop() is not None:
        inner.add(InteractiveShell._run_cell.__code__)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in inner:
            return True
        frame = frame.f_back
    return False
