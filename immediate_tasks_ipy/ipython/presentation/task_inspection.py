"""`mytask?`: the signature and the docstring of a task's function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.notebook_task import wrapped_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


class TaskInspection:
    """Has a shell's inspector look through a task at its function."""

    def __init__(self, shell: InteractiveShell, is_task: Callable[[Any], bool]) -> None:
        self._shell = shell
        self._is_task = is_task
        self._inspector: Any = None

    def install(self) -> None:
        """Also when it is installed: another inspector is made when the colours change."""
        inspector: Any = self._shell.inspector
        if inspector is self._inspector:
            return
        self._inspector = inspector
        info = inspector.info

        def info_of_function(obj: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._is_task(obj):
                return info(obj, *args, **kwargs)
            found = info(wrapped_target(obj.func), *args, **kwargs)
            return {**found, "type_name": type(obj).__name__, "base_class": str(type(obj))}

        inspector.info = info_of_function

    def uninstall(self) -> None:
        if self._inspector is not None:
            vars(self._inspector).pop("info", None)
            self._inspector = None
