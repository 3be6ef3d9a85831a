"""Which form of task a `%%enqueue` cell is, seen from its syntax alone."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, NamedTuple

from IPython.core.error import UsageError

from .call_expression import is_dotted
from .options import EnqueueOptions
from .targets import MISSING, find, is_async

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Function = ast.FunctionDef | ast.AsyncFunctionDef


class DecoratedTasks(NamedTuple):
    """The cell defines `@task` functions, each of which is to be enqueued."""

    names: tuple[str, ...]


class LastFunction(NamedTuple):
    """The cell's last statement is a plain function definition, which is the task."""

    name: str


class WholeCell(NamedTuple):
    """The cell itself is the task."""


def form_of(
    tree: ast.Module, *, arguments: bool = False
) -> DecoratedTasks | LastFunction | WholeCell:
    """The form of a cell without a call.

    A function that needs arguments is refused with a UsageError that shows the
    call to write, unless `arguments` says that it will get one.
    """
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, Function):
        return WholeCell()
    decorated = {
        node.name: node for node in tree.body if isinstance(node, Function) and _is_task(node)
    }
    if decorated:
        if not arguments:
            for node in decorated.values():
                _refuse_required(node)
        return DecoratedTasks(tuple(decorated))
    if not arguments:
        _refuse_required(last)
    return LastFunction(last.name)


def last_function(tree: ast.Module, name: str) -> Function | None:
    """The last top-level definition of a function of that name."""
    found = [n for n in tree.body if isinstance(n, Function) and n.name == name]
    return found[-1] if found else None


def has_async_task(tree: ast.Module) -> bool:
    """Whether a cell without a call defines an async function that is to be its task."""
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, Function):
        return False
    tasks = [node for node in tree.body if isinstance(node, Function) and _is_task(node)]
    return any(isinstance(node, ast.AsyncFunctionDef) for node in [*tasks, last])


def binds(tree: ast.Module, name: str) -> bool:
    """Whether running a body may give a name another meaning at the top level."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name == name:
                    return True
                continue
            case ast.Lambda():
                continue
            case ast.alias():
                bound = node.asname or node.name.partition(".")[0]
                if bound in {name, "*"}:
                    return True
            case ast.Name(id=id_, ctx=ast.Store() | ast.Del()) if id_ == name:
                return True
        pending.extend(ast.iter_child_nodes(node))
    return False


def _is_task(node: Function) -> bool:
    return any(_task_decorator(decorator) for decorator in node.decorator_list)


def _task_decorator(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    match target:
        case ast.Name(id="task") | ast.Attribute(attr="task"):
            return True
    return False


def _takes_context(node: Function) -> bool:
    return any(
        isinstance(decorator, ast.Call)
        and _task_decorator(decorator)
        and any(keyword.arg == "takes_context" for keyword in decorator.keywords)
        for decorator in node.decorator_list
    )


def _refuse_required(node: Function) -> None:
    """Raise UsageError if a function can't be called without arguments."""
    arguments = node.args
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    required = positional[: len(positional) - len(arguments.defaults)]
    if _takes_context(node) or (required and required[0] == "context"):
        required = required[1:]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    required += [f"{a.arg}=" for a, default in keywords if default is None]
    if required:
        shown = ", ".join(f"{name}…" if name.endswith("=") else name for name in required)
        msg = (
            f"{node.name}() needs arguments: give the call on the first line, "
            f"%%enqueue {node.name}({shown}). Nothing was run."
        )
        raise UsageError(msg)


# -- whether the magic is awaited -----------------------------------------


def wants_await(
    shell: InteractiveShell, options: EnqueueOptions, written: str, body: str | None
) -> bool:
    """Whether to await the magic.

    False where what will run is known to be synchronous: it may call
    `asyncio.run`, which no running loop allows.
    """
    if body is None or not body.strip():
        return _wants_await_without_body(shell, options, written)
    tree = _tree(shell, body)
    if tree is None:
        return False
    if tree.body and _awaits(tree):
        return True
    decided = _by_options(options)
    if decided is not None:
        return decided
    name = _called_name(written)
    if name is None:
        return bool(written) or has_async_task(tree) or options.each is not None
    definition = last_function(tree, name)
    if definition is not None:
        return isinstance(definition, ast.AsyncFunctionDef) or bool(options.concurrency)
    return binds(tree, name.partition(".")[0]) or _target_wants_await(shell, options, name)


def _wants_await_without_body(
    shell: InteractiveShell, options: EnqueueOptions, written: str
) -> bool:
    decided = _by_options(options)
    if decided is not None:
        return decided
    name = _called_name(written)
    if name is None:
        return bool(written) or options.each is not None
    return _target_wants_await(shell, options, name)


def _by_options(options: EnqueueOptions) -> bool | None:
    """What the options alone decide; None if it depends on the function."""
    if options.background and options.each is None:
        return False
    return True if options.wait or options.backend else None


def _target_wants_await(shell: InteractiveShell, options: EnqueueOptions, name: str) -> bool:
    target = find(name, shell.user_ns)
    return target is MISSING or is_async(target) or bool(options.concurrency)


def _tree(shell: InteractiveShell, body: str) -> ast.Module | None:
    try:
        source = shell.transform_cell(body)
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return tree if isinstance(tree, ast.Module) else None


def _called_name(written: str) -> str | None:
    try:
        node = ast.parse(written.rstrip("; \t"), mode="eval").body
    except SyntaxError:
        return None
    if isinstance(node, ast.Call):
        node = node.func
    return ast.unparse(node) if is_dotted(node) else None


def _awaits(tree: ast.Module) -> bool:
    """Whether a body awaits at its top level."""
    try:
        code = compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return bool(code.co_flags & inspect.CO_COROUTINE)
