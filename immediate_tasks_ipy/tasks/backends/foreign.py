"""Backends that are no `BaseTaskBackend`: the one place where they are wrapped into one.

Django's backends, and a third party's, know less than the contract here. Everything else in
this package only meets what `adapt` returns, and asks it without `getattr`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.base import Task, TaskResult, signature
from immediate_tasks_ipy.tasks.faults.locks import new_lock
from immediate_tasks_ipy.tasks.handler import ConnectionProxy, proxied_backend

from .base import FLAGS, BaseTaskBackend

T = TypeVar("T")

#: Wraps a backend that it knows; None for any other.
Adapter = Callable[[Any], BaseTaskBackend | None]

_lock = new_lock()
#: In the order in which they are asked; replaced, never changed.
_adapters: tuple[Adapter, ...] = ()


def register_adapter(adapter: Adapter) -> Adapter:
    """Let `adapter` wrap the backends that it knows. The latest one is asked first.

    Registering it again changes nothing. Returns the adapter, so that this can decorate it.
    Thread-safe.
    """
    global _adapters
    with _lock:
        if adapter not in _adapters:
            _adapters = (adapter, *_adapters)
    return adapter


def adapt(backend: Any) -> BaseTaskBackend:
    """The backend itself if it is a BaseTaskBackend, else a wrapper around it.

    A wrapper is cheap to make and equal to every other one of the same backend. Raises
    TypeError for an object that has no `enqueue`.
    """
    if isinstance(backend, BaseTaskBackend):
        return backend
    if isinstance(backend, ConnectionProxy):
        return proxied_backend(backend)
    for adapter in _adapters:
        adapted = adapter(backend)
        if adapted is not None:
            return adapted
    return ForeignBackend(backend)


class ForeignBackend(BaseTaskBackend):
    """A backend of another framework, of which nothing but `enqueue` is taken for granted.

    Flags, queues and methods that it lacks are those of a BaseTaskBackend that supports nothing.
    Tasks and results are the other framework's own.
    """

    def __init__(self, backend: Any) -> None:
        if not callable(getattr(backend, "enqueue", None)):
            msg = f"{backend!r} is no task backend: it has no method `enqueue`."
            raise TypeError(msg)
        #: The backend of the other framework.
        self.foreign = backend
        alias = getattr(backend, "alias", type(backend).__name__)
        queues, options = getattr(backend, "queues", None), getattr(backend, "options", None)
        super().__init__(alias, {"QUEUES": queues or (), "OPTIONS": options or {}})
        self.task_class = getattr(backend, "task_class", Task)
        for flag in FLAGS:
            setattr(self, flag, bool(getattr(backend, flag, False)))
        self.supports_cancel = self.supports_cancel and self._has("cancel")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ForeignBackend) and other.foreign is self.foreign

    def __hash__(self) -> int:
        return hash((ForeignBackend, id(self.foreign)))

    def __repr__(self) -> str:
        return f"<ForeignBackend of {self.foreign!r}>"

    @property
    def class_name(self) -> str:
        return type(self.foreign).__name__

    @property
    def label(self) -> str:
        return f"The backend {self.alias!r} ({self.class_name})"

    def validate_task(self, task: Task[..., Any]) -> None:
        if self._has("validate_task"):
            self.foreign.validate_task(task)

    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        return self.foreign.enqueue(task, args, kwargs)  # type: ignore[no-any-return]

    async def aenqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        if self._has("aenqueue"):
            return await self.foreign.aenqueue(task, args, kwargs)  # type: ignore[no-any-return]
        return await super().aenqueue(task, args, kwargs)

    def submit(
        self,
        task: Task[..., T],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> TaskResult[T]:
        if not self._has("submit"):
            return self.enqueue(task, args, kwargs)
        optional = {"loop": loop} if _takes(self.foreign.submit, "loop") else {}
        return self.foreign.submit(task, args, kwargs, **optional)  # type: ignore[no-any-return]

    def cancel(self, result: TaskResult[Any], *, error: BaseException | None = None) -> None:
        """See BaseTaskBackend; where the backend takes no `error`, it is not passed on."""
        if not self.supports_cancel:
            super().cancel(result, error=error)
            return
        optional = {"error": error} if _takes(self.foreign.cancel, "error") else {}
        self.foreign.cancel(result, **optional)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        if self._has("get_result"):
            return self.foreign.get_result(result_id)  # type: ignore[no-any-return]
        return super().get_result(result_id)

    async def aget_result(self, result_id: str) -> TaskResult[Any]:
        if self._has("aget_result"):
            return await self.foreign.aget_result(result_id)  # type: ignore[no-any-return]
        return await super().aget_result(result_id)

    def close(self) -> None:
        if self._has("close"):
            self.foreign.close()

    def check(self, **kwargs: Any) -> Iterable[Any]:
        if self._has("check"):
            return self.foreign.check(**kwargs)  # type: ignore[no-any-return]
        return super().check(**kwargs)

    def _has(self, name: str) -> bool:
        return callable(getattr(self.foreign, name, None))


def _takes(method: Callable[..., Any], name: str) -> bool:
    """Whether a method has a keyword argument of that name; False if that is unknown."""
    try:
        parameters = signature(method).parameters
    except (TypeError, ValueError):
        return False
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
