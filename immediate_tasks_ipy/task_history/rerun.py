"""Starting a task without a card: a new one, or one that runs again as it was enqueued."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import inspect
import sys
from collections.abc import Iterator
from types import GeneratorType
from typing import Any, TypeVar

from immediate_tasks_ipy.tasks.base import Task
from immediate_tasks_ipy.tasks.exceptions import InvalidTask
from immediate_tasks_ipy.tasks.notebook_task import task_function, wrapped_target
from immediate_tasks_ipy.tasks.values import has_live_values

from .current import current_recorder
from .entry import Entry
from .session import current_session
from .submission import Job, Submission

#: A TaskResult, of whichever framework.
R = TypeVar("R")

_MISSING = object()


def rerun(result: R) -> R:
    """Enqueue the task of a result again, with the arguments as they were enqueued.

    The task is looked up by its module path, since its function may have been
    fixed since; where it is not found, the stored one runs. A synchronous
    function runs in place; an async one is started on the running loop, if
    there is one, and not waited for. Returns the new result. Raises InvalidTask
    if the backend refuses the function that was found.
    """
    recorder = current_recorder()
    job = rerun_job(recorder.entry_of(result) or recorder.add(result))
    loop = asyncio._get_running_loop()  # get_running_loop without its exception
    new: R = start(job, background=loop is not None and job.is_async, loop=loop)
    return new


def start(job: Job, *, background: bool, loop: asyncio.AbstractEventLoop | None = None) -> Any:
    """Enqueue a job without waiting for it or showing it; returns its result.

    In the background its output goes to the task alone, otherwise a copy is
    kept, as the session says; an async function runs on `loop`, or on the
    session's.
    """
    session = current_session()
    with job.submission.entered(keep_output=session.keeps_output, redirect=background):
        result = job.submit(loop or session.loop) if background else job.enqueue()
    current_recorder().attach(job.submission, result)
    return result


def rerun_job(entry: Entry) -> Job:
    """What runs an entry's task again, from the cell that runs now. Raises InvalidTask."""
    task, reloaded = reload_task(entry)
    stored = entry.result
    _refuse_consumed(stored)
    note = None
    if not reloaded and is_reloadable(stored.task.func):
        note = f"{stored.task.module_path!r} was not found, so the stored function ran."
    origin = entry.origin
    cell = current_session().cell
    if cell is not None:
        origin = dataclasses.replace(origin, cell=cell)
    backend = entry.backend
    policy = None if entry.submission is None else entry.submission.policy
    submission = Submission(origin, backend, note=note, policy=policy)
    submission.rerun_of = entry.rerun_of or entry
    submission.batch, submission.item = entry.batch, entry.item
    return Job(task, backend, tuple(stored.args), dict(stored.kwargs), submission)


def reload_task(entry: Entry) -> tuple[Any, bool]:
    """The task to run when an entry is run again, and whether it was found by its path.

    A task that is found takes over the priority, the queue, the backend and
    `run_after` that were enqueued. A plain function that is found takes the
    stored task's place of function, as does any callable for a task that the
    notebook made of one. Raises InvalidTask if the backend refuses what was found.
    """
    stored = entry.result.task
    if not is_reloadable(stored.func):
        return stored, False
    found = _found(stored.func.__module__, stored.func.__qualname__)
    of_notebook = has_live_values(stored) or wrapped_target(stored.func) is not stored.func
    if type(found) is type(stored) or (of_notebook and isinstance(found, Task)):
        same = {name: getattr(stored, name) for name in _USING if hasattr(stored, name)}
        return dataclasses.replace(found, **same), True
    if _is_task(found):
        changes = {"func": found.func, "takes_context": found.takes_context}
        return dataclasses.replace(stored, **changes), True
    if inspect.isfunction(found) or (of_notebook and callable(found)):
        name = stored.func.__qualname__
        function = task_function(found, name) if of_notebook else found
        return dataclasses.replace(stored, func=function), True
    return stored, False


def _refuse_consumed(result: Any) -> None:
    """Raise InvalidTask if an argument was an iterator: the first run has consumed it."""
    named = [(f"argument {number}", value) for number, value in enumerate(result.args, 1)]
    named += [(f"argument {name!r}", value) for name, value in result.kwargs.items()]
    for name, value in named:
        # By its type: `isinstance` asks the value, and a proxy without an object raises.
        if not issubclass(type(value), Iterator):
            continue
        if type(value) is GeneratorType and inspect.getgeneratorstate(value) == inspect.GEN_CREATED:
            continue
        msg = (
            f"{name} of {result.task.name} is a {type(value).__name__}, which can be read once, "
            "and was: enqueue the task again with a new one, or with a list."
        )
        raise InvalidTask(msg)


def is_reloadable(func: Any) -> bool:
    """Whether a function can be found again by its module and name.

    One that has an attribute `reloadable` that is False can't: the body of a
    cell, whose name is only a label.
    """
    if not getattr(func, "reloadable", True):
        return False
    return all(part.isidentifier() for part in func.__qualname__.split("."))


#: What `Task.using` sets.
_USING = ("priority", "queue_name", "run_after", "backend")


def _is_task(found: Any) -> bool:
    """A task of whichever framework, or of a class that was reloaded meanwhile."""
    return (
        dataclasses.is_dataclass(found)
        and not isinstance(found, type)
        and inspect.isfunction(getattr(found, "func", None))
        and hasattr(found, "takes_context")
    )


def _found(module_name: str, qualname: str) -> Any:
    try:
        target: Any = sys.modules.get(module_name) or importlib.import_module(module_name)
        for name in qualname.split("."):
            target = getattr(target, name)
    except Exception:  # a module that can't be imported any more, whatever it raises
        return _MISSING
    return target
