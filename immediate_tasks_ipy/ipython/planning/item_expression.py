"""The items of a batch as written after `--each`: `urls`, or `url in urls`."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from .call_expression import is_dotted


@dataclass(frozen=True, slots=True)
class ItemExpression:
    """`urls`, or `url in urls`: an iterable, and the name that each item gets."""

    written: str
    target: str | None
    iterable: str

    @classmethod
    def parse(cls, written: str) -> ItemExpression:
        """Raises UsageError where it is neither form."""
        try:
            node = ast.parse(f"[0 for {written}\n]", mode="eval").body
        except SyntaxError:
            node = None
        if isinstance(node, ast.ListComp):
            [generator, *more] = node.generators
            if more or generator.ifs:
                msg = f"--each {written!r} does more than name items: make a list of them first"
                raise UsageError(msg)
            if not _binds_names(generator.target):
                msg = (
                    f"--each {written!r} must give the items a name of their own: write "
                    "--each 'url in urls', or --each 'name, value in pairs'"
                )
                raise UsageError(msg)
            return cls(written, ast.unparse(generator.target), ast.unparse(generator.iter))
        try:
            ast.parse(written, mode="eval")
        except SyntaxError as error:
            msg = (
                f"--each {written!r} is not an expression ({error.msg}): write --each urls, or "
                "--each 'url in urls'"
            )
            raise UsageError(msg) from None
        return cls(written, None, written)

    def evaluate(self, names: dict[str, Any]) -> Any:
        """The iterable that `--each` names; UsageError where there is none."""
        try:
            found = eval(self.iterable, names)  # noqa: S307
        except Exception as error:
            msg = f"--each {self.written!r} can't be read: {type(error).__name__}: {error}"
            raise UsageError(msg) from None
        if not isinstance(found, Iterable | AsyncIterable) and not hasattr(found, "__getitem__"):
            msg = f"--each {self.written!r} gives no items: its type is {type(found).__name__}"
            raise UsageError(msg)
        return found

    def task_name(self, written: str) -> str:
        """What stands behind a bare `--each urls`: the name of a task. Raises UsageError."""
        try:
            node = ast.parse(written, mode="eval").body
        except SyntaxError as error:
            msg = f"{written!r} is not a name ({error.msg}): %enqueue --each {self.written} fetch"
            raise UsageError(msg) from None
        if is_dotted(node):
            return written
        if isinstance(node, ast.Call) and is_dotted(node.func):
            name = ast.unparse(node.func)
            msg = (
                f"--each {self.written!r} gives {name} each item as its one argument: write "
                f"{name}, or bind a name, --each 'item in {self.written}' {name}(item)"
            )
            raise UsageError(msg)
        msg = f"{written!r} is not a task's name: %enqueue --each {self.written} fetch"
        raise UsageError(msg)


def _binds_names(target: ast.expr) -> bool:
    """Whether an item is bound to names alone, not to the attributes or items of other things."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(
                _binds_names(part.value if isinstance(part, ast.Starred) else part)
                for part in parts
            )
    return isinstance(target, ast.Name)
