"""Signals: receivers are called when something happens, unknown to the sender."""

from __future__ import annotations

import asyncio
import logging
import sys
import weakref
from collections.abc import Callable, Hashable
from inspect import iscoroutinefunction
from types import FunctionType
from typing import Any

from .faults.locks import new_rlock
from .sync import async_to_sync

logger = logging.getLogger("immediate_tasks_ipy.tasks.dispatch")

Receiver = Callable[..., Any]
Responses = list[tuple[Receiver, Any]]


class _Connection:
    """A receiver, and the sender whose signals it wants."""

    __slots__ = (
        "is_async",
        "is_weak",
        "key",
        "notebook_name",
        "reference",
        "sender_id",
        "sender_reference",
    )

    def __init__(
        self, receiver: Receiver, sender: Any, weak: bool, dispatch_uid: Hashable | None
    ) -> None:
        self.is_async = iscoroutinefunction(receiver)
        self.is_weak = weak
        self.notebook_name = _notebook_name(receiver)
        self.sender_id = None if sender is None else id(sender)
        self.key = _key(receiver, self.sender_id, dispatch_uid)
        self.reference: Callable[[], Receiver | None]
        if not weak:
            self.reference = lambda: receiver
        elif hasattr(receiver, "__self__") and hasattr(receiver, "__func__"):
            self.reference = weakref.WeakMethod(receiver)
        else:
            self.reference = weakref.ref(receiver)
        try:
            # An id may be used again once its object is deleted.
            self.sender_reference: Callable[[], Any] = weakref.ref(sender)
        except TypeError:
            self.sender_reference = lambda: sender

    @property
    def alive(self) -> bool:
        if self.sender_id is not None and self.sender_reference() is None:
            return False
        return self.reference() is not None

    def replaces(self, other: _Connection) -> bool:
        """Whether `other` is an earlier definition of this one's function in the notebook."""
        return (
            self.notebook_name is not None
            and self.notebook_name == other.notebook_name
            and self.sender_id == other.sender_id
        )


def _key(receiver: Any, sender_id: int | None, dispatch_uid: Hashable | None) -> Hashable:
    if dispatch_uid is not None:
        return (dispatch_uid, sender_id)
    if hasattr(receiver, "__self__") and hasattr(receiver, "__func__"):
        return (id(receiver.__self__), id(receiver.__func__), sender_id)
    return (id(receiver), sender_id)


def _notebook_name(receiver: Receiver) -> str | None:
    """The name under which running a cell again defines this function again."""
    if not isinstance(receiver, FunctionType) or receiver.__module__ != "__main__":
        return None
    name = receiver.__qualname__
    return None if "<" in name else name


class Signal:
    """A signal in the manner of `django.dispatch.Signal`.

    Receivers are called with `signal`, `sender` and the sender's named
    arguments. A signal is true if it has receivers. A receiver defined in a
    notebook takes the place of an earlier one of the same name, so that
    running a cell twice does not connect it twice. All methods may be called
    from any thread.
    """

    def __init__(self) -> None:
        self.lock = new_rlock()
        #: The connections, in the order of their calls; the tuple is replaced, never changed.
        self.receivers: tuple[_Connection, ...] = ()
        # The receivers, if all of them are sync, held strongly and for any sender: called at once.
        self._direct: tuple[Receiver, ...] | None = ()

    def __bool__(self) -> bool:
        return bool(self.receivers)

    def connect(
        self,
        receiver: Receiver,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Hashable | None = None,
    ) -> None:
        """Call `receiver` when the signal is sent, by `sender` if one is given.

        A receiver is held weakly unless `weak` is False. Of several with the
        same `dispatch_uid`, the first one stays.
        """
        if not callable(receiver):
            msg = f"Signal receivers must be callable, not {receiver!r}."
            raise TypeError(msg)
        new = _Connection(receiver, sender, weak, dispatch_uid)
        with self.lock:
            connections = [c for c in self.receivers if c.alive]
            for index, known in enumerate(connections):
                if new.replaces(known):
                    connections[index] = new
                    break
                if known.key == new.key:
                    break
            else:
                connections.append(new)
            self._set_connections(connections)

    def disconnect(
        self,
        receiver: Receiver | None = None,
        sender: Any = None,
        dispatch_uid: Hashable | None = None,
    ) -> bool:
        """No longer call `receiver`, or the one with that uid. Returns whether there was one."""
        key = _key(receiver, None if sender is None else id(sender), dispatch_uid)
        with self.lock:
            alive = [c for c in self.receivers if c.alive]
            kept = [c for c in alive if c.key != key]
            self._set_connections(kept)
            return len(kept) < len(alive)

    def _set_connections(self, connections: list[_Connection]) -> None:
        if any(c.is_async or c.is_weak or c.sender_id is not None for c in connections):
            self._direct = None
        else:
            self._direct = tuple(r for c in connections if (r := c.reference()) is not None)
        self.receivers = tuple(connections)

    def has_listeners(self, sender: Any = None) -> bool:
        """Whether a receiver would be called if `sender` sent this signal."""
        return any(self._live_receivers(sender))

    def send(self, sender: Any, **named: Any) -> Responses:
        """Call the receivers; returns them with their responses.

        The first exception is raised, and the receivers after it are not
        called. Async receivers run concurrently after the sync ones; this
        blocks until they have ended.
        """
        if self._direct is not None:
            return [(r, r(signal=self, sender=sender, **named)) for r in self._direct]
        receivers, async_receivers = self._live_receivers(sender)
        responses = [(r, r(signal=self, sender=sender, **named)) for r in receivers]
        if async_receivers:
            responses += async_to_sync(self._gather, async_receivers, sender, named)
        return responses

    async def asend(self, sender: Any, **named: Any) -> Responses:
        """As `send`, on the running loop: sync receivers are called in its thread."""
        if self._direct is not None:
            return [(r, r(signal=self, sender=sender, **named)) for r in self._direct]
        receivers, async_receivers = self._live_receivers(sender)
        responses = [(r, r(signal=self, sender=sender, **named)) for r in receivers]
        if async_receivers:
            responses += await self._gather(async_receivers, sender, named)
        return responses

    def send_robust(self, sender: Any, **named: Any) -> Responses:
        """As `send`, but an Exception is logged and becomes its receiver's response."""
        receivers, async_receivers = self._live_receivers(sender)
        responses = [(r, self._call_robustly(r, sender, named)) for r in receivers]
        if async_receivers:
            responses += async_to_sync(self._gather_robustly, async_receivers, sender, named)
        return responses

    async def asend_robust(self, sender: Any, **named: Any) -> Responses:
        """As `asend`, but an Exception is logged and becomes its receiver's response."""
        receivers, async_receivers = self._live_receivers(sender)
        responses = [(r, self._call_robustly(r, sender, named)) for r in receivers]
        if async_receivers:
            responses += await self._gather_robustly(async_receivers, sender, named)
        return responses

    def _live_receivers(self, sender: Any) -> tuple[list[Receiver], list[Receiver]]:
        """The sync and the async receivers for that sender."""
        sync_receivers: list[Receiver] = []
        async_receivers: list[Receiver] = []
        sender_id = id(sender)
        for connection in self.receivers:
            if connection.sender_id is not None and (
                connection.sender_id != sender_id or connection.sender_reference() is None
            ):
                continue
            receiver = connection.reference()
            if receiver is not None:
                (async_receivers if connection.is_async else sync_receivers).append(receiver)
        return sync_receivers, async_receivers

    async def _gather(
        self, receivers: list[Receiver], sender: Any, named: dict[str, Any]
    ) -> Responses:
        if len(receivers) == 1:
            return [(receivers[0], await receivers[0](signal=self, sender=sender, **named))]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(receiver(signal=self, sender=sender, **named))
                    for receiver in receivers
                ]
        except BaseExceptionGroup as errors:
            if len(errors.exceptions) == 1:
                raise errors.exceptions[0] from None
            raise
        return [(r, task.result()) for r, task in zip(receivers, tasks, strict=True)]

    async def _gather_robustly(
        self, receivers: list[Receiver], sender: Any, named: dict[str, Any]
    ) -> Responses:
        async def call(receiver: Receiver) -> Any:
            try:
                return await receiver(signal=self, sender=sender, **named)
            except Exception as error:
                log_failure(receiver, error)
                return error

        responses = await asyncio.gather(*map(call, receivers))
        return list(zip(receivers, responses, strict=True))

    def _call_robustly(self, receiver: Receiver, sender: Any, named: dict[str, Any]) -> Any:
        try:
            return receiver(signal=self, sender=sender, **named)
        except Exception as error:
            log_failure(receiver, error)
            return error


def log_failure(receiver: Receiver, error: Exception) -> None:
    """Log what a receiver raised that was called robustly; while it is handled."""
    name = getattr(receiver, "__qualname__", type(receiver).__qualname__)
    info = sys.exc_info()  # not `error`, which logging would ask for its truth value
    logger.error("Error calling %s in Signal.send_robust() (%s)", name, error, exc_info=info)


def receiver(
    signal: Signal | list[Signal] | tuple[Signal, ...], **kwargs: Any
) -> Callable[[Receiver], Receiver]:
    """Connect the decorated function to a signal, or to several.

    Takes the keyword arguments of `Signal.connect`.
    """
    signals = signal if isinstance(signal, (list, tuple)) else [signal]

    def connect(function: Receiver) -> Receiver:
        for each in signals:
            each.connect(function, **kwargs)
        return function

    return connect
