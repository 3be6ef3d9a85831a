"""The results of several tasks, in order: the value of a cell that enqueued more than one."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from immediate_tasks_ipy.task_history import Batch, Entry, Origin, current_history
from immediate_tasks_ipy.task_history.actions import resolve
from immediate_tasks_ipy.tasks.sync import async_to_sync

if TYPE_CHECKING:
    import pandas as pd

    from .batch import Call, Each

#: Async tasks in flight while failed ones are run again.
CONCURRENCY = 32


class TaskResults(Sequence[Any]):
    """Task results in the order of their items; a slice of them is a TaskResults too.

    Made of a list, it shows what is in that list at any time: a batch in the
    background fills it while it runs.
    """

    __slots__ = ("_results",)

    def __init__(self, results: Iterable[Any] = ()) -> None:
        self._results = results if isinstance(results, list) else list(results)

    @property
    def _enqueued(self) -> list[Any]:
        # None stands for an item whose task is about to be enqueued.
        return [result for result in self._results if result is not None]

    def __len__(self) -> int:
        return len(self._enqueued)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._enqueued)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> TaskResults: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return TaskResults(self._enqueued[index])
        return self._enqueued[index]

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
        results = self._enqueued
        counts = Counter(str(result.status).lower() for result in results)
        parts = [f"{counts[status]:,} {status}" for status in _STATUSES if counts[status]]
        tasks = "1 task" if len(results) == 1 else f"{len(results):,} tasks"
        return f"<TaskResults: {', '.join([tasks, *parts])}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def successful(self) -> TaskResults:
        """The results of the tasks that were successful."""
        return TaskResults([result for result in self if result.status == "SUCCESSFUL"])

    @property
    def failed(self) -> TaskResults:
        """The results of the tasks that failed."""
        return TaskResults([result for result in self if result.status == "FAILED"])

    @property
    def return_values(self) -> list[Any]:
        """What the tasks returned, in order.

        Raises ValueError unless all were successful, as one result's
        `return_value` does; `.successful.return_values` leaves the others out.
        """
        results = self._enqueued
        missing = sum(result.status != "SUCCESSFUL" for result in results)
        if missing:
            msg = (
                f"{missing:,} of {len(results):,} tasks failed or have not finished. "
                "Use .successful.return_values, or .rerun_failed() first."
            )
            raise ValueError(msg)
        return [result.return_value for result in results]

    def to_frame(self) -> pd.DataFrame:
        """A pandas data frame, one row per result. Raises ImportError without pandas."""
        from immediate_tasks_ipy.task_history.frame import frame

        return frame(_entry(result) for result in self)

    def rerun_failed(self, *, concurrency: int | None = None) -> TaskResults:
        """Run the failed tasks again, and return all results, new ones in place of failed ones.

        The functions are looked up anew, since they may have been fixed; the
        arguments are those that were enqueued. Blocks until all have finished:
        where a loop is running, async functions run on another one. Prefer
        `await arerun_failed()` there.
        """
        rerun = self._enqueued
        for each, entries, is_sync in _reruns(self.failed, concurrency):
            new = each.run_sync(entries) if is_sync else async_to_sync(each.run, entries)
            rerun = _replaced(rerun, entries, new)
        return TaskResults(rerun)

    async def arerun_failed(self, *, concurrency: int | None = None) -> TaskResults:
        """The same on the running loop."""
        rerun = self._enqueued
        for each, entries, _ in _reruns(self.failed, concurrency):
            rerun = _replaced(rerun, entries, await each.run(entries))
        return TaskResults(rerun)


_STATUSES = ("successful", "failed", "running", "ready")


def _entry(result: Any) -> Entry:
    history = current_history()
    return history.entry_of(result) or history.add(result)


def _reruns(
    failed: Iterable[Any], concurrency: int | None
) -> Iterator[tuple[Each, list[Entry], bool]]:
    """What runs the failed tasks again, their entries, and whether it can do so in place.

    One for each function and backend, of which a batch has one.
    """
    from . import batch

    groups: dict[tuple[int, int], list[Entry]] = {}
    for result in failed:
        entry = _entry(result)
        groups.setdefault((id(result.task.func), id(entry.backend)), []).append(entry)
    for entries in groups.values():
        task, _ = resolve(entries[0])
        is_async = inspect.iscoroutinefunction(task.func)
        at_once = concurrency or (CONCURRENCY if is_async else 1)
        origin = entries[0].origin or Origin()
        each = batch.Each(
            _call,
            backend=entries[0].backend,
            batch=Batch(f"{task.name}(…)", len(entries)),
            concurrency=at_once,
            wait=True,
            origin=Origin(cell=origin.cell, source=origin.source, backend=origin.backend),
        )
        yield each, entries, not is_async and at_once == 1


def _call(entry: Entry) -> Call:
    task, _ = resolve(entry)
    result = entry.result
    label = entry.origin.label if entry.origin is not None else None
    from .batch import Call

    return Call(task, tuple(result.args), dict(result.kwargs), label)


def _replaced(results: list[Any], entries: list[Entry], new: list[Any]) -> list[Any]:
    by_old = {id(entry.result): result for entry, result in zip(entries, new, strict=True)}
    return [by_old.get(id(result), result) for result in results]
