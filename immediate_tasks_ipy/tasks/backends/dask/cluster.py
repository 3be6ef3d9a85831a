"""The connection to a Dask scheduler. Nothing else in this package imports distributed."""

from __future__ import annotations

import hashlib
import inspect
import logging
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import resource_tracker
from typing import Any

from immediate_tasks_ipy.tasks import jsonable
from immediate_tasks_ipy.tasks.exceptions import InvalidTaskBackend
from immediate_tasks_ipy.tasks.identifiers import random_id

from . import worker
from .pickled_function import PickledFunction

#: What OPTIONS may hold, and what for.
OPTIONS = {
    "address": "of a running scheduler, 'tcp://host:8786'",
    "client": "a distributed.Client, whose scheduler is used",
    "cluster": "keyword arguments of the embedded LocalCluster",
    "timeout": "seconds to wait for a scheduler",
}
TIMEOUT = 5.0

#: The action of an event of the scheduler's when a worker has left, or was lost.
WORKER_LOST = "remove-worker"


def check_options(alias: str, options: Mapping[str, Any]) -> None:
    """Raise InvalidTaskBackend unless a cluster can be reached with these options."""
    if find_spec("distributed") is None or find_spec("cloudpickle") is None:
        raise InvalidTaskBackend(
            f"The backend {alias!r} needs Dask, which is not installed: "
            "pip install immediate_tasks_ipy[dask]"
        )
    for name in options:
        if name not in OPTIONS:
            known = ", ".join(f"{key!r} ({what})" for key, what in OPTIONS.items())
            raise InvalidTaskBackend(
                f"The backend {alias!r} has no option {name!r}. OPTIONS may hold {known}."
            )
    chosen = [name for name in ("address", "client", "cluster") if options.get(name) is not None]
    if len(chosen) > 1:
        raise InvalidTaskBackend(
            f"The backend {alias!r} has the options {chosen[0]!r} and {chosen[1]!r}: give one."
        )


class Cluster:
    """An open connection to a scheduler, of an embedded cluster or of a running one.

    `on_event` is called with every message of the workers' `Reporter`, and
    with the scheduler's own, on the connection's thread: it must be quick.
    """

    def __init__(self, options: Mapping[str, Any], on_event: Callable[[Any], None]) -> None:
        distributed: Any = import_module("distributed")
        #: Where the workers report to; another notebook's tasks report elsewhere.
        self.topic = f"immediate-tasks-{random_id()}"
        self._embedded: Any = None
        timeout = options.get("timeout", TIMEOUT)
        address, security = options.get("address"), None
        if options.get("client") is not None:
            address = options["client"].scheduler.address
            security = options["client"].security
        if address is None:
            settings = {**_EMBEDDED, **(options.get("cluster") or {})}
            with _interrupts_blocked():
                self._embedded = distributed.LocalCluster(**settings)
            address = self._embedded.scheduler_address
        self.address: str = address
        try:
            self.client: Any = distributed.Client(
                self._embedded or address,
                name="immediate_tasks_ipy",
                set_as_default=False,
                timeout=timeout,
                **({} if security is None else {"security": security}),
            )
        except OSError as error:
            if self._embedded is not None:
                self._embedded.close(timeout=TIMEOUT)
            raise ConnectionError(
                f"No Dask scheduler answers at {address!r} ({error}). Start one with "
                "`dask scheduler`, or give no 'address' for an embedded cluster."
            ) from None
        # The embedded workers write where this process does, in the middle of some cell.
        self._run = _caller(_install(self.client, echo=self._embedded is None))
        self.client.subscribe_topic(self.topic, lambda event: on_event(event[1]))
        self.client.subscribe_topic("all", lambda event: on_event(event[1]))

    @property
    def is_lost(self) -> bool:
        """True once the connection has been closed, by whichever side."""
        return bool(self.client.status != "running")

    def send(
        self, payloads: Mapping[str, bytes], priority: int, function: PickledFunction
    ) -> list[Any]:
        """Have the workers run tasks that call one function; returns the futures of the keys."""
        options = {"key": list(payloads), "priority": priority, "pure": False}
        if function.digest is not None:
            options["code"] = self._shipped(function)
        return list(self.client.map(self._run, list(payloads.values()), **options))

    def _shipped(self, function: PickledFunction) -> Any:
        """Return the future of a large function's bytes, which the scheduler can make anew."""
        if function.shipment is None or function.shipment.client is not self.client:
            key = f"function-{function.digest}"
            function.shipment = self.client.submit(bytes, function.data, key=key)
        return function.shipment

    def fetch(self, future: Any, deliver: Callable[[bytes], None]) -> None:
        """Call `deliver` with what the task returned, on the connection's thread."""

        async def gather() -> None:
            try:
                deliver(await self.client.gather(future, asynchronous=True))
            except Exception:
                # The future's own status tells why, and is looked at regularly.
                logging.getLogger(__name__).debug("Could not fetch %r", future, exc_info=True)

        self.client.loop.add_callback(gather)

    def cancel(self, futures: Iterable[Any]) -> None:
        """Remove tasks that wait; those that run, run on and are forgotten."""
        self.client.loop.add_callback(
            self.client.cancel, list(futures), asynchronous=True, force=True
        )

    def close(self) -> None:
        """Let go of the scheduler; stop the embedded cluster."""
        if not self.is_lost:
            # Or the scheduler would report our leaving to us.
            self.client.unsubscribe_topic("all")
        self.client.close(timeout=TIMEOUT)
        if self._embedded is not None:
            self._embedded.close(timeout=TIMEOUT)


#: One process a core, so that tasks of plain Python don't share an interpreter. Any port of the
#: loopback address for the dashboard: the usual one may be taken, which Dask would warn of.
_EMBEDDED = {
    "threads_per_worker": 1,
    "dashboard_address": "127.0.0.1:0",
    "silence_logs": logging.ERROR,
}


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Have the threads and processes that are started here, and theirs, get no SIGINT.

    The stop button, and Ctrl-C, send it to the whole process group: it is for
    the notebook's own code, and would end every worker.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started later, in one of these threads, it would unblock the signal there.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _install(client: Any, *, echo: bool) -> str:
    """Bring `worker.py` to every worker, now and when it joins; returns its name there."""
    distributed: Any = import_module("distributed")
    sources = {"jsonable": inspect.getsource(jsonable), "worker": inspect.getsource(worker)}
    version = hashlib.blake2b("".join(sources.values()).encode(), digest_size=6).hexdigest()
    # Notebooks with other versions of this package may share the cluster.
    package = f"_immediate_tasks_{version}"

    # A local class is pickled by value: the workers know neither it nor its module.
    class Install(distributed.WorkerPlugin):  # type: ignore[misc]
        name = package
        # Another notebook's connection must not take it from running tasks.
        idempotent = True

        def setup(self, worker: Any) -> None:
            import sys
            import types

            from cloudpickle import dumps
            from distributed import get_worker
            from tblib.pickling_support import install  # type: ignore[import-untyped]

            def dump_exception(error: BaseException) -> bytes:
                install(error)  # its traceback comes along
                data: bytes = dumps(error)
                return data

            modules = {}
            for short_name, source in sources.items():
                name = f"{package}_{short_name}"
                modules[short_name] = module = sys.modules.get(name) or types.ModuleType(name)
                if name not in sys.modules:
                    sys.modules[name] = module
                    module.__file__ = f"<immediate_tasks_ipy {short_name}>"
                    exec(compile(source, module.__file__, "exec"), module.__dict__)  # noqa: S102
            normalize = modules["jsonable"].normalize_with_changes
            attach = modules["worker"].attach
            attach(worker, get_worker, normalize, dump_exception, echo=echo)

        def teardown(self, worker: Any) -> None:
            import sys

            sys.modules[f"{package}_worker"].detach(worker)

    client.register_plugin(Install(), name=package)
    return f"{package}_worker"


def _caller(module: str) -> Callable[..., bytes]:
    """Return a function for workers that have `module`, pickled by value since it is local."""

    def run(payload: bytes, code: bytes | None = None) -> bytes:
        import sys

        result: bytes = sys.modules[module].run(payload, code)
        return result

    return run
