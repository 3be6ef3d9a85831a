"""`--each`: what its items are, and what is enqueued for one of them."""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Batch

from . import batch
from .call import Call, is_dotted, parse_call
from .cell import CompiledCell
from .forms import LastFunction, form_of
from .job import task_and_backend
from .plan import Planner, refuse_name
from .targets import is_async, resolve

#: How many tasks of an async function, and of a cluster, are in flight unless told otherwise.
ASYNC_CONCURRENCY, REMOTE_CONCURRENCY = 32, 256


@dataclass(slots=True)
class BatchPlan:
    """The parts of one `--each`, none of which has run yet."""

    #: Definitions to run first.
    body: CompiledCell | None
    #: Reads the notebook once they have run; raises UsageError.
    ready: Callable[[], ReadyBatch]
    quiet: bool


@dataclass(slots=True)
class ReadyBatch:
    """A batch about to start."""

    each: batch.Each
    batch: Batch
    backend: Any
    items: Iterable[Any] | AsyncIterable[Any]
    #: Whether it can run in place, without a loop.
    is_sync: bool


@dataclass(frozen=True, slots=True)
class Items:
    """`urls`, or `url in urls`: an iterable, and the name that each item gets."""

    written: str
    target: str | None
    iterable: str

    @classmethod
    def parse(cls, written: str) -> Items:
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


class BatchPlanner:
    """Makes batch plans for one shell."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def plan(
        self,
        options: Namespace,
        written: str,
        body: str | None,
        local_ns: dict[str, Any] | None = None,
    ) -> BatchPlan:
        """The plan for `--each EXPR written` and the body under it.

        `local_ns` holds the variables of the function that the line stands in.
        Raises UsageError for what can be seen to be wrong before anything has run.
        """
        refuse_name(options)
        items = Items.parse(options.each)
        written, compiled, quiet = self._planner.read(written, body)
        if not written:
            written, compiled = self._from_body(items, compiled)
        if items.target is not None:
            call = parse_call(written)
            return BatchPlan(compiled, partial(self._bound, items, call, options, local_ns), quiet)
        name = _dotted(written, items)
        return BatchPlan(compiled, partial(self._bare, items, name, options, local_ns), quiet)

    def _from_body(
        self, items: Items, body: CompiledCell | None
    ) -> tuple[str, CompiledCell | None]:
        """What is to be enqueued, where the line does not say: the body's call, or its function."""
        expression = body.last_expression if body is not None else None
        if body is not None and expression is not None and len(body.tree.body) == 1:
            return expression, None
        if body is not None and items.target is None:
            form = form_of(body.tree, arguments=True)
            if isinstance(form, LastFunction):
                return form.name, body
        msg = (
            f"--each {items.written!r} needs a call for its items: %enqueue --each urls fetch, or "
            "%enqueue --each 'url in urls' fetch(url)"
        )
        raise UsageError(msg)

    def _bound(
        self, items: Items, call: Call, options: Namespace, local_ns: dict[str, Any] | None
    ) -> ReadyBatch:
        names = self._planner.names(local_ns)
        task, backend = task_and_backend(resolve(call.name, names), options)
        arguments = call.arguments_of_item(items.target or "_", names)

        def make(item: Any) -> batch.Call:
            args, kwargs = arguments(item)
            return batch.Call(task, args, kwargs)

        return self._ready(_read(items, names), make, task, backend, call.text, options)

    def _bare(
        self, items: Items, name: str, options: Namespace, local_ns: dict[str, Any] | None
    ) -> ReadyBatch:
        names = self._planner.names(local_ns)
        task, backend = task_and_backend(resolve(name, names), options)

        def make(item: Any) -> batch.Call:
            return batch.Call(task, (item,))

        return self._ready(_read(items, names), make, task, backend, f"{name}(…)", options)

    def _ready(  # noqa: PLR0917
        self,
        iterable: Any,
        make: Callable[[Any], batch.Call],
        task: Any,
        backend: Any,
        label: str,
        options: Namespace,
    ) -> ReadyBatch:
        concurrency = options.concurrency or _concurrency(task, backend)
        is_sync = not is_async(task) and concurrency == 1 and isinstance(iterable, Iterable)
        if options.timeout is not None and is_sync:
            msg = (
                "--timeout can't stop synchronous tasks that run in place: add --concurrency 2 or "
                "more, which runs them in threads"
            )
            raise UsageError(msg)
        shown = Batch(label)
        each = batch.Each(
            make,
            backend=backend,
            batch=shown,
            concurrency=concurrency,
            timeout=options.timeout,
            capture=self._planner.capture and not options.no_capture,
            wait=True if options.wait else None,
            origin=self._planner.origin(None, backend),
        )
        return ReadyBatch(each, shown, backend, iterable, is_sync)


def _read(items: Items, names: dict[str, Any]) -> Any:
    """The iterable that `--each` names; UsageError where there is none."""
    try:
        found = eval(items.iterable, names)  # noqa: S307
    except Exception as error:
        msg = f"--each {items.written!r} can't be read: {type(error).__name__}: {error}"
        raise UsageError(msg) from None
    if not isinstance(found, Iterable | AsyncIterable) and not hasattr(found, "__getitem__"):
        msg = f"--each {items.written!r} is a {type(found).__name__}, which has no items"
        raise UsageError(msg)
    return found


def _concurrency(task: Any, backend: Any) -> int:
    if getattr(backend, "supports_get_result", False):
        return REMOTE_CONCURRENCY
    return ASYNC_CONCURRENCY if is_async(task) else 1


def _binds_names(target: ast.expr) -> bool:
    """Whether an item is bound to names alone, not to the attributes or items of other things."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(
                _binds_names(part.value if isinstance(part, ast.Starred) else part)
                for part in parts
            )
    return isinstance(target, ast.Name)


def _dotted(written: str, items: Items) -> str:
    try:
        node = ast.parse(written, mode="eval").body
    except SyntaxError as error:
        msg = f"{written!r} is not a name ({error.msg}): %enqueue --each {items.written} fetch"
        raise UsageError(msg) from None
    if is_dotted(node):
        return written
    if isinstance(node, ast.Call) and is_dotted(node.func):
        name = ast.unparse(node.func)
        msg = (
            f"--each {items.written!r} gives {name} each item as its one argument: write {name}, "
            f"or bind a name, --each 'item in {items.written}' {name}(item)"
        )
        raise UsageError(msg)
    msg = f"{written!r} is not a task's name: %enqueue --each {items.written} fetch"
    raise UsageError(msg)
