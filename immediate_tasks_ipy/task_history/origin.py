"""Where a task came from: the cell, the call as written, and where its output goes."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from .output import Output


@dataclass(slots=True)
class Origin:
    """What the notebook knows about a task that the task itself does not.

    The magics set `current_origin` before they enqueue; the history attaches
    it to the entry of every task enqueued in that context.
    """

    #: How the task is called in the notebook, `add(2, 3)` or `cell [7]`.
    label: str | None = None
    #: The execution count of the cell it was enqueued from.
    cell: int | None = None
    #: The text of that cell.
    source: str | None = None
    #: The backend object the task was handed to, where it is not a registered one.
    backend: Any = None
    #: What the task wrote, as far as it was kept.
    output: Output | None = None
    #: True if the output was moved away from the cell, so that only the card shows it.
    output_moved: bool = False
    #: A sentence that whoever shows the task adds to its outcome.
    note: str | None = None
    #: The id of the result it belongs to, once a task has been enqueued from here.
    result_id: str | None = field(default=None, init=False, repr=False, compare=False)

    def claim(self, result_id: str) -> Origin:
        """The origin of a result that was enqueued in this context.

        The first is the one that it was made for. Those that this one's task
        enqueues come from the same cell; the rest is their own.
        """
        if self.result_id is None:
            self.result_id = result_id
        if self.result_id == result_id:
            return self
        return Origin(cell=self.cell, source=self.source)


#: The origin of the tasks that are enqueued in this context.
current_origin: ContextVar[Origin | None] = ContextVar("current_origin", default=None)
