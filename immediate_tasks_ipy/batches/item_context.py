"""The context that an item's task runs in: its submission, its output."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Coroutine
from typing import Any

from immediate_tasks_ipy.task_history import Submission, current_submission
from immediate_tasks_ipy.task_history.output_route import redirect_to


def item_context(submission: Submission) -> contextvars.Context:
    """A copy of this context for the task of a submission."""
    context = contextvars.copy_context()
    context.run(_enter, submission)
    return context


def _enter(submission: Submission) -> None:
    current_submission.set(submission)
    if submission.output_redirected:
        redirect_to(submission).__enter__()


def start_eagerly(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, None],
    context: contextvars.Context,
) -> asyncio.Task[None]:
    """An asyncio task that runs at once as far as its first real wait, where Python can do that."""
    if sys.version_info < (3, 12):
        return asyncio.Task(coroutine, loop=loop, context=context)
    return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)
