"""A cell's body, compiled to run in the notebook's own namespace as the task's function."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from types import CodeType
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.tasks.faults.interrupts import calls_user_code

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


#: Tokens that may follow the last statement of a cell.
_BLANK_TOKENS = frozenset(
    {
        tokenize.ENDMARKER,
        tokenize.NEWLINE,
        tokenize.NL,
        tokenize.COMMENT,
        tokenize.INDENT,
        tokenize.DEDENT,
    }
)


class CompiledCell:
    """Code objects that run one after the other; the last one yields the cell's value."""

    def __init__(self, codes: list[CodeType], tree: ast.Module, source: str) -> None:
        #: What to run, in order.
        self.codes = codes
        #: The syntax tree of the whole body.
        self.tree = tree
        #: The body as Python, IPython's own syntax resolved.
        self.source = source
        #: Whether the body awaits at its top level.
        self.is_async = any(code.co_flags & inspect.CO_COROUTINE for code in codes)

    @calls_user_code
    def run(self, namespace: dict[str, Any]) -> Any:
        """Run a body without top-level await; returns the value of its last expression."""
        __tracebackhide__ = True
        value = None
        for code in self.codes:
            value = eval(code, namespace)  # noqa: S307
        return value

    @calls_user_code
    async def arun(self, namespace: dict[str, Any]) -> Any:
        """Run any body, awaiting what awaits."""
        __tracebackhide__ = True
        value = None
        for code in self.codes:
            value = eval(code, namespace)  # noqa: S307
            if code.co_flags & inspect.CO_COROUTINE:
                value = await value
        return value

    @property
    def last_expression(self) -> str | None:
        """The text of the last statement, if it is an expression."""
        last = self.tree.body[-1] if self.tree.body else None
        return (
            ast.get_source_segment(self.source, last.value) if isinstance(last, ast.Expr) else None
        )


def compile_cell(shell: InteractiveShell, body: str, raw_cell: str | None) -> CompiledCell:
    """Compile a `%%enqueue` body for the notebook's namespace.

    Line numbers are those of the raw cell, and the source is cached under the
    cell's own name, so that every traceback points at the user's lines.
    Raises UsageError with the place of a syntax error.
    """
    transformed = shell.transform_cell(body)
    above = [*_lines_above(body, raw_cell), *_blank_lines(body)]
    name = shell.compile.cache(
        "".join(above) + transformed,
        shell.displayhook.prompt_count,
        raw_code=raw_cell if above and raw_cell else body,
    )
    try:
        with shell.builtin_trap:
            padded = "\n" * len(above) + transformed
            tree = ast.parse(padded, filename=name)
            codes = _code_objects(shell, shell.transform_ast(ast.parse(padded, name)), name)
    except SyntaxError as error:
        raise UsageError(_syntax_error(error)) from None
    return CompiledCell(codes, tree, padded)


def ends_quietly(source: str) -> bool:
    """Whether a cell ends with a semicolon, which suppresses its value."""
    last = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in _BLANK_TOKENS:
                last = token
    except (tokenize.TokenError, SyntaxError):
        return False
    return last is not None and last.type == tokenize.OP and last.string == ";"


def _lines_above(body: str, raw_cell: str | None) -> list[str]:
    """The lines of the raw cell that stand above the magic's body."""
    if not raw_cell:
        return []
    raw = raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"
    tail = body if body.endswith("\n") else body + "\n"
    return list(io.StringIO(raw[: -len(tail)], newline="")) if raw.endswith(tail) else []


def _blank_lines(body: str) -> list[str]:
    """The empty lines that a body begins with, which the shell's transformers leave out."""
    lines = list(io.StringIO(body, newline=""))
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    return lines[:first]


def _code_objects(shell: InteractiveShell, tree: ast.Module, name: str) -> list[CodeType]:
    codes: list[CodeType] = []
    compiler: Any = shell.compile
    body, last = tree.body, None
    if body and isinstance(body[-1], ast.Expr):
        last = ast.Expression(body[-1].value)
        tree.body = body[:-1]
    with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        if tree.body:
            codes.append(compiler(tree, name, "exec"))
        if last is not None:
            codes.append(compiler(last, name, "eval"))
    return codes


def _syntax_error(error: SyntaxError) -> str:
    text = (error.text or "").strip()
    where = f"line {error.lineno}" + (f", {text!r}" if text else "")
    return f"The cell has a syntax error in {where}: {error.msg}. Nothing was run."
