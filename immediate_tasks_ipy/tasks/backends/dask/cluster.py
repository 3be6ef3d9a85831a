"""The connection to a Dask scheduler."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from immediate_tasks_ipy.tasks.backends.remote.interrupts import interrupts_blocked
from immediate_tasks_ipy.tasks.backends.remote.pickled_function import PickledFunction
from immediate_tasks_ipy.tasks.lifecycle import random_id

from .options import TIMEOUT, choose_target
from .plugin import install, make_caller, make_withdrawal, report_losses
from .quiet import ConnectionFilter, without_warnings

logger = logging.getLogger(__name__)

#: Where nannies report workers that they end since those use too much memory.
MEMORY_TOPIC = "worker-restart-memory"
#: Seconds that the scheduler has to say how the cluster is.
LOOK_TIMEOUT = 5.0


class Cluster:
    """An open connection to a scheduler, of an embedded cluster or of a running one.

    `on_event` is called with every message of the workers' `Reporter`, and
    with the scheduler's own, on the connection's thread: it must be quick.
    Raises ConnectionError if no scheduler answers, or if its workers can't run our code.
    """

    def __init__(self, options: Mapping[str, Any], on_event: Callable[[Any], None]) -> None:
        distributed: Any = import_module("distributed")
        #: Where the workers report to; another notebook's tasks report elsewhere.
        self.topic = f"immediate-tasks-{random_id()}"
        self._resources = options.get("resources")
        self._embedded: Any = None
        self._hears_all = False
        target = choose_target(options)
        timeout = options.get("timeout", TIMEOUT)
        if target.address is None:
            import_module("dask").config.update_defaults(_DEFAULTS)
            with interrupts_blocked():
                self._embedded = distributed.LocalCluster(**{**_EMBEDDED, **target.embedded})
        self.address: str = target.address or self._embedded.scheduler_address
        security = {} if target.security is None else {"security": target.security}
        try:
            with without_warnings():
                self.client: Any = distributed.Client(
                    self._embedded or self.address,
                    name="immediate_tasks_ipy",
                    set_as_default=False,
                    timeout=timeout,
                    **security,
                )
        except OSError as error:
            self._close_embedded()
            raise ConnectionError(
                f"No Dask scheduler answers at {self.address!r} ({error}). Start one with "
                "`dask scheduler`, or give no 'address' for an embedded cluster."
            ) from None
        self._filter = ConnectionFilter(self.client)
        self._filter.add()
        try:
            if self._embedded is None:
                self._check_versions()
            # The embedded workers write where this process does, in the middle of some cell.
            attachment = install(self.client, echo=self._embedded is None)
            self._run, self._withdrawal = make_caller(attachment), make_withdrawal(attachment)
            losses = report_losses(self.client)
        except BaseException:
            self.close()
            raise
        for topic in (self.topic, losses, MEMORY_TOPIC):
            self.client.subscribe_topic(topic, lambda event: on_event(event[1]))
        self._hears_all = losses == "all"

    def _check_versions(self) -> None:
        """Raise ConnectionError unless all run this minor version of Python.

        Before anything is sent: code of another version would fail where nobody could say why.
        """
        here = tuple(sys.version_info[:2])
        known = self.client.get_versions()
        others = {f"its worker {name}": versions for name, versions in known["workers"].items()}
        for who, versions in {"its scheduler": known["scheduler"], **others}.items():
            there = tuple(int(part) for part in versions["host"]["python"].split(".")[:2])
            if there != here:
                raise ConnectionError(
                    f"The cluster at {self.address!r} can't run tasks of this notebook: {who} "
                    f"runs Python {there[0]}.{there[1]}, the notebook {here[0]}.{here[1]}. "
                    "Start both with the same version."
                )

    @property
    def is_ours(self) -> bool:
        """Whether its workers were started here, and serve nobody else."""
        return self._embedded is not None

    @property
    def is_lost(self) -> bool:
        """True once the connection has been closed, by whichever side."""
        return bool(self.client.status != "running")

    def send(
        self, chunks: Mapping[str, bytes], priority: int, function: PickledFunction
    ) -> list[Any]:
        """Have the workers run chunks of tasks that call one function; returns their futures."""
        options: dict[str, Any] = {"key": list(chunks), "priority": priority, "pure": False}
        if self._resources:
            options["resources"] = self._resources
        if function.is_shared:
            options["code"] = self._shipped(function)
        return list(self.client.map(self._run, list(chunks.values()), **options))

    def _shipped(self, function: PickledFunction) -> Any:
        """Return the future of a large function's bytes, which the scheduler can compute again."""
        if function.shipment is None or function.shipment.client is not self.client:
            key = f"function-{function.digest}"
            with without_warnings():
                function.shipment = self.client.submit(bytes, function.data, key=key)
        return function.shipment

    def fetch(self, future: Any, deliver: Callable[[Mapping[str, bytes]], None]) -> None:
        """Call `deliver` with the outcomes of a chunk's tasks, on the connection's thread."""

        async def gather() -> None:
            try:
                deliver(await self.client.gather(future, asynchronous=True))
            except Exception:
                # The future's own status says why, and is looked at regularly.
                logger.debug("Could not fetch %r", future, exc_info=True)

        self.client.loop.add_callback(gather)

    def look(self, deliver: Callable[[Mapping[str, Any] | None], None]) -> None:
        """Call `deliver` with what the scheduler says of itself and its workers.

        None if it does not answer in time. On the connection's thread.
        """

        async def ask() -> None:
            try:
                deliver(await asyncio.wait_for(self.client.scheduler.identity(), LOOK_TIMEOUT))
            except Exception:
                deliver(None)

        self.client.loop.add_callback(ask)

    def cancel(self, futures: Iterable[Any]) -> None:
        """Remove tasks that wait; those that run, run on and are forgotten."""
        self.client.loop.add_callback(
            self.client.cancel, list(futures), asynchronous=True, force=True
        )

    def withdraw(self, ids: list[str]) -> None:
        """Have tasks that wait in a chunk with others never begin, whatever worker it is on."""

        async def tell() -> None:
            try:
                await self.client.run(self._withdrawal, ids, on_error="ignore")
            except Exception:  # the connection is lost, or a worker
                logger.debug("Could not withdraw %d tasks", len(ids), exc_info=True)

        self.client.loop.add_callback(tell)

    def restart_worker(self, address: str) -> None:
        """Restart a worker's process, and so end what runs in it."""

        async def restart() -> None:
            try:
                await self.client.restart_workers([address], timeout=30, raise_for_error=False)
            except Exception:  # it has no nanny, or is gone
                logger.debug("Could not restart %r", address, exc_info=True)

        self.client.loop.add_callback(restart)

    def close(self) -> None:
        """Let go of the scheduler; stop the embedded cluster."""
        if self._hears_all and not self.is_lost:
            # Or the scheduler would report our leaving to us.
            self.client.unsubscribe_topic("all")
        try:
            self.client.close(timeout=TIMEOUT)
        except Exception:  # it does not answer any more: there is nothing left to close
            logger.debug("Could not close the connection to %r", self.address, exc_info=True)
        self._close_embedded()
        self._filter.remove()

    def _close_embedded(self) -> None:
        if self._embedded is not None:
            self._embedded.close(timeout=TIMEOUT)


#: A LocalCluster drops a worker for good that its nanny has not restarted in this time: 15 s,
#: unless it is set, which a loaded machine may need for that. Two such workers, and a cluster of
#: two cores runs nothing any more.
_DEFAULTS = {"distributed": {"deploy": {"lost-worker-timeout": "10 minutes"}}}

#: One process a core, so that tasks of plain Python don't share an interpreter. Any port of the
#: loopback address for the dashboard: the usual one may be taken, which Dask would warn of.
_EMBEDDED = {
    "threads_per_worker": 1,
    "dashboard_address": "127.0.0.1:0",
    # Of the workers, which write where this process does.
    "silence_logs": logging.CRITICAL,
}
