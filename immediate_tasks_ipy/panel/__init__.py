"""The live panel: one widget per notebook that shows the tasks of a history as they run.

Nothing here imports a widget library until `TaskPanel` is asked for.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .actions import PanelActions

if TYPE_CHECKING:
    from .widget import TaskPanel

__all__ = ["PanelActions", "TaskPanel"]


def __getattr__(name: str) -> Any:
    if name == "TaskPanel":
        from .widget import TaskPanel

        return TaskPanel
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


class _CallableModule(ModuleType):
    """`immediate_tasks_ipy.panel` is a function; importing this module takes its name."""

    def __call__(self) -> TaskPanel:
        from immediate_tasks_ipy.api.panel import panel

        return panel()


sys.modules[__name__].__class__ = _CallableModule
