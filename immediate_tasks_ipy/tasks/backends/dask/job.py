"""A task on its way to a cluster and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.base import TaskResult

from .pickled_function import PickledFunction

if TYPE_CHECKING:
    from .backend import DaskBackend


class Job:
    """A result, what has to be sent for it, and the future that Dask gave for it."""

    __slots__ = (
        "arrived",
        "backend",
        "fetching",
        "function",
        "future",
        "result",
        "worker",
    )

    def __init__(
        self, backend: DaskBackend, result: TaskResult[Any], function: PickledFunction
    ) -> None:
        self.backend = backend
        self.result = result
        self.function = function
        #: None until it was sent, and again when it has finished: Dask drops what nobody holds.
        self.future: Any = None
        #: The address of the worker that runs it, as far as that was reported.
        self.worker: str | None = None
        #: Was its outcome seen on the cluster, though it was not reported yet?
        self.arrived = False
        self.fetching = False

    @property
    def key(self) -> str:
        """The task's key on the cluster; Dask's dashboard groups tasks by its first part."""
        return f"{self.result.task.name}-{self.result.id}"

    def describe(self, topic: str) -> dict[str, Any]:
        """Return what `worker.run` needs to know, besides the function."""
        result = self.result
        return {
            "topic": topic,
            "id": result.id,
            "args": result.args,
            "kwargs": result.kwargs,
            "backend": result.backend,
            "worker_ids": list(result.worker_ids),
            "enqueued_at": result.enqueued_at,
            "takes_context": result.task.takes_context,
            "task": {
                "name": result.task.name,
                "module_path": result.task.module_path,
                "priority": result.task.priority,
                "queue_name": result.task.queue_name,
                "backend": result.task.backend,
                "takes_context": result.task.takes_context,
            },
        }
