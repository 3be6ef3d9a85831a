"""Whether and how a magic is awaited.

Magics are synchronous functions, called from inside the running loop. A
transformer rewrites `get_ipython().run_cell_magic('enqueue', …)` in the
already transformed source to `(await get_ipython()…)`, wherever that is legal
and useful, and marks the line; IPython then awaits the cell on the kernel's
own loop. Where it was not rewritten, the magic takes its synchronous path.
"""

from __future__ import annotations

import ast
import asyncio
import io
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from types import FrameType

#: Begins a line that this transformer has marked; never typed by a person.
MARK = "\x00"

#: Cells of which it is remembered how they were before.
_REMEMBERED = 16

#: Decides for a magic's line, and its body or None, whether awaiting it is of use.
WantsAwait = Callable[[str, "str | None"], bool]


class Marks(NamedTuple):
    """What the transformer found out about one magic call."""

    #: The call is awaited: return a coroutine.
    awaited: bool = False
    #: The call's value is the cell's value, which the shell displays.
    shown: bool = False
    #: The notebook variable that the call's value is assigned to.
    name: str | None = None


def unmark(line: str) -> tuple[Marks, str]:
    """Split the marks off a magic's line."""
    if not line.startswith(MARK):
        return Marks(), line
    flags, _, rest = line[1:].partition(MARK)
    flags, _, name = flags.partition("=")
    return Marks(awaited="a" in flags, shown="s" in flags, name=name or None), rest


class AwaitTransformer:
    """An `input_transformers_post` transformer for the magics of some names."""

    has_side_effects = False

    def __init__(self, shell: InteractiveShell, magics: Mapping[str, WantsAwait]) -> None:
        """`magics` holds their names, each with what decides whether to await it."""
        self._shell = shell
        self._magics = magics
        # The latest sources by what they were made into.
        self._before: dict[str, str] = {}
        self._store_inputs: Any = None

    def hide_from_history(self) -> None:
        """Have `In`, `%history -t`, `%save` and `%macro` show nothing of how a cell is awaited."""
        manager: Any = self._shell.history_manager
        if manager is None:
            return
        store = manager.store_inputs

        def store_inputs(line_num: int, source: str, source_raw: str | None = None) -> None:
            store(line_num, self._before.get(source, source), source_raw)

        manager.store_inputs = self._store_inputs = store_inputs

    def restore_history(self) -> None:
        """Take that back, unless someone has put another function around it."""
        manager: Any = self._shell.history_manager
        if manager is not None and vars(manager).get("store_inputs") is self._store_inputs:
            del manager.store_inputs

    def __call__(self, lines: list[str]) -> list[str]:
        source = "".join(lines)
        if "get_ipython().run_" not in source or not any(name in source for name in self._magics):
            return lines
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return lines
        finder = _MagicCalls(frozenset(self._magics))
        top_level = self._awaits_at_top_level()
        for statement in tree.body:
            finder.visit_statement(statement, top_level and not _is_kept_synchronous(statement))
        shown = _shown_call(tree, source)
        # As `ast` counts lines: no form feed and no U+2028 ends one.
        encoded = [line.encode() for line in io.StringIO(source, newline="")]
        for call, legal in reversed(finder.calls):
            name, line, body = _parts(call)
            awaited = legal and self._magics[name](line, body)
            flags = ("a" if awaited else "") + ("s" if call is shown else "")
            if call in finder.assigned:
                flags += f"={finder.assigned[call]}"
            if flags:
                _splice(encoded, call, flags, awaited=awaited)
        changed = b"".join(encoded).decode()
        if changed != source:
            self._remember(changed, source)
        return changed.splitlines(keepends=True)

    def _remember(self, changed: str, source: str) -> None:
        if len(self._before) >= _REMEMBERED:
            del self._before[next(iter(self._before))]
        self._before[changed] = source

    def _awaits_at_top_level(self) -> bool:
        shell = self._shell
        return bool(shell.autoawait) and str(shell.loop_runner) == "asyncio" and not _is_nested()


class _MagicCalls(ast.NodeVisitor):
    """Finds calls of magics in order, each with whether an await is legal there."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._legal = False
        self._is_in_function = False
        #: The variables of the notebook that calls are assigned to.
        self.assigned: dict[ast.expr, str] = {}
        self.calls: list[tuple[ast.Call, bool]] = []

    def visit_statement(self, statement: ast.stmt, legal: bool) -> None:
        """Visit a statement of the cell's top level, where an await is legal or not."""
        self._legal = legal
        self.visit(statement)

    def _inside(self, node: ast.AST, *, legal: bool) -> None:
        outer = self._legal, self._is_in_function
        self._legal, self._is_in_function = legal, True
        self.generic_visit(node)
        self._legal, self._is_in_function = outer

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node, legal=False)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node, legal=False)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node, legal=False)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node, legal=True)

    def visit_Assign(self, node: ast.Assign) -> None:
        match node.targets:
            case [ast.Name(id=name)] if not self._is_in_function:
                self.assigned[node.value] = name
        self.generic_visit(node)

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


def _is_kept_synchronous(statement: ast.stmt) -> bool:
    """Whether a statement opens a `with` block where Django is in use.

    `with atomic():` works in synchronous code only, and one await makes the whole statement a
    coroutine's.
    """
    if "immediate_tasks_ipy.django_bridge" not in sys.modules:
        return False
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return not isinstance(statement, definitions) and any(
        isinstance(node, ast.With) for node in ast.walk(statement)
    )


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
