"""The backends of this process, by alias."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .exceptions import InvalidTaskBackend
from .importing import import_string

if TYPE_CHECKING:
    from .backends.base import BaseTaskBackend

DEFAULT_TASK_BACKEND_ALIAS = "default"

#: The aliases that are there whatever was configured.
ALWAYS_THERE: Mapping[str, Mapping[str, Any]] = {
    DEFAULT_TASK_BACKEND_ALIAS: {
        "BACKEND": "immediate_tasks_ipy.tasks.backends.immediate.ImmediateBackend",
    },
    "dask": {"BACKEND": "immediate_tasks_ipy.tasks.backends.dask.DaskBackend"},
}


class TaskBackendHandler:
    """A mapping of aliases to backends, each made when it is first asked for.

    There is one instance per alias in the process: threads and contexts share it.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.RLock()
        self._backends: dict[str, BaseTaskBackend] = {}
        self.configure(settings)

    def configure(self, settings: Mapping[str, Any] | None) -> None:
        """Take a mapping like Django's `TASKS` setting, and drop the backends made so far.

        None restores the default: one ImmediateBackend. The aliases `default`
        and `dask` are there unless the mapping defines them otherwise.
        """
        merged = {**ALWAYS_THERE, **(settings or {})}
        with self._lock:
            self.settings: dict[str, Any] = merged
            self._backends = {}

    def __getitem__(self, alias: str) -> BaseTaskBackend:
        try:
            return self._backends[alias]
        except KeyError:
            pass
        with self._lock:
            if alias not in self._backends:
                self._backends[alias] = self.create_connection(alias)
            return self._backends[alias]

    def __setitem__(self, alias: str, backend: BaseTaskBackend) -> None:
        with self._lock:
            self._backends[alias] = backend

    def __delitem__(self, alias: str) -> None:
        with self._lock:
            del self._backends[alias]

    def __iter__(self) -> Iterator[str]:
        """The aliases, the configured ones last."""
        return iter(self.settings)

    def all(self, initialized_only: bool = False) -> list[BaseTaskBackend]:
        """Every backend; with `initialized_only`, those that were asked for before."""
        return [self[alias] for alias in self if not initialized_only or alias in self._backends]

    def create_connection(self, alias: str) -> BaseTaskBackend:
        """A new backend for that alias, not remembered.

        Raises InvalidTaskBackend for an unknown alias or a path that can't be imported.
        """
        if alias not in self.settings:
            msg = f"The connection '{alias}' doesn't exist."
            raise InvalidTaskBackend(msg)
        params = self.settings[alias]
        try:
            path = params["BACKEND"]
        except KeyError:
            msg = f"The connection {alias!r} has no BACKEND: give the dotted path of its class."
            raise InvalidTaskBackend(msg) from None
        try:
            backend_class = import_string(path)
        except ImportError as error:
            msg = f"Could not find backend '{path}': {error}"
            raise InvalidTaskBackend(msg) from error
        backend: BaseTaskBackend = backend_class(alias=alias, params=params)
        return backend


class ConnectionProxy:
    """Whatever backend an alias stands for at the moment of use."""

    def __init__(self, connections: TaskBackendHandler, alias: str) -> None:
        self.__dict__["_connections"] = connections
        self.__dict__["_alias"] = alias

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connections[self._alias], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._connections[self._alias], name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._connections[self._alias], name)

    def __contains__(self, key: object) -> bool:
        return key in self._connections[self._alias]

    def __eq__(self, other: object) -> bool:
        return bool(self._connections[self._alias] == other)

    __hash__ = None  # type: ignore[assignment]


task_backends = TaskBackendHandler()
