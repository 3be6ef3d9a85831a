"""Which results have their last status while `task_finished` is still on its way.

A backend that ends tasks where others may see it, on a thread of its own or in the background,
sets the last status before it sends `task_finished`: the receivers look at it. A thread that sees
that status meanwhile can be ahead of receivers that have not been called yet. Waiting for a result
(`wait`, `--wait`, the end of a batch) asks here, and is never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from .faults.locks import new_lock
from .lifecycle import complete
from .signals import task_finished

#: The ids of the results whose `task_finished` is being sent.
_sending: set[str] = set()
#: Those of them that are sent by the running code, or by what has called it.
_sending_here: ContextVar[tuple[str, ...]] = ContextVar("_sending_here", default=())
#: Held where the callbacks are replaced; they are never changed.
_lock = new_lock()
#: Called with a result once its `task_finished` has been sent.
_callbacks: tuple[Callable[[Any], object], ...] = ()


class finishing:  # noqa: N801  (used as a function would be)
    """Set the last status of a result and send its `task_finished` within this."""

    __slots__ = ("_result", "_token")

    def __init__(self, result: Any) -> None:
        self._result = result

    def __enter__(self) -> None:
        identifier = self._result.id
        self._token = _sending_here.set((*_sending_here.get(), identifier))
        _sending.add(identifier)

    def __exit__(self, *_: object) -> None:
        # In this order. Who waits subscribes first, and then asks `is_finishing`: if the answer
        # is yes, the callbacks are looked at after that.
        _sending.discard(self._result.id)
        with suppress(ValueError):  # a coroutine that is closed in another context
            _sending_here.reset(self._token)
        for callback in _callbacks:
            callback(self._result)


def finish_interrupted(
    sender: type, result: Any, error: BaseException, receivers: Iterator[Any] | None
) -> None:
    """Bring to its end what `error` has cut short, an interrupt or a receiver that raised.

    `receivers` are those of `task_finished` that have not been called; None before it was sent.
    """
    with finishing(result):
        complete(result, error)
        if receivers is None:
            task_finished.send_robust(sender, task_result=result)
        else:
            task_finished.send_rest(sender, result, receivers)


def is_finishing(result: Any) -> bool:
    """Whether the `task_finished` of a result is being sent, or about to be."""
    return result.id in _sending


def is_finishing_here(result: Any) -> bool:
    """Whether that is done by who asks: a receiver, which would wait for itself."""
    return result.id in _sending and result.id in _sending_here.get()


def subscribe(callback: Callable[[Any], object]) -> None:
    """Call back with every result whose `task_finished` has been sent within `finishing`.

    That happens on the thread that sent it, after all receivers; the callback must be quick
    and never raise.
    """
    global _callbacks
    with _lock:
        _callbacks += (callback,)


def unsubscribe(callback: Callable[[Any], object]) -> None:
    """No longer call back."""
    global _callbacks
    with _lock:
        _callbacks = tuple(known for known in _callbacks if known != callback)
