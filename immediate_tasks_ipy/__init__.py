"""Tasks in the notebook: `%load_ext immediate_tasks_ipy`, then `%%enqueue` a cell and watch it run.

The task framework is `immediate_tasks_ipy.tasks`, with the names and the
semantics of Django's `django.tasks`. This module holds what a notebook needs
beside it; everything is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .task_history import TaskHistory
    from .task_history.actions import cancel, rerun
    from .task_history.waiting import wait

    #: What happened to the tasks of this session.
    history: TaskHistory

__all__ = [
    "__version__",
    "cancel",
    "history",
    "load_ipython_extension",
    "rerun",
    "unload_ipython_extension",
    "wait",
]

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext immediate_tasks_ipy`: add the magics to this shell."""
    from .ipython.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext immediate_tasks_ipy`: leave the shell as it was found."""
    from .ipython.extension import unload

    unload(shell)


def __getattr__(name: str) -> Any:
    if name == "history":
        from .task_history.current import current_history

        return current_history()
    if name == "wait":
        from .task_history.waiting import wait

        return wait
    if name in {"cancel", "rerun"}:
        from .task_history import actions

        return getattr(actions, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
