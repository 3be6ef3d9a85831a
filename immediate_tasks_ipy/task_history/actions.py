"""What can be done to a task that the history knows: cancel it, run it again."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import inspect
import sys
from typing import Any

from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .current import current_history
from .entry import Entry
from .origin import Origin, current_origin

_MISSING = object()


def cancel(result: Any, *, error: BaseException | None = None) -> None:
    """Cancel a task that waits or runs; callable from any thread.

    Its result becomes FAILED. Code that can't be stopped is given up: it may
    run on, and what it returns is ignored. The result fails with `error`, if
    given, in place of a CancelledError. Raises TaskNotCancellable, whose
    message says why and what to do instead.
    """
    if result.is_finished:
        msg = f"{result.task.name!r} has finished already: there is nothing to cancel."
        raise TaskNotCancellable(msg)
    entry = current_history().entry_of(result)
    backend = entry.backend if entry is not None else result.task.get_backend()
    if not getattr(backend, "supports_cancel", False):
        msg = (
            f"{type(backend).__name__} {backend.alias!r} can't cancel a task once it is enqueued: "
            "stop it where its workers run."
        )
        raise TaskNotCancellable(msg)
    backend.cancel(result, error=error)


def rerun(result: Any) -> Any:
    """Enqueue the task of a result again, with the arguments as they were enqueued.

    The task is looked up anew by its module path, since its function may have
    been fixed meanwhile; where it is not found, the stored one runs. A
    synchronous function runs in place; an async one is started on the running
    loop, if there is one, and not waited for. Returns the new result.
    """
    history = current_history()
    entry = history.entry_of(result) or history.add(result)
    task, anew = resolve(entry)
    token = current_origin.set(rerun_origin(entry, resolved_anew=anew))
    try:
        backend = entry.backend
        args, kwargs = tuple(entry.result.args), dict(entry.result.kwargs)
        loop = asyncio._get_running_loop()  # get_running_loop without its exception
        if loop is not None and inspect.iscoroutinefunction(task.func):
            submit = getattr(backend, "submit", None)
            if submit is not None:
                return submit(task, args, kwargs, loop=loop)
        return backend.enqueue(task, args, kwargs)
    finally:
        current_origin.reset(token)


def rerun_origin(entry: Entry, *, resolved_anew: bool) -> Origin:
    """The origin of another run of an entry's task, which wrote nothing so far."""
    note = None
    if not resolved_anew and is_resolvable(entry.result.task.func):
        note = f"{entry.result.task.module_path!r} was not found, so the stored function ran."
    origin = entry.origin or Origin()
    return dataclasses.replace(origin, output=None, output_moved=False, note=note)


def resolve(entry: Entry) -> tuple[Any, bool]:
    """The task to run when an entry is run again, and whether it was found anew by its path.

    A task that is found takes over the priority, the queue, the backend and
    `run_after` that were enqueued. A plain function that is found takes the
    stored task's place of function. Raises InvalidTask if the backend refuses
    what was found.
    """
    stored = entry.result.task
    if not is_resolvable(stored.func):
        return stored, False
    found = _found(stored.func.__module__, stored.func.__qualname__)
    if type(found) is type(stored):
        same = {name: getattr(stored, name) for name in _USING if hasattr(stored, name)}
        return dataclasses.replace(found, **same), True
    if _is_task(found):
        changes = {"func": found.func, "takes_context": found.takes_context}
        return dataclasses.replace(stored, **changes), True
    if inspect.isfunction(found):
        return dataclasses.replace(stored, func=found), True
    return stored, False


def is_resolvable(func: Any) -> bool:
    """Whether a function can be found again by its module and name.

    One that has an attribute `resolvable` that is False can't: the body of a
    cell, whose name is only a label.
    """
    if not getattr(func, "resolvable", True):
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
