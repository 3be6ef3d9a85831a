"""Real Django tasks in a notebook: the one room that imports Django.

`ImmediateBackend` is a drop-in for Django's own::

    TASKS = {"default": {"BACKEND": "immediate_tasks_ipy.django_bridge.ImmediateBackend"}}

It serves `django.tasks` where Django has it (6.0 and later), else the
`django-tasks` package. `PackageImmediateBackend` serves the package, always.

Notes
-----
What the bridge can't do, or does otherwise than one might expect:

- **Where code runs.** In a thread without a running loop, in place, as with
  Django. Below a running loop (every cell of a notebook), in asgiref's
  thread-sensitive thread, where the ORM works. If that thread stays taken for a
  second, or is taken by a caller further up, the task gets a thread of its own
  with database connections of its own. The same holds for background tasks.
- **In-memory databases** (SQLite's `:memory:`) exist once per thread: the cell's
  thread, the thread-sensitive one, background tasks and the poller each see
  another. Use a file. For the same reason, a transaction that a cell holds open
  is not seen by background tasks.
- **Transactions** of the thread-sensitive thread are shared by all code there:
  run one task at a time if they matter.
- `async_to_sync` in a sync task below a running loop starts a loop of its own:
  the cell's loop may be the one that waits. Objects bound to the cell's loop
  can't be used there.
- **An async task enqueued with `enqueue`** below a running loop runs on another
  loop, while the cell's stands still; `await task.aenqueue()` uses the cell's.
- **Interrupts and cancelling.** A coroutine is cancelled. A thread can't be
  stopped: an interrupt is raised in it at its next bytecode, at best; then the
  task is given up, FAILED, while its function may run on.
- **Signals of an awaited task** (`aenqueue`) reach async receivers on the loop, and others in
  the thread-sensitive thread, where the ORM works; the framework's own, which log, and the
  bridge's are called on the loop itself.
- **A project's alias of Django's own ImmediateBackend** is served by the bridge when a
  notebook names it: Django's would fail async tasks there.
- **After an interrupt** a result is FAILED; Django leaves it RUNNING.
- **A receiver that raises** for `task_enqueued` or `task_started` makes the
  result FAILED; Django leaves it as it is. The exception goes on in both.
- **Times** follow `USE_TZ`, as Django's do: naive where it is False.
- **What normalisation changed** (`tuple` to `list`) is not recorded: Django's
  results have no place for it.
- **run_after** is refused, as by Django's ImmediateBackend.
- **Results of queueing backends** are polled, at most 20 queries a second for
  all of them, less often the longer nothing happens. A result that is enqueued
  in a transaction is unknown to the poller until it is committed.
- **Backends that can't retrieve results** (`supports_get_result` is False)
  can't be followed: their results stay as they were enqueued.
- **django-tasks-rq** makes tasks of the `django-tasks` package, also beside
  `django.tasks`; its results do not show who works on them before RQ does.
- A backend whose tasks run in other processes sends `task_started` and
  `task_finished` there: receivers in the notebook see `task_enqueued` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import django as _django
except ImportError as error:
    msg = "Django is not installed: `pip install immediate_tasks_ipy[django]`."
    raise ImportError(msg, name="django") from error

from .errors import BridgeError
from .follower import follow
from .observation import observe, unobserve
from .project import aliases, backend_for, is_django_task, prepare
from .settings import setup

if TYPE_CHECKING:
    from .native import ImmediateBackend
    from .package import PackageImmediateBackend

__all__ = [
    "BridgeError",
    "ImmediateBackend",
    "PackageImmediateBackend",
    "aliases",
    "backend_for",
    "follow",
    "is_django_task",
    "observe",
    "prepare",
    "setup",
    "unobserve",
]

#: The oldest Django whose signals can be sent from a loop.
_OLDEST = (5, 0)

if _django.VERSION < _OLDEST:
    msg = (
        f"Django {_django.get_version()} is too old: "
        "`pip install immediate_tasks_ipy[django]` brings 5.2 or later."
    )
    raise ImportError(msg, name="django")


def __getattr__(name: str) -> Any:
    """The backends; each imports its framework only when it is asked for."""
    if name == "ImmediateBackend":
        from .family import DJANGO, preferred_family

        if preferred_family() is DJANGO:
            from .native import ImmediateBackend

            return ImmediateBackend
        name = "PackageImmediateBackend"
    if name == "PackageImmediateBackend":
        from .package import PackageImmediateBackend

        return PackageImmediateBackend
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
