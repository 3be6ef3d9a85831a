"""`%%enqueue` and `%enqueue`."""

from __future__ import annotations

import dataclasses
import inspect
from functools import cached_property, partial
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

from immediate_tasks_ipy.ipython.execution.interrupts import guarded, guarded_sync
from immediate_tasks_ipy.ipython.execution.launcher import Launcher
from immediate_tasks_ipy.ipython.execution.shell_loop import run_on_shell_loop
from immediate_tasks_ipy.ipython.planning.await_transformer import unmark
from immediate_tasks_ipy.ipython.planning.cell import CompiledCell
from immediate_tasks_ipy.ipython.planning.cell_form import wants_await
from immediate_tasks_ipy.ipython.planning.option_parser import enqueue_arguments, parse
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions
from immediate_tasks_ipy.ipython.planning.planner import Plan, Planner
from immediate_tasks_ipy.tasks.sync import async_to_sync, has_running_loop
from immediate_tasks_ipy.tasks.values import JSON

from .as_typed import as_typed

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import TaskResults
    from immediate_tasks_ipy.ipython.execution.batch_launcher import BatchLauncher


@magics_class
class EnqueueMagics(Magics):
    """The magics that make tasks of calls and cells."""

    shell: InteractiveShell

    def __init__(self, launcher: Launcher, planner: Planner) -> None:
        super().__init__(launcher.shell)
        self._launcher = launcher
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
        work = partial(self._enqueue, line, cell, local_ns)
        return as_typed(work, self.shell, self._planner.raw_cell)

    def _enqueue(self, line: str, cell: str | None, local_ns: dict[str, Any] | None) -> Any:
        marks, line = unmark(line)
        options, written = parse(self.parser, line)
        if options.help:
            print(inspect.getdoc(EnqueueMagics.enqueue))  # noqa: T201
            return None
        if self._launcher.config.values == JSON:
            options = dataclasses.replace(options, json=True)
        plan = self._planner.plan(options, written, cell, local_ns)
        if marks.name is not None:
            plan.quiet = False  # what is assigned is not shown anyway
        shown = marks.shown and not plan.quiet
        if marks.awaited:
            return self._arun(plan, options, shown=shown, name=marks.name)
        return self._run(plan, options, shown=shown, name=marks.name)

    @property
    def parser(self) -> MagicArgumentParser:
        """The parser of the options."""
        parser = EnqueueMagics.enqueue.parser
        parser.allow_abbrev = False
        return parser  # type: ignore[no-any-return]

    def wants_await(self, line: str, body: str | None) -> bool:
        """Whether it is of use to await this magic call; decided before the cell runs."""
        try:
            options, written = parse(self.parser, line)
        except UsageError:
            return False
        return not options.help and wants_await(self.shell, options, written, body)

    async def _arun(
        self, plan: Plan, options: EnqueueOptions, *, shown: bool, name: str | None
    ) -> Any:
        __tracebackhide__ = True
        if plan.body is not None:
            await guarded(partial(plan.body.arun, self.shell.user_ns))
        # In an awaited cell the kernel would not interrupt the expressions of a line, either.
        work = guarded_sync(plan.prepare)
        options = self._launcher.shown_options(options)
        if not isinstance(work, list):
            return await self._batches.alaunch(work, options, quiet=plan.quiet, name=name)
        shown = shown and len(work) == 1
        results = [await self._launcher.alaunch(job, options, shown=shown) for job in work]
        return self._value(results, plan, options)

    def _run(self, plan: Plan, options: EnqueueOptions, *, shown: bool, name: str | None) -> Any:
        __tracebackhide__ = True
        if plan.body is not None:
            self._define(plan.body)
        work = plan.prepare()
        options = self._launcher.shown_options(options)
        if not isinstance(work, list):
            return self._batches.launch(work, options, quiet=plan.quiet, name=name)
        shown = shown and len(work) == 1
        results = [self._launcher.launch(job, options, shown=shown) for job in work]
        return self._value(results, plan, options)

    def _define(self, body: CompiledCell) -> None:
        """Run a body that comes before the tasks, where the cell itself can't be awaited."""
        __tracebackhide__ = True
        if not body.is_async:
            body.run(self.shell.user_ns)
        elif has_running_loop():
            async_to_sync(body.arun, self.shell.user_ns)
        else:
            run_on_shell_loop(body.arun(self.shell.user_ns))

    @cached_property
    def _batches(self) -> BatchLauncher:
        # Imported with the first batch, so that `%load_ext` is quick.
        from immediate_tasks_ipy.ipython.execution.batch_launcher import BatchLauncher

        return BatchLauncher(self._launcher)

    def _value(self, results: list[Any], plan: Plan, options: EnqueueOptions) -> Any:
        __tracebackhide__ = True
        value = results[0] if len(results) == 1 else task_results(results)
        return self._launcher.cell_value(value, results, options, quiet=plan.quiet)


def task_results(results: list[Any]) -> TaskResults:
    """The value of a cell with several tasks; imported with the first of them."""
    from immediate_tasks_ipy.batches import TaskResults

    return TaskResults(results)
