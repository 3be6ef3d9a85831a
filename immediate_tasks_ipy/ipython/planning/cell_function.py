"""A cell as a task's function: it runs in the notebook's namespace and returns its last value."""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from IPython.display import display

from immediate_tasks_ipy.task_history import Submission
from immediate_tasks_ipy.tasks import Task
from immediate_tasks_ipy.tasks.jsonable import normalize_json

from .cell import CompiledCell
from .portable_cell import make_portable
from .uncalled_task import hint_at_call

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Characters of a cell's last expression that are taken for its name.
LABEL = 60


def cell_function(
    shell: InteractiveShell,
    cell: CompiledCell,
    label: str,
    submission: Submission,
    *,
    strict: bool = False,
) -> Callable[[], Any]:
    """The function of a task that is a cell.

    Its value is displayed as that of any cell, where JSON can't hold it and `strict` does not
    have it refused. It can't be found again by its name, which is only a label, and is made
    portable where it has to travel.
    """

    def returned(value: Any) -> Any:
        kind = type(value)
        if issubclass(kind, Task):
            submission.note = (
                "The cell's value is a task, which was not enqueued: %enqueue "
                f"{value.name}(…) does that."
            )
        if not strict and not _is_jsonable(value) and kind is not CoroutineType:
            display(value)
        return value

    namespace = shell.user_ns
    function: Any
    if cell.is_async:

        async def run_async() -> Any:
            __tracebackhide__ = True
            try:
                return returned(await cell.arun(namespace))
            except TypeError as error:
                hint_at_call(error)
                raise

        function = run_async
    else:

        def run() -> Any:
            __tracebackhide__ = True
            try:
                return returned(cell.run(namespace))
            except TypeError as error:
                hint_at_call(error)
                raise

        function = run
    function.__name__ = function.__qualname__ = label
    function.__module__ = "__main__"
    function.reloadable = False
    function.portable = lambda: make_portable(cell, label, namespace)
    return function  # type: ignore[no-any-return]


def label_of(cell: CompiledCell) -> str | None:
    """The cell's last expression on one line; None where it ends in a statement."""
    text = cell.last_expression
    if text is None:
        return None
    text = " ".join(text.split())
    return text if len(text) <= LABEL else text[: LABEL - 1] + "…"


def _is_jsonable(value: Any) -> bool:
    try:
        normalize_json(value)
    except Exception:
        return False
    return True
