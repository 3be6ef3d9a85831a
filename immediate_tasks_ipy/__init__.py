"""Tasks in the notebook: `%load_ext immediate_tasks_ipy`, then `%%enqueue` a cell and watch it run.

The task framework is `immediate_tasks_ipy.tasks`, with the names and the
semantics of Django's `django.tasks`. This module holds what a notebook needs
beside it; everything is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .api.card import card
    from .api.launch import background, each
    from .api.panel import panel
    from .batches import TaskResults
    from .task_history import TaskHistory
    from .task_history.cancel import cancel
    from .task_history.rerun import rerun
    from .task_history.waiting import wait
    from .tasks.progress import progress, track

    #: What happened to the tasks of this session.
    history: TaskHistory

__all__ = [
    "TaskResults",
    "__version__",
    "background",
    "cancel",
    "card",
    "each",
    "history",
    "load_ipython_extension",
    "panel",
    "progress",
    "rerun",
    "track",
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


#: Public names by the module that defines them.
_MODULES = {
    "progress": "tasks.progress",
    "track": "tasks.progress",
    "TaskResults": "batches",
    "background": "api.launch",
    "cancel": "task_history.cancel",
    "card": "api.card",
    "each": "api.launch",
    "panel": "api.panel",
    "rerun": "task_history.rerun",
    "wait": "task_history.waiting",
}


def __getattr__(name: str) -> Any:
    if name == "history":
        from .task_history.current import current_history

        return current_history()
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
