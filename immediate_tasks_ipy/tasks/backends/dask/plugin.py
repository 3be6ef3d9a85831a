"""What is brought to the workers of a cluster: the code of this package that runs there."""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any

from immediate_tasks_ipy.tasks import jsonable, output, progress, values
from immediate_tasks_ipy.tasks.backends.remote import worker as remote_worker
from immediate_tasks_ipy.tasks.backends.remote.worker import context, failures, functions, runner

from . import source_package, worker
from .worker import attachment, capture, chunk, live_output, reporter

logger = logging.getLogger(__name__)

#: The action of the scheduler's event when a worker has left, or was lost.
WORKER_LOST = "remove-worker"
#: The topic of these events alone.
LOSSES_TOPIC = "immediate-tasks-lost-workers"

#: What the workers get of this package, as text.
SHIPPED = (
    jsonable, output, progress, values,
    remote_worker, context, failures, functions, runner,
    worker, attachment, capture, chunk, live_output, reporter,
)  # fmt: skip


def install(client: Any, *, echo: bool) -> str:
    """Bring what is shipped to every worker, now and when it joins.

    Returns the name under which `attachment` can be found there. With `echo`, what tasks write
    is also found in the worker's own log.
    """
    distributed: Any = import_module("distributed")
    root = __name__.partition(".")[0] + "."
    sources = {module.__name__.removeprefix(root): inspect.getsource(module) for module in SHIPPED}
    importer = inspect.getsource(source_package)
    version = hashlib.blake2b("".join([importer, *sources.values()]).encode(), digest_size=6)
    # Notebooks with other versions of this package may share the cluster.
    package = f"_immediate_tasks_{version.hexdigest()}"
    attachment_name = f"{package}.{attachment.__name__.removeprefix(root)}"

    # A local class is pickled by value: the workers know neither it nor its module.
    class Install(distributed.WorkerPlugin):  # type: ignore[misc]
        name = package
        # Another notebook's connection must not take it from running tasks.
        idempotent = True

        def setup(self, worker: Any) -> None:
            from importlib import import_module

            from cloudpickle import dumps
            from distributed import get_worker
            from tblib.pickling_support import install  # type: ignore[import-untyped]

            def dump(value: Any) -> bytes:
                if isinstance(value, BaseException):
                    install(value)  # its traceback comes along
                data: bytes = dumps(value)
                return data

            namespace: dict[str, Any] = {"__name__": f"{package}_importer"}
            exec(importer, namespace)  # noqa: S102
            namespace["make_importable"](package, sources)
            import_module(attachment_name).attach(worker, get_worker, dump, echo=echo)

        def teardown(self, worker: Any) -> None:
            import sys

            sys.modules[attachment_name].detach(worker)

    client.register_plugin(Install(), name=package)
    return attachment_name


def report_losses(client: Any) -> str:
    """Have the scheduler report workers that it loses; returns the topic of these events.

    The topic "all" has them, too, but also events that can't be serialized (of `Client.replicate`
    and `scatter(…, broadcast=True)`, by any client): the scheduler then closes the connection of
    each subscriber. It is the last resort, where the scheduler takes no plugins.
    """
    distributed: Any = import_module("distributed")
    topic, action = LOSSES_TOPIC, WORKER_LOST

    class Losses(distributed.SchedulerPlugin):  # type: ignore[misc]
        # One for all notebooks.
        name, idempotent = topic, True

        async def start(self, scheduler: Any) -> None:
            self.scheduler = scheduler

        def log_event(self, name: str, message: Any) -> None:
            if name == "all" and isinstance(message, dict) and message.get("action") == action:
                self.scheduler.log_event(topic, message)

    try:
        client.register_plugin(Losses(), name=topic)
    except Exception:  # a scheduler that unpickles nothing
        logger.debug("The scheduler takes no plugin", exc_info=True)
        return "all"
    return topic


def make_caller(attachment_name: str) -> Callable[..., dict[str, bytes]]:
    """Return a function for workers that have the plugin, pickled by value since it is local."""

    def run(chunk: bytes, code: bytes | None = None) -> dict[str, bytes]:
        import sys

        outcomes: dict[str, bytes] = sys.modules[attachment_name].run(chunk, code)
        return outcomes

    return run


def make_withdrawal(attachment_name: str) -> Callable[[list[str]], None]:
    """Return a function that has tasks never begin on the worker that it is called on."""

    def withdraw(ids: list[str]) -> None:
        import sys

        if attachment_name in sys.modules:
            sys.modules[attachment_name].withdraw(ids)

    return withdraw
