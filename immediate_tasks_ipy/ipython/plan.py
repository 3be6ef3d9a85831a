"""What an `%%enqueue` is going to do: a body to run first, then jobs to enqueue."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from immediate_tasks_ipy.task_history import Origin
from immediate_tasks_ipy.tasks import Task

from .call import Call, check_arguments, parse_call
from .cell import CompiledCell, cell_function, compile_cell, ends_quietly, is_jsonable
from .forms import DecoratedTasks, LastFunction, form_of
from .job import Job, task_and_backend
from .shipping import portable
from .targets import is_task, resolve

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Characters of a cell's last expression that are taken for its name.
LABEL = 60


@dataclass(slots=True)
class Plan:
    """The parts of one `%%enqueue`, none of which has run yet."""

    #: Definitions to run before there is a task.
    body: CompiledCell | None
    #: Makes the jobs, once the body has run; raises UsageError.
    jobs: Callable[[], list[Job]]
    #: A semicolon at the end suppresses the value.
    quiet: bool = False


class Planner:
    """Makes plans for one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        #: The text of the cell that is running.
        self.raw_cell: str | None = None
        #: Whether tasks' output is kept.
        self.capture = True

    def names(self, local_ns: dict[str, Any] | None) -> dict[str, Any]:
        """What a line can name: the notebook's variables, and those of the function it is in."""
        user_ns = self._shell.user_ns
        return user_ns if local_ns is None or local_ns is user_ns else {**user_ns, **local_ns}

    def read(self, written: str, body: str | None) -> tuple[str, CompiledCell | None, bool]:
        """A call without its semicolon, the compiled body, and whether the value stays quiet.

        Raises UsageError for a body with a syntax error.
        """
        quiet = written.endswith(";") or ends_quietly(body or "")
        compiled = None
        if body is not None and body.strip():
            compiled = compile_cell(self._shell, body, self.raw_cell)
        return written.rstrip("; \t"), compiled, quiet

    def plan(
        self,
        options: Namespace,
        written: str,
        body: str | None,
        local_ns: dict[str, Any] | None = None,
    ) -> Plan:
        """The plan for a line `[options] written` and the body under it.

        `local_ns` holds the variables of the function that the line stands in.
        Raises UsageError for what can be seen to be wrong before anything has run.
        """
        written, compiled, quiet = self.read(written, body)
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

    def origin(self, label: str | None, backend: Any = None) -> Origin:
        """The origin of what this cell enqueues."""
        return Origin(
            label=label,
            cell=self._shell.displayhook.prompt_count,
            source=self.raw_cell,
            backend=backend,
        )

    def _call_jobs(
        self, call: Call, options: Namespace, local_ns: dict[str, Any] | None
    ) -> list[Job]:
        __tracebackhide__ = True
        names = self.names(local_ns)
        target = resolve(call.name, names)
        args, kwargs = call.arguments(names)
        check_arguments(call.name, args, kwargs)
        task, backend = task_and_backend(target, options)
        return [Job(task, backend, args, kwargs, self.origin(call.text, backend))]

    def _decorated_jobs(self, names: tuple[str, ...], options: Namespace) -> list[Job]:
        found = [self._shell.user_ns.get(name) for name in names]
        tasks = [target for target in found if is_task(target)]
        if not tasks:
            # The decorator only shares its name with ours: the last definition is the task.
            return self._function_jobs(names[-1], options)
        # `sorted` is stable: equal priorities keep the order of definition.
        tasks.sort(key=lambda target: -target.priority)
        return [self._bare_job(target, options) for target in tasks]

    def _function_jobs(self, name: str, options: Namespace) -> list[Job]:
        return [self._bare_job(resolve(name, self._shell.user_ns), options)]

    def _bare_job(self, target: Any, options: Namespace) -> Job:
        task, backend = task_and_backend(target, options)
        return Job(task, backend, (), {}, self.origin(f"{task.name}()", backend))

    def _cell_jobs(self, cell: CompiledCell, options: Namespace) -> list[Job]:
        label = options.name or _label(cell) or f"cell [{self._shell.displayhook.prompt_count}]"
        origin = self.origin(label)
        function = cell_function(
            self._shell, cell, label, lambda value: self._stored(value, origin)
        )
        function.resolvable = False  # type: ignore[attr-defined]
        function.portable = lambda: portable(cell, label, self._shell.user_ns)  # type: ignore[attr-defined]
        task, backend = task_and_backend(function, options)
        origin.backend = backend
        return [Job(task, backend, (), {}, origin)]

    def _stored(self, value: Any, origin: Origin) -> Any:
        """A cell's last value, or None after showing it if JSON can't hold it."""
        if isinstance(value, Task):
            origin.note = (
                "The cell's value is a task, which was not enqueued: %enqueue "
                f"{value.name}(…) does that."
            )
        if is_jsonable(value):
            return value
        display(value)
        if origin.note is None:
            kind = type(value).__name__
            origin.note = f"The value ({kind}) was shown and not stored: JSON can't hold it."
        return None


def refuse_name(options: Namespace) -> None:
    """Raise UsageError if a name is given for a task that has one."""
    if options.name:
        msg = "--name names a cell: a function's task has the function's name"
        raise UsageError(msg)


def _label(cell: CompiledCell) -> str | None:
    text = cell.last_expression
    if text is None:
        return None
    text = " ".join(text.split())
    return text if len(text) <= LABEL else text[: LABEL - 1] + "…"
