"""Real Django tasks in a notebook: the one room that imports Django.

`ImmediateBackend` is a drop-in for Django's own::

    TASKS = {"default": {"BACKEND": "immediate_tasks_ipy.django_bridge.ImmediateBackend"}}

It serves `django.tasks` where Django has it (6.0 and later), else the `django-tasks`
package. Of tasks that code makes with `django_tasks.task` the receivers of that
package's signals are called, too. `PackageImmediateBackend` serves the package, always.

Notes
-----
What the bridge can't do, or does otherwise than one might expect:

- **Where code runs.** In a thread without a running loop, in place, as with
  Django; and in a statement of a cell that does not await, where Django and
  asgiref see no running loop. In a coroutine, a sync task runs in
  asgiref's thread-sensitive thread, where the ORM works. If that thread stays
  taken for a second, or is taken by a caller further up, the task gets a thread
  of its own with database connections of its own. The same holds for background
  tasks. With DJANGO_ALLOW_ASYNC_UNSAFE, foreground tasks run in place everywhere.
- **Statements that await** are coroutines: their ORM is the async one, in asgiref's
  thread, on a connection of its own. `set_autocommit(False)` in a plain cell does
  not hold for them.
- **In-memory databases** (SQLite's `:memory:`) exist once per connection: plain
  cells and what awaits share one, background tasks and the poller each see
  another. Use a file. For the same reason, a transaction that a cell holds open
  is not seen by background tasks.
- **Transactions** of the thread-sensitive thread are shared by all code there:
  run one task at a time if they matter.
- **The lens** sees what a task asks in its own context: not what a plain
  `threading.Thread` asks, nor COMMIT. Rows are those that the driver counts.
- **A dry run** does not undo sequences, caches in this process, files, sockets and
  session locks; it holds its locks until its end. On databases other than SQLite and
  PostgreSQL, errors that a task catches end its transaction as they would anywhere.
- `async_to_sync` in a sync task below a running loop starts a loop of its own:
  the cell's loop may be the one that waits. Objects bound to the cell's loop
  can't be used there.
- **An async task enqueued with `enqueue`** below a running loop runs on another
  loop, while the cell's stands still; `await task.aenqueue()` uses the cell's.
- **Interrupts and cancelling.** A coroutine is cancelled. A thread can't be
  stopped: an interrupt is raised in it at its next bytecode, at best; then the
  task is abandoned: FAILED, while its function may run on.
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
    msg = 'Django is not installed: `pip install "immediate_tasks_ipy[django]"`.'
    raise ImportError(msg, name="django") from error

from . import lens, project, synchronous
from .errors import BridgeError
from .handler import (
    adapt_django_backend,
    aliases,
    backend_for,
    is_django_task,
    prepare,
    project_backend,
)
from .inspection import Inspection
from .project_backend import ProjectBackend
from .settings import is_ready, setup
from .signals import observe, unobserve

if TYPE_CHECKING:
    from .backends import ImmediateBackendMixin

    ImmediateBackend: type[ImmediateBackendMixin]
    PackageImmediateBackend: type[ImmediateBackendMixin]

__all__ = [
    "BridgeError",
    "ImmediateBackend",
    "Inspection",
    "PackageImmediateBackend",
    "ProjectBackend",
    "adapt_django_backend",
    "aliases",
    "backend_for",
    "is_django_task",
    "is_ready",
    "lens",
    "observe",
    "prepare",
    "project",
    "project_backend",
    "setup",
    "synchronous",
    "unobserve",
]

#: The oldest Django whose signals can be sent from a loop.
_OLDEST = (5, 0)

if _django.VERSION < _OLDEST:
    msg = (
        f"Django {_django.get_version()} is too old: "
        '`pip install "immediate_tasks_ipy[django]"` brings 5.2 or later.'
    )
    raise ImportError(msg, name="django")


def __getattr__(name: str) -> Any:
    """The backends; each imports its framework only when it is asked for."""
    if name in {"ImmediateBackend", "PackageImmediateBackend"}:
        from .backends import immediate_backend_class
        from .frameworks import PACKAGE, preferred_framework

        return immediate_backend_class(
            preferred_framework() if name == "ImmediateBackend" else PACKAGE
        )
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
