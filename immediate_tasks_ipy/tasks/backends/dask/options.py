"""What OPTIONS of a DaskBackend may hold, and which scheduler they lead to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from immediate_tasks_ipy.tasks.exceptions import InvalidTaskBackend

#: What OPTIONS may hold, and what for.
OPTIONS = {
    "address": "of a running scheduler, 'tcp://host:8786'",
    "client": "a distributed.Client, whose scheduler is used",
    "cluster": "a cluster object, or keyword arguments of the embedded LocalCluster",
    "security": "a distributed.Security, or what else a Client takes for that",
    "resources": "what every task needs of a worker, {'GPU': 1}",
    "timeout": "seconds to wait for a scheduler",
}
TIMEOUT = 5.0


class Target(NamedTuple):
    """The scheduler to connect to."""

    #: None for an embedded cluster.
    address: str | None
    security: Any = None
    #: The keyword arguments of the embedded LocalCluster.
    embedded: Mapping[str, Any] = {}


def check_options(alias: str, options: Mapping[str, Any]) -> None:
    """Raise InvalidTaskBackend unless a cluster can be reached with these options."""
    if find_spec("distributed") is None or find_spec("cloudpickle") is None:
        raise InvalidTaskBackend(
            f"The backend {alias!r} needs Dask, which is not installed: "
            'pip install "immediate_tasks_ipy[dask]"'
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
    client, cluster = options.get("client"), options.get("cluster")
    if client is not None and not hasattr(client, "scheduler"):
        raise InvalidTaskBackend(
            f"The option 'client' of the backend {alias!r} is {client!r}: give a "
            "distributed.Client, or the scheduler's 'address'."
        )
    if not (cluster is None or isinstance(cluster, Mapping) or _has_scheduler(cluster)):
        raise InvalidTaskBackend(
            f"The option 'cluster' of the backend {alias!r} is {cluster!r}: give a cluster "
            "object, or a dict of the keyword arguments of dask.distributed.LocalCluster."
        )


def choose_target(options: Mapping[str, Any]) -> Target:
    """The scheduler that the options name; else this process's default one, else none.

    The default is that of the `Client` made last in this process, else the one that Dask's
    configuration names (`scheduler-address`).
    """
    security = options.get("security")
    client, cluster = options.get("client"), options.get("cluster")
    if options.get("address") is not None:
        return Target(options["address"], security)
    if client is None and cluster is None:
        client = _default_client()
    if client is not None:
        return Target(client.scheduler.address, security or client.security)
    if cluster is not None and not isinstance(cluster, Mapping):
        return Target(cluster.scheduler_address, security or getattr(cluster, "security", None))
    configured = None if cluster else import_module("dask").config.get("scheduler-address", None)
    return Target(configured, security, cluster or {})


def _has_scheduler(cluster: Any) -> bool:
    return isinstance(getattr(cluster, "scheduler_address", None), str)


def _default_client() -> Any:
    """The `Client` that this process has made last and not closed."""
    if "distributed" not in sys.modules:
        return None
    try:
        client = import_module("distributed").default_client()
    except ValueError:
        return None
    return client if client.status == "running" else None
