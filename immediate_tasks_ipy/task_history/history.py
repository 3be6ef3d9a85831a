"""What happened to the tasks of this session, for users to read: `immediate_tasks_ipy.history`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .recorder import Recorder

if TYPE_CHECKING:
    import pandas as pd

    from immediate_tasks_ipy.tasks import TaskResult


class TaskHistory:
    """The results of this session's tasks, oldest first; safe to read from any thread."""

    __slots__ = ("_recorder",)

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __len__(self) -> int:
        return len(self._recorder)

    def __iter__(self) -> Iterator[TaskResult[Any]]:
        return iter(self.results)

    def __repr__(self) -> str:
        count = len(self)
        failed = len(self.failed)
        tasks = "1 task" if count == 1 else f"{count:,} tasks"
        return f"<TaskHistory: {tasks}, {failed:,} failed>" if failed else f"<TaskHistory: {tasks}>"

    @property
    def results(self) -> list[TaskResult[Any]]:
        """The results, oldest first."""
        return self._recorder.results

    @property
    def failed(self) -> list[TaskResult[Any]]:
        """The failed results, oldest first.

        Not those that a later run has made good, or is about to, nor those that were cancelled.
        """
        return [entry.result for entry in self._recorder if entry.outcome == "failed"]

    def exception(self, result: TaskResult[Any]) -> BaseException | None:
        """The live exception of one of the last failures, for post-mortem debugging."""
        return self._recorder.exception(result)

    def raw_value(self, result: TaskResult[Any]) -> Any:
        """The live value that a recent task returned and JSON could not hold.

        Raises LookupError if the result has none, or it is no longer kept.
        """
        return self._recorder.raw_value(result)

    def children(self, result: TaskResult[Any]) -> list[TaskResult[Any]]:
        """The results of the tasks that this result's task enqueued while it ran, oldest first."""
        parent = self._recorder.entry_of(result)
        if parent is None:
            return []
        return [entry.result for entry in parent.children]

    def runs(self, result: TaskResult[Any]) -> list[TaskResult[Any]]:
        """All runs of one task, the first and its re-runs, oldest first."""
        entry = self._recorder.entry_of(result)
        if entry is None:
            return [result]
        runs = [entry] if entry.runs is None else entry.runs.entries
        return [run.result for run in runs]

    def to_frame(self) -> pd.DataFrame:
        """A pandas data frame, oldest task first. Raises ImportError without pandas."""
        from .frame import frame

        return frame(self._recorder)

    def clear(self) -> int:
        """Drop all finished results; returns how many."""
        return self._recorder.clear()
