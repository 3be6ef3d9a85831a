"""Django's synchronous ORM in plain cells and in the callbacks of widgets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Messages of widgets, whose handlers are the notebook's own synchronous code.
_COMMS = ("comm_open", "comm_msg")


class SynchronousCells:
    """Marks what a shell executes without awaiting as synchronous, for Django."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._handlers: dict[str, Callable[..., Any]] = {}
        #: Is it in place?
        self.is_installed = False

    def install(self) -> None:
        """Begin with the statement after the one that is executed now. Idempotent."""
        if self.is_installed:
            return
        self.is_installed = True
        from immediate_tasks_ipy.django_bridge import synchronous

        synchronous.hide_loops()
        original = self._shell.run_code

        async def run_code(code_obj: Any, result: Any = None, *, async_: bool = False) -> Any:
            __tracebackhide__ = True
            if async_:
                return await original(code_obj, result, async_=True)
            with synchronous.synchronous_code():
                # It never suspends.
                return await original(code_obj, result, async_=False)

        self._shell.run_code = run_code
        handlers = getattr(getattr(self._shell, "kernel", None), "shell_handlers", {})
        for name in _COMMS:
            if name in handlers:
                self._handlers[name] = handlers[name]
                handlers[name] = _synchronous(handlers[name])

    def uninstall(self) -> None:
        """Leave shell, Django and asgiref as they were."""
        if not self.is_installed:
            return
        self.is_installed = False
        from immediate_tasks_ipy.django_bridge import synchronous

        self._shell.__dict__.pop("run_code", None)
        if self._handlers:
            self._shell.kernel.shell_handlers.update(self._handlers)
            self._handlers.clear()
        synchronous.show_loops()


def synchronous_code() -> AbstractContextManager[None]:
    """Around synchronous code that a magic calls on a running loop: Django works in it."""
    if "immediate_tasks_ipy.django_bridge" not in sys.modules:
        return nullcontext()
    from immediate_tasks_ipy.django_bridge import synchronous

    return synchronous.synchronous_code()


def _synchronous(handler: Callable[..., Any]) -> Callable[..., Any]:
    def handle(*args: Any, **kwargs: Any) -> Any:
        with synchronous_code():
            return handler(*args, **kwargs)

    return handle
