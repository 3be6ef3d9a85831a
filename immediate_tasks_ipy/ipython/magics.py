"""`%%enqueue` and `%enqueue`."""

from __future__ import annotations

import ast
import inspect
import keyword
from argparse import Namespace
from collections.abc import Awaitable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.core.magic_arguments import MagicArgumentParser, magic_arguments

from immediate_tasks_ipy.tasks.sync import async_to_sync, has_running_loop

from .awaiting import unmark
from .call import is_dotted
from .cell import CompiledCell
from .forms import binds, has_async_task, last_function
from .options import enqueue_arguments, misplaced_option, parse
from .own_frames import awaited, drop_own_frames
from .plan import Plan, Planner
from .runner import Runner
from .shell_loop import run_on_shell_loop
from .source_lines import quote_as_written
from .targets import MISSING, find, is_async
from .task_results import TaskResults

if TYPE_CHECKING:
    from .batch_plan import BatchPlan, BatchPlanner
    from .batch_runner import BatchRunner


@magics_class
class EnqueueMagics(Magics):
    """The magics that make tasks of calls and cells."""

    shell: InteractiveShell

    def __init__(self, runner: Runner, planner: Planner) -> None:
        super().__init__(runner.shell)
        self._runner = runner
        self._planner = planner

    @magic_arguments("%enqueue")
    @enqueue_arguments
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def enqueue(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> Any:
        """Make a task of a call or of a cell, run it at once, and show how it goes.

        ::

            %enqueue add(2, 3)          a task, or a function, with its arguments

            %%enqueue add(2, 3)         the cell defines add, then add(2, 3) is the task

            %%enqueue                   every @task function the cell defines is enqueued,
            @task(priority=10)          the highest priority first
            def report(): ...

            %%enqueue --name cleanup    the cell itself is the task: it runs in the notebook's
            rows = load()               namespace, may await, and its last expression is the
            len(rows)                   return value

            %enqueue --each urls fetch                    one task per item
            %enqueue --each "u in urls" fetch(u, timeout=3)

        The value is the TaskResult, or TaskResults when there are several; end the
        line with a semicolon to suppress it. A task that fails is shown and does
        not raise, unless --raise is given.
        """
        __tracebackhide__ = True
        quote_as_written(self.shell, self._planner.raw_cell)
        try:
            value = self._enqueue(line, cell, local_ns)
        except BaseException as error:
            drop_own_frames(error)
            raise
        return awaited(value) if inspect.iscoroutine(value) else value

    def _enqueue(self, line: str, cell: str | None, local_ns: dict[str, Any] | None) -> Any:
        marks, line = unmark(line)
        options, written = self.parsed(line)
        if options.each is not None:
            batch = self._batch_planner.plan(options, written, cell, local_ns)
            return (
                self._arun_batch(batch, options)
                if marks.awaited
                else self._run_batch(batch, options)
            )
        plan = self._planner.plan(options, written, cell, local_ns)
        if marks.awaited:
            return self._arun(plan, options, shown=marks.shown and not plan.quiet)
        return self._run(plan, options, shown=marks.shown and not plan.quiet)

    # Imported with the first batch, so that `%load_ext` is quick.

    @cached_property
    def _batch_planner(self) -> BatchPlanner:
        from .batch_plan import BatchPlanner

        return BatchPlanner(self._planner)

    @cached_property
    def _batches(self) -> BatchRunner:
        from .batch_runner import BatchRunner

        return BatchRunner(self._runner)

    def parsed(self, line: str) -> tuple[Namespace, str]:
        """The options of a line and the call after them; raises UsageError."""
        parser = self.parser
        options, written = parse(parser, line)
        if written:
            try:
                node: ast.expr | None = ast.parse(written.rstrip("; \t"), mode="eval").body
            except SyntaxError:
                node = None
            if not isinstance(node, ast.Call) and (flag := misplaced_option(parser, written)):
                msg = (
                    f"{flag} stands after the call: options go before the call, "
                    f"%enqueue {flag} … CALL"
                )
                raise UsageError(msg)
        _check(options)
        return options, written

    @staticmethod
    def default_options() -> Namespace:
        """The options of a line that gives none."""
        return parse(EnqueueMagics.enqueue.parser, "")[0]

    @property
    def parser(self) -> MagicArgumentParser:
        parser = EnqueueMagics.enqueue.parser
        parser.allow_abbrev = False
        return parser  # type: ignore[no-any-return]

    def wants_await(self, line: str, body: str | None) -> bool:
        """Whether it is of use to await this magic call; decided before the cell runs.

        False where what will run is known to be synchronous: it may call
        `asyncio.run`, which no running loop allows.
        """
        try:
            options, written = self.parsed(line)
        except UsageError:
            return False
        tree = self._tree(body)
        if tree is None:
            return False
        if tree.body and _awaits(tree):
            return True
        if options.background and options.each is None:
            return False
        if options.wait or options.backend:
            return True
        name = _called_name(written.rstrip("; \t"))
        if name is not None:
            definition = last_function(tree, name)
            if definition is not None:
                return isinstance(definition, ast.AsyncFunctionDef) or bool(options.concurrency)
            if binds(tree, name.partition(".")[0]):
                return True
            target = find(name, self.shell.user_ns)
            return target is MISSING or is_async(target) or bool(options.concurrency)
        if written:
            return True
        return has_async_task(tree) or options.each is not None

    def _tree(self, body: str | None) -> ast.Module | None:
        try:
            source = self.shell.transform_cell(body or "")
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            tree = compile(source, "<cell>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError):
            return None
        return tree if isinstance(tree, ast.Module) else None

    async def _arun(self, plan: Plan, options: Namespace, *, shown: bool) -> Any:
        __tracebackhide__ = True
        if plan.body is not None:
            await plan.body.arun(self.shell.user_ns)
        jobs = plan.jobs()
        for job in jobs:
            self._runner.refuse(job, options)
        self._runner.open_panel(options)
        alone = len(jobs) == 1
        results = [await self._runner.arun(job, options, shown=shown and alone) for job in jobs]
        return self._value(results, plan, options)

    def _run(self, plan: Plan, options: Namespace, *, shown: bool) -> Any:
        __tracebackhide__ = True
        self._define(plan.body)
        jobs = plan.jobs()
        for job in jobs:
            self._runner.refuse(job, options)
        self._runner.open_panel(options)
        alone = len(jobs) == 1
        results = [self._runner.run(job, options, shown=shown and alone) for job in jobs]
        return self._value(results, plan, options)

    async def _arun_batch(self, plan: BatchPlan, options: Namespace) -> Any:
        __tracebackhide__ = True
        if plan.body is not None:
            await plan.body.arun(self.shell.user_ns)
        return await self._batches.arun(plan.ready(), options, quiet=plan.quiet)

    def _run_batch(self, plan: BatchPlan, options: Namespace) -> Any:
        __tracebackhide__ = True
        self._define(plan.body)
        return self._batches.run(plan.ready(), options, quiet=plan.quiet)

    def _define(self, body: CompiledCell | None) -> None:
        """Run a body that comes before the tasks."""
        __tracebackhide__ = True
        if body is None:
            return
        if body.is_async:
            self._run_body(body.arun(self.shell.user_ns))
        else:
            body.run(self.shell.user_ns)

    def _run_body(self, body: Awaitable[Any]) -> None:
        """Run definitions that await, where the cell itself can't be awaited."""

        async def awaited() -> None:
            await body

        if has_running_loop():
            async_to_sync(awaited)
        else:
            run_on_shell_loop(awaited())

    def _value(self, results: list[Any], plan: Plan, options: Namespace) -> Any:
        __tracebackhide__ = True
        value = results[0] if len(results) == 1 else TaskResults(results)
        return self._runner.conclude(value, results, options, quiet=plan.quiet)


def _check(options: Namespace) -> None:
    """Refuse values and combinations that mean nothing."""
    if options.timeout is not None and not options.timeout > 0:
        msg = f"--timeout {options.timeout:g}: give a number of seconds greater than 0"
        raise UsageError(msg)
    if options.concurrency is not None:
        if options.concurrency < 1:
            msg = f"--concurrency {options.concurrency}: give a whole number of at least 1"
            raise UsageError(msg)
        if options.each is None:
            msg = "--concurrency goes with --each: there is only one task here"
            raise UsageError(msg)
    if options.wait and options.background:
        msg = "--wait and --background contradict each other: leave one out"
        raise UsageError(msg)
    out = options.out
    if out is not None and (not out.isidentifier() or keyword.iskeyword(out)):
        msg = f"--out {out!r} is not a name a variable can have"
        raise UsageError(msg)


def _called_name(written: str) -> str | None:
    try:
        node = ast.parse(written, mode="eval").body
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
