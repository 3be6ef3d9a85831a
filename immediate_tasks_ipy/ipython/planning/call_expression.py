"""The call on an `%%enqueue` line: `add(2, 3)`, its name and its arguments."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.tasks.values import has_live_values, keep_arguments, refusal

#: Evaluates a call's arguments for one item.
Arguments = Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]

_FILE = "<arguments of %enqueue>"


class CallExpression:
    """One parsed call: a dotted name and argument expressions, not evaluated yet."""

    def __init__(self, text: str, node: ast.Call) -> None:
        #: The call as written.
        self.text = text
        self.name = ast.unparse(node.func)
        self._node = node

    def arguments(self, namespace: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Evaluate the arguments in a namespace, by Python's own rules for calls.

        Raises whatever an argument raises.
        """
        __tracebackhide__ = True
        # What an argument raises is quoted with the call as written.
        linecache.cache[_FILE] = (len(self.text), None, [f"{self.text}\n"], _FILE)
        tree = ast.fix_missing_locations(ast.Expression(self._collecting()))
        return eval(compile(tree, _FILE, "eval"), namespace)  # type: ignore[no-any-return]  # noqa: S307

    def arguments_of_item(self, target: str, namespace: dict[str, Any]) -> Arguments:
        """A function that binds an item to `target` and evaluates the arguments then."""
        tree = ast.parse(f"def arguments(item):\n {target} = item\n return")
        tree.body[0].body[-1].value = self._collecting()  # type: ignore[attr-defined]
        made: dict[str, Any] = {}
        exec(compile(ast.fix_missing_locations(tree), _FILE, "exec"), namespace, made)  # noqa: S102
        return made["arguments"]  # type: ignore[no-any-return]

    def _collecting(self) -> ast.Call:
        """The call with a function in place of its own that returns its arguments."""
        collect = ast.parse("lambda *args, **kwargs: (args, kwargs)", mode="eval").body
        return ast.Call(collect, self._node.args, self._node.keywords)


def parse_call(text: str) -> CallExpression:
    """Parse `name(arguments)`; UsageError for anything else, with what to write instead."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        msg = f"{text!r} is not a call ({error.msg}): write it as in Python, add(2, 3)"
        raise UsageError(msg) from None
    if not isinstance(node, ast.Call):
        if is_dotted(node):
            msg = f"{text!r} is a name, not a call: write {text}(...) with its arguments"
        else:
            msg = f"{text!r} is not a call: write a task's name and its arguments, add(2, 3)"
        raise UsageError(msg)
    if not is_dotted(node.func):
        msg = f"{ast.unparse(node.func)!r} is not a name: give what it makes a name, then call that"
        raise UsageError(msg)
    _refuse_unfit(text, node)
    return CallExpression(text, node)


def _refuse_unfit(text: str, node: ast.Call) -> None:
    """Raise UsageError for what Python can't compile, and for what only a cell's body may do."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Await | ast.NamedExpr | ast.Yield | ast.YieldFrom):
            msg = (
                f"{text!r} does more than call a task: put it in the body of a %%enqueue cell, "
                "where it runs as the task"
            )
            raise UsageError(msg)
    try:
        compile(ast.Expression(node), _FILE, "eval")
    except (SyntaxError, ValueError) as error:
        # What the parser lets pass: a keyword that is given twice.
        msg = f"{text!r} is not a call ({getattr(error, 'msg', error)}): give each argument once"
        raise UsageError(msg) from None


def is_dotted(node: ast.expr) -> bool:
    """Whether an expression is a name, or names joined by dots."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def check_arguments(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise UsageError naming the first argument that the task can't keep, and what to write."""
    if has_live_values(task):
        return
    try:
        keep_arguments(task, args, kwargs)
    except Exception as error:
        # Whatever a value's own methods raise.
        raise UsageError(refusal(error) or f"{type(error).__name__}: {error}") from None
