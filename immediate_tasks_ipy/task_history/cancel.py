"""Cancelling a task, whichever backend runs it."""

from __future__ import annotations

import asyncio
from typing import Any

from immediate_tasks_ipy.tasks.backends.foreign import adapt
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .current import current_recorder


def cancel(result: Any, *, error: BaseException | None = None) -> None:
    """Cancel a task that waits or runs; callable from any thread.

    Its result becomes FAILED. Code that can't be stopped is abandoned: it may
    run on, and what it returns is ignored. The result fails with `error`, if
    given, in place of a CancelledError. Raises TaskNotCancellable, whose
    message says why and what to do instead.
    """
    if result.is_finished:
        msg = f"{result.task.name!r} has finished already: there is nothing to cancel."
        raise TaskNotCancellable(msg)
    entry = current_recorder().entry_of(result)
    backend = entry.backend if entry is not None else adapt(result.task.get_backend())
    if not backend.supports_cancel:
        msg = (
            f"{type(backend).__name__} {backend.alias!r} can't cancel a task once it is enqueued: "
            "stop it where its workers run."
        )
        raise TaskNotCancellable(msg)
    if entry is None or (error is not None and not isinstance(error, asyncio.CancelledError)):
        backend.cancel(result, error=error)
        return
    before, entry.was_cancelled = entry.was_cancelled, True
    try:
        backend.cancel(result, error=error)
    except BaseException:
        entry.was_cancelled = before
        raise
