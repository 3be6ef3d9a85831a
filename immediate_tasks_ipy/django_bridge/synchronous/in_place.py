"""asgiref's threads on a platform that has none (Pyodide): the calling thread takes their place."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from asgiref.sync import SyncToAsync

from .hidden_loop import hide_loops, synchronous_code

T = TypeVar("T")


class InPlaceExecutor(Executor):
    """Makes each call at once, where it is submitted, as synchronous code of Django's."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Return a future that is done."""
        future: Future[T] = Future()
        try:
            with synchronous_code():
                value = fn(*args, **kwargs)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)
        return future


def work_in_this_thread() -> None:
    """Have asgiref's `sync_to_async`, and with it the async ORM, do without a thread of its own."""
    hide_loops()
    if not isinstance(SyncToAsync.single_thread_executor, InPlaceExecutor):
        SyncToAsync.single_thread_executor = InPlaceExecutor()  # type: ignore[assignment]
