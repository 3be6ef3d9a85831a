"""The results of several tasks, in order: the value of a cell that enqueued more than one."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from immediate_tasks_ipy.task_history import Entry, current_recorder
from immediate_tasks_ipy.task_history.entries.runs import entry_of

from .as_completed import AsCompleted, ResultList
from .batch_run import BatchRun
from .passes import failed_pass, newest, resumed_pass, run_pass, run_pass_awaited

if TYPE_CHECKING:
    import pandas as pd

    from immediate_tasks_ipy.tasks import TaskResult

_STATUSES = ("successful", "failed", "cancelled", "running", "ready")


class TaskResults(Sequence["TaskResult[Any]"]):
    """Task results in the order of their items; a slice of them is a TaskResults too.

    Those of a batch fill while it runs, and keep what there is however it ends; an item that
    runs again has its newest result. Made of a list, it shows what is in that list at any time.
    """

    __slots__ = ("__weakref__", "_batch", "_results")

    def __init__(self, results: Iterable[Any] = (), *, batch: BatchRun | None = None) -> None:
        if batch is not None:
            results = batch.items.live
        self._results = results if isinstance(results, list) else list(results)
        self._batch = batch

    @property
    def _enqueued(self) -> list[Any]:
        # None stands for an item whose task is about to be enqueued.
        if self._batch is not None:
            return self._batch.items.results
        return [result for result in self._results if result is not None]

    def __len__(self) -> int:
        if self._batch is not None:
            items = self._batch.items
            return len(items.live) - len(items.holes)
        return len(self._enqueued)

    def __iter__(self) -> Iterator[TaskResult[Any]]:
        return iter(self._enqueued)

    @overload
    def __getitem__(self, index: int) -> TaskResult[Any]: ...

    @overload
    def __getitem__(self, index: slice) -> TaskResults: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return TaskResults(self._enqueued[index])
        if self._batch is None or self._batch.items.holes:
            return self._enqueued[index]
        return self._batch.items.live[operator.index(index)]

    def __add__(self, other: Any) -> TaskResults:
        if not isinstance(other, TaskResults | list):
            return NotImplemented
        return TaskResults([*self, *other])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaskResults | list):
            return NotImplemented
        return self._enqueued == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        results = list(self._enqueued)
        counts = Counter(map(self._word, results))
        parts = [f"{counts[status]:,} {status}" for status in _STATUSES if counts[status]]
        tasks = "1 task" if len(results) == 1 else f"{len(results):,} tasks"
        return f"<TaskResults: {', '.join([tasks, *parts])}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def _word(self, result: Any) -> str:
        """The status, or `cancelled`."""
        word = str(result.status).lower()
        if word == "failed" and entry_of(current_recorder(), result).is_cancelled:
            return "cancelled"
        return word

    @property
    def batch(self) -> BatchRun | None:
        """The batch that fills these results; None for a slice, a sum, or a list of others."""
        return self._batch

    @property
    def is_finished(self) -> bool:
        """Whether every task has ended, and no item follows."""
        if self._batch is not None:
            return self._batch.items.is_finished
        return all(result.is_finished for result in self._enqueued)

    @property
    def successful(self) -> TaskResults:
        """The results of the tasks that were successful."""
        return TaskResults([result for result in self if result.status == "SUCCESSFUL"])

    @property
    def failed(self) -> TaskResults:
        """The results of the tasks that failed, without those that were cancelled."""
        return TaskResults([result for result in self if self._word(result) == "failed"])

    @property
    def return_values(self) -> list[Any]:
        """What the tasks returned, in order.

        Raises ValueError unless all were successful, as one result's
        `return_value` does; `.successful.return_values` leaves the others out.
        """
        results = list(self._enqueued)
        missing = sum(result.status != "SUCCESSFUL" for result in results)
        if missing:
            msg = (
                f"{missing:,} of {len(results):,} tasks failed or have not finished. "
                "Use .successful.return_values, or .rerun_failed() first."
            )
            raise ValueError(msg)
        return [result.return_value for result in results]

    def to_frame(self) -> pd.DataFrame:
        """A pandas data frame, one row per result, with a column for each argument.

        An argument whose name is that of another column gets an underscore behind it. Raises
        ImportError without pandas.
        """
        from immediate_tasks_ipy.task_history.frame import frame

        return frame(self._entries(), arguments=True)

    def as_completed(self) -> AsCompleted:
        """Each result once it has finished: `async for result in results.as_completed()`.

        A plain `for` does it too, in a thread whose loop does not run the tasks.
        """
        batch = self._batch
        if batch is not None:
            return AsCompleted(batch.items, lambda: batch.loop)
        return AsCompleted(ResultList(list(self._enqueued), current_recorder()), lambda: None)

    # -- acting on the tasks -----------------------------------------------------

    def cancel(self) -> int:
        """Cancel what has not finished, and enqueue nothing more; returns how many were in flight.

        From any thread. A synchronous task in place ends first.
        """
        from immediate_tasks_ipy.task_history.cancel import cancel
        from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

        pending = [result for result in self._enqueued if not result.is_finished]
        if self._batch is not None and self._batch.is_running:
            self._batch.cancel()
            return len(pending)
        count = 0
        for result in pending:
            try:
                cancel(result)
            except TaskNotCancellable:
                continue
            count += 1
        return count

    def resume(self) -> TaskResults:
        """Go on with a batch that was ended early: what was cut off, then the items not read yet.

        Failures stay as they are. Blocks until all have finished; prefer `await aresume()` where
        a loop is running. Raises ValueError if there is nothing to go on with.
        """
        run_pass(resumed_pass(self._batch))
        return self

    async def aresume(self) -> TaskResults:
        """The same on the running loop."""
        await run_pass_awaited(resumed_pass(self._batch))
        return self

    def rerun_failed(self, *, concurrency: int | None = None) -> TaskResults:
        """Run the failed tasks again, and return all results, new ones in place of failed ones.

        Cancelled ones are left out, and those that have been run again since. The functions are
        looked up again, since they may have been fixed; the arguments are those that were
        enqueued. As many run at a time as in the batch. Blocks until all have finished: where a
        loop is running, async functions run on another one. Prefer `await arerun_failed()`
        there. Raises InvalidTask if a backend refuses a function as it is now.
        """
        chosen = failed_pass(self._batch, self._entries(), concurrency)
        for one in chosen:
            run_pass(one)
        return self._after(self._batch)

    async def arerun_failed(self, *, concurrency: int | None = None) -> TaskResults:
        """The same on the running loop."""
        chosen = failed_pass(self._batch, self._entries(), concurrency)
        for one in chosen:
            await run_pass_awaited(one)
        return self._after(self._batch)

    def _after(self, batch: BatchRun | None) -> TaskResults:
        """All results after a re-run: these, or the newest runs of them."""
        if batch is not None:
            return self
        return TaskResults([newest(entry).result for entry in self._entries()])

    def _entries(self) -> list[Entry]:
        recorder = current_recorder()
        return [entry_of(recorder, result) for result in self._enqueued]
