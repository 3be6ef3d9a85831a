"""What an `%%enqueue` is going to do: a body to run first, then jobs to enqueue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Job, Origin, Submission
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.retries import RetryPolicy

from .call_expression import CallExpression, check_arguments, parse_call
from .cell import CompiledCell, compile_cell, ends_quietly
from .cell_form import DecoratedTasks, LastFunction, form_of
from .cell_source import use_original_cell_source
from .options import EnqueueOptions, refuse_name, retry_policy, validate_for_backend
from .targets import is_async, is_task, resolve_name, task_and_backend

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from immediate_tasks_ipy.batches.items import ItemJobs

    from .item_expression import ItemExpression


@dataclass(slots=True)
class Batch:
    """The jobs of `--each`, made as they are read, and how to run them."""

    #: The call as written, `fetch(url)`.
    label: str
    jobs: ItemJobs | Iterable[Job]
    #: How many there are, where that is known.
    total: int | None
    concurrency: int
    #: Whether it can run in place, without a loop.
    in_place: bool
    #: The text of the cell, where a magic stands in one.
    source: str | None = None


@dataclass(slots=True)
class Plan:
    """The parts of one `%%enqueue`, none of which has run yet."""

    #: Definitions to run before there is a task.
    body: CompiledCell | None
    #: Makes the jobs, each with a card of its own, or one batch of them, once the body has run.
    #: Raises UsageError.
    prepare: Callable[[], list[Job] | Batch]
    #: A semicolon at the end suppresses the value.
    quiet: bool = False


class Planner:
    """Makes plans for one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        #: The text of the cell that is running.
        self.raw_cell: str | None = None

    def plan(
        self,
        options: EnqueueOptions,
        written: str,
        body: str | None,
        local_ns: dict[str, Any] | None = None,
    ) -> Plan:
        """The plan for a line `[options] written` and the body under it.

        `local_ns` holds the variables of the function that the line stands in.
        Raises UsageError for what can be seen to be wrong before anything has run.
        """
        quiet = written.endswith(";") or bool(body and ends_quietly(body))
        written = written.rstrip("; \t")
        compiled = None
        if body is not None and body.strip():
            compiled = compile_cell(self._shell, body, self.raw_cell)
        if options.each is not None:
            return self._batch_plan(options, written, compiled, local_ns, quiet=quiet)
        if written:
            call = parse_call(written)
            refuse_name(options)
            return Plan(compiled, partial(self._call_jobs, call, options, local_ns), quiet)
        if compiled is None:
            msg = "Nothing to enqueue: give a call, %enqueue add(2, 3), or put code under %%enqueue"
            raise UsageError(msg)
        form = form_of(compiled.tree)
        if isinstance(form, DecoratedTasks):
            refuse_name(options)
            return Plan(compiled, partial(self._decorated_jobs, form.names, options), quiet)
        if isinstance(form, LastFunction):
            refuse_name(options)
            return Plan(compiled, partial(self._function_jobs, form.name, options), quiet)
        if options.takes_context:
            msg = "--takes-context needs a function with a first argument named context"
            raise UsageError(msg)
        return Plan(None, partial(self._cell_jobs, compiled, options), quiet)

    # -- single tasks ---------------------------------------------------------

    def _call_jobs(
        self, call: CallExpression, options: EnqueueOptions, local_ns: dict[str, Any] | None
    ) -> list[Job]:
        __tracebackhide__ = True
        names = self._names(local_ns)
        target = resolve_name(call.name, names)
        args, kwargs = call.arguments(names)
        job = self._job(target, options, call.text, args, kwargs, name=self._name(call.name))
        check_arguments(job.task, args, kwargs)
        return [job]

    def _decorated_jobs(self, names: tuple[str, ...], options: EnqueueOptions) -> list[Job]:
        found = [self._shell.user_ns.get(name) for name in names]
        tasks = [target for target in found if is_task(target)]
        if not tasks:
            # The decorator only shares its name with ours: the last definition is the task.
            return self._function_jobs(names[-1], options)
        # `sorted` is stable: equal priorities keep the order of definition.
        tasks.sort(key=lambda target: -target.priority)
        return [self._job(target, options) for target in tasks]

    def _function_jobs(self, name: str, options: EnqueueOptions) -> list[Job]:
        return [self._job(resolve_name(name, self._shell.user_ns), options, name=name)]

    def _cell_jobs(self, cell: CompiledCell, options: EnqueueOptions) -> list[Job]:
        from .cell_function import cell_function, label_of

        label = options.name or label_of(cell) or f"cell [{self._shell.displayhook.prompt_count}]"
        submission = self._submission(label, policy=retry_policy(options))
        function = cell_function(self._shell, cell, label, submission, strict=options.json)
        task, backend = task_and_backend(function, options)
        submission.backend = backend
        job = Job(task, backend, submission=submission)
        _validate(job, options)
        return [job]

    def _job(
        self,
        target: Any,
        options: EnqueueOptions,
        label: str | None = None,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        name: str | None = None,
    ) -> Job:
        task, backend = task_and_backend(target, options, name)
        submission = self._submission(label or f"{task.name}()", backend, retry_policy(options))
        job = Job(task, backend, args, kwargs or {}, submission)
        _validate(job, options)
        if options.background:
            # It may fail before its card is there to see to it.
            use_original_cell_source(self._shell, self.raw_cell)
        return job

    # -- batches --------------------------------------------------------------

    def _batch_plan(
        self,
        options: EnqueueOptions,
        written: str,
        body: CompiledCell | None,
        local_ns: dict[str, Any] | None,
        *,
        quiet: bool,
    ) -> Plan:
        from .item_expression import ItemExpression

        refuse_name(options)
        items = ItemExpression.parse(options.each or "")
        if not written:
            written, body = _from_body(items, body)
        if items.target is not None:
            call = parse_call(written)
            return Plan(body, partial(self._bound, items, call, options, local_ns), quiet)
        name = items.task_name(written)
        return Plan(body, partial(self._bare, items, name, options, local_ns), quiet)

    def _bound(
        self,
        items: ItemExpression,
        call: CallExpression,
        options: EnqueueOptions,
        local_ns: dict[str, Any] | None,
    ) -> Batch:
        """`--each 'url in urls' fetch(url)`: the arguments are evaluated for each item."""
        names = self._names(local_ns)
        arguments = call.arguments_of_item(items.target or "_", names)
        return self._batch(items, call.name, arguments, call.text, options, names)

    def _bare(
        self,
        items: ItemExpression,
        name: str,
        options: EnqueueOptions,
        local_ns: dict[str, Any] | None,
    ) -> Batch:
        """`--each urls fetch`: each item is the one argument."""
        names = self._names(local_ns)
        return self._batch(items, name, lambda item: ((item,), {}), f"{name}(…)", options, names)

    def _batch(  # noqa: PLR0917
        self,
        items: ItemExpression,
        name: str,
        arguments: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]],
        label: str,
        options: EnqueueOptions,
        names: dict[str, Any],
    ) -> Batch:
        from immediate_tasks_ipy.batches.concurrency import default_concurrency
        from immediate_tasks_ipy.batches.items import jobs_of_items, known_size

        target = resolve_name(name, names)
        task, backend = task_and_backend(target, options, self._name(name))
        iterable = items.evaluate(names)
        origin = self._origin(None)
        concurrency = options.concurrency or default_concurrency(Job(task, backend))
        in_place = not is_async(task) and concurrency == 1 and isinstance(iterable, Iterable)
        validate_for_backend(options, backend, unstoppable=_IN_PLACE if in_place else None)

        policy = retry_policy(options)

        def make(item: Any) -> Job:
            args, kwargs = arguments(item)
            if not isinstance(task, Task):
                check_arguments(task, args, kwargs)  # a queue's own words would name no argument
            return Job(task, backend, args, kwargs, Submission(origin, backend, policy=policy))

        # The batch's card quotes the lines around those of the tracebacks.
        use_original_cell_source(self._shell, self.raw_cell)
        jobs = jobs_of_items(iterable, make)
        size = known_size(iterable)
        return Batch(label, jobs, size, concurrency, in_place, self.raw_cell)

    # -- both -------------------------------------------------------------------

    def _names(self, local_ns: dict[str, Any] | None) -> dict[str, Any]:
        """What a line can name: the notebook's variables, and those of the function it is in."""
        user_ns = self._shell.user_ns
        return user_ns if local_ns is None or local_ns is user_ns else {**user_ns, **local_ns}

    def _name(self, written: str) -> str | None:
        """What the notebook calls a thing; None for what is imported by its path."""
        return written if written.partition(".")[0] in self._shell.user_ns else None

    def _origin(self, label: str | None) -> Origin:
        return Origin(label, self._shell.displayhook.prompt_count, self.raw_cell)

    def _submission(
        self,
        label: str,
        backend: BaseTaskBackend | None = None,
        policy: RetryPolicy | None = None,
    ) -> Submission:
        return Submission(self._origin(label), backend, policy=policy)


#: Why the tasks of a line can't be stopped, and what to do.
_FOREGROUND = "a synchronous task in the foreground: add --background, or make the function async"
_IN_PLACE = (
    "synchronous tasks that run in place: add --concurrency 2 or more, which runs them in threads"
)


def _validate(job: Job, options: EnqueueOptions) -> None:
    if options.wait or options.retries or options.timeout is not None:
        stoppable = options.background or job.backend.is_remote or job.is_async
        validate_for_backend(options, job.backend, unstoppable=None if stoppable else _FOREGROUND)


def _from_body(items: ItemExpression, body: CompiledCell | None) -> tuple[str, CompiledCell | None]:
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
