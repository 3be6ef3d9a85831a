"""`each` and `background`: tasks made of plain calls, with the cards that the magics give them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from immediate_tasks_ipy.batches.concurrency import default_concurrency
from immediate_tasks_ipy.batches.items import jobs_of_items, known_size
from immediate_tasks_ipy.ipython.planning.options import EnqueueOptions, validate_for_backend
from immediate_tasks_ipy.ipython.planning.planner import Batch
from immediate_tasks_ipy.ipython.planning.targets import is_async, is_task, task_and_backend
from immediate_tasks_ipy.task_history import Entry, Job, Submission
from immediate_tasks_ipy.task_history.rerun import start
from immediate_tasks_ipy.tasks.exceptions import InvalidTask

from .session import PrintedNotices, current_api_session

if TYPE_CHECKING:
    from immediate_tasks_ipy.batches import TaskResults
    from immediate_tasks_ipy.tasks import Task, TaskResult

P = ParamSpec("P")
T = TypeVar("T")


async def each(
    function: Callable[..., Any] | Task[..., Any],
    items: Iterable[Any] | AsyncIterable[Any],
    *,
    concurrency: int | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  # of each task, not of this call
    priority: int | None = None,
    queue: str | None = None,
    backend: str | None = None,
    display: Literal["card", "text", "none"] | None = None,
) -> TaskResults:
    """Run a task per item, `function(item)`, as `%enqueue --each` does, with one card for all.

    At most `concurrency` run at a time: 32 of an async function and 1 of a synchronous one
    unless it is given. A task that runs longer than `timeout` seconds fails. `priority`, `queue`
    and `backend` are those of `Task.using`; `display` is how the batch shows, the session's
    setting unless it is given.

    Failed tasks are among the results and raise nothing. Raises TypeError for what can't be
    called or iterated over, ValueError for an option that means nothing here, and ItemError when
    an item can't be read or enqueued.
    """
    _check_function("each", function)
    if not isinstance(items, Iterable | AsyncIterable):
        msg = f"each() runs a task per item of an iterable, and {items!r} is none."
        raise TypeError(msg)
    if concurrency is not None and (type(concurrency) is not int or concurrency < 1):
        msg = f"concurrency={concurrency!r}: give a whole number of at least 1."
        raise ValueError(msg)
    if timeout is not None and not timeout > 0:
        msg = f"timeout={timeout!r}: give a number of seconds greater than 0."
        raise ValueError(msg)
    if display not in {"card", "text", "none", None}:
        msg = f"display={display!r}: give 'card', 'text' or 'none'."
        raise ValueError(msg)
    session = current_api_session()
    options = EnqueueOptions(
        concurrency=concurrency, timeout=timeout, priority=priority, queue=queue,
        backend=backend, display=display,
    )  # fmt: skip
    origin = session.origin
    with _keyword_errors():
        task, chosen = task_and_backend(function, options)
        at_once = concurrency or default_concurrency(Job(task, chosen))
        in_place = not is_async(task) and at_once == 1 and isinstance(items, Iterable)
        validate_for_backend(options, chosen, unstoppable=_IN_PLACE if in_place else None)

    def make(item: Any) -> Job:
        return Job(task, chosen, (item,), {}, Submission(origin, chosen))

    jobs = jobs_of_items(items, make)
    batch = Batch(f"{task.name}(…)", jobs, known_size(items), at_once, in_place)
    results: TaskResults
    with _keyword_errors():
        options = session.launcher.shown_options(options)
        results = await session.batches.alaunch(batch, options, quiet=False)
    return results


#: Why tasks can't be stopped, and what to do.
_IN_PLACE = "synchronous tasks that run in place: add --concurrency 2 or more"


@overload
def background(function: Task[P, T], /, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]: ...


@overload
def background(
    function: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
) -> TaskResult[T]: ...


@overload
def background(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]: ...


def background(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Start `function(*args, **kwargs)` as a task and return its result at once.

    As `%enqueue --background`: a card follows it to its end; without a notebook, one line is
    printed then. An async function runs on the notebook's loop, or on a loop of its own, a
    synchronous one in a thread. For a priority, queue or backend give `task.using(…)`. Await the
    end with `await wait(result)`.

    Raises TypeError for what can't be called, or if an argument can't be kept, and ValueError
    where the backend refuses the task.
    """
    _check_function("background", function)
    session = current_api_session()
    launcher = session.launcher
    options = EnqueueOptions(background=True)
    with _keyword_errors():
        task, backend = task_and_backend(function, options)
        job = Job(task, backend, args, kwargs, Submission(session.origin, backend))
        if not session.has_cells:
            job.submission.on_change = _print_at_end
            return start(job, background=True)
        return launcher.launch(job, launcher.shown_options(options))


def _print_at_end(entry: Entry) -> None:
    """One line when the task has finished, a failure in full."""
    if entry.result.is_finished:
        with suppress(Exception):  # stdout may be closed
            PrintedNotices().add(entry)


def _check_function(name: str, function: Any) -> None:
    if not is_task(function) and not callable(function):
        msg = f"{name}() takes a function or a task first, and {function!r} can't be called."
        raise TypeError(msg)


@contextmanager
def _keyword_errors() -> Iterator[None]:
    """A refusal is a ValueError, which names keyword arguments in place of a line's options."""
    from IPython.core.error import UsageError

    try:
        yield
    except (UsageError, InvalidTask) as error:
        sentence = _OPTION.sub(lambda option: option[1].replace("-", "_"), str(error))
        raise ValueError(sentence) from None


_OPTION = re.compile(r"--([a-z][a-z-]*)")
