"""The backends of this process, by alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .exceptions import InvalidTaskBackend
from .faults.locks import new_rlock

if TYPE_CHECKING:
    from .backends.base import BaseTaskBackend

DEFAULT_TASK_BACKEND_ALIAS = "default"

#: The aliases that every configuration has.
ALWAYS_THERE: Mapping[str, Mapping[str, Any]] = {
    DEFAULT_TASK_BACKEND_ALIAS: {
        "BACKEND": "immediate_tasks_ipy.tasks.backends.immediate.ImmediateBackend",
    },
    "processes": {"BACKEND": "immediate_tasks_ipy.tasks.backends.processes.ProcessBackend"},
    "dask": {"BACKEND": "immediate_tasks_ipy.tasks.backends.dask.DaskBackend"},
}


#: Entry points of that group are backends that installed packages bring, by their aliases.
ENTRY_POINTS = "immediate_tasks_ipy.backends"


@cache
def installed_backends() -> Mapping[str, Mapping[str, Any]]:
    """The settings of the backends that other packages declare, by alias.

    Asked for where an alias is unknown or all are listed: reading what is installed takes a
    while.
    """
    from importlib.metadata import entry_points

    points = entry_points(group=ENTRY_POINTS)
    return {point.name: {"BACKEND": point.value.replace(":", ".")} for point in points}


def import_string(dotted_path: str) -> Any:
    """The object at `package.module.name`.

    Raises ImportError, in the words of Django's `import_string`.
    """
    module_path, dot, name = dotted_path.rpartition(".")
    if not dot:
        msg = f"{dotted_path} doesn't look like a module path"
        raise ImportError(msg)
    module = import_module(module_path)
    try:
        return getattr(module, name)
    except AttributeError as error:
        msg = f'Module "{module_path}" does not define a "{name}" attribute/class'
        raise ImportError(msg) from error


class TaskBackendHandler:
    """A mapping of aliases to backends, each made when it is first asked for.

    There is one instance per alias in the process: threads and contexts share it.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self._lock = new_rlock()
        self._backends: dict[str, BaseTaskBackend] = {}
        self.configure(settings)

    def configure(self, settings: Mapping[str, Any] | None) -> None:
        """Take a mapping like Django's `TASKS` setting, and drop the backends made so far.

        None restores the default: one ImmediateBackend. The aliases `default`, `processes` and
        `dask`, and those that installed packages declare, are there unless the mapping defines
        them otherwise.
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
        """The aliases, those of installed packages last."""
        return iter({**self.settings, **installed_backends()})

    def all(self, initialized_only: bool = False) -> list[BaseTaskBackend]:
        """Every backend; with `initialized_only`, those that were asked for before."""
        if initialized_only:
            return list(self._backends.values())
        return [self[alias] for alias in self]

    def create_connection(self, alias: str) -> BaseTaskBackend:
        """A new backend for that alias, not remembered.

        A class that is no BaseTaskBackend is wrapped in one. Raises
        InvalidTaskBackend for an unknown alias or a path that can't be imported.
        """
        settings = self.settings if alias in self.settings else installed_backends()
        params = settings.get(alias)
        if params is None:
            msg = f"The connection '{alias}' doesn't exist."
            raise InvalidTaskBackend(msg)
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
        from .backends.foreign import adapt

        return adapt(backend_class(alias=alias, params=params))


class ConnectionProxy:
    """Forwards to the backend of an alias, looked up at every use."""

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


def proxied_backend(proxy: ConnectionProxy) -> BaseTaskBackend:
    """The backend that a proxy forwards to now. No method, as a proxy has only the backend's."""
    return proxy._connections[proxy._alias]  # type: ignore[no-any-return]


task_backends = TaskBackendHandler()
