"""The backend that runs tasks on a Dask cluster."""

from __future__ import annotations

from typing import Any

from immediate_tasks_ipy.tasks.backends.base import REMOTE_CONCURRENCY
from immediate_tasks_ipy.tasks.backends.remote import RemoteBackend

from .dispatcher_thread import DispatcherThread
from .options import check_options


class DaskBackend(RemoteBackend):
    """Runs tasks on the workers of a Dask cluster.

    OPTIONS: `address` of a scheduler, `client` (a `distributed.Client`) or `cluster` (an object
    of dask.distributed, dask-jobqueue, dask-gateway, ...), with `security` where it needs that.
    With none of them: the scheduler of the `Client` that this process made last, or that of
    Dask's configuration; else an embedded cluster is started for the first task, whose
    LocalCluster takes the keyword arguments that `cluster` may hold instead. `resources`: what
    every task needs of a worker, as Dask has it. `timeout`: seconds to wait for a scheduler, 5
    unless given.

    The signals are sent from one background thread, `task_enqueued` apart,
    and `task_finished` of what is cancelled.
    """

    engine: DispatcherThread

    def create_engine(self) -> DispatcherThread:
        check_options(self.alias, self.options)
        return DispatcherThread(self.options)

    @property
    def concurrency(self) -> int:
        """Enough for all threads of the cluster, as it is now."""
        return max(REMOTE_CONCURRENCY, self.engine.wanted)

    @property
    def client(self) -> Any:
        """The `distributed.Client` in use, connected if need be: for `upload_file` and the like.

        Raises ConnectionError.
        """
        return self.engine.connect().client
