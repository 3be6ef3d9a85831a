"""The console's log of a task's transitions: left out where the task's card says the same."""

from __future__ import annotations

import logging

from immediate_tasks_ipy.task_history.submission import current_submission

#: The loggers whose handlers write to the console: with DEBUG, Django's default ones do.
_LOGGERS = ("django.tasks", "django_tasks", "django", None)


class ConsoleLog(logging.Filter):
    """Keeps the records of tasks that a magic shows off the console; files and others get them."""

    def __init__(self) -> None:
        super().__init__()
        self._handlers: list[logging.Handler] = []

    def install(self) -> None:
        """Filter the console handlers that there are. Idempotent."""
        # What no logger has a handler for goes to the console, too.
        last: list[logging.Handler] = [logging.lastResort] if logging.lastResort else []
        for handlers in [last, *(logging.getLogger(name).handlers for name in _LOGGERS)]:
            for handler in handlers:
                is_console = isinstance(handler, logging.StreamHandler) and not isinstance(
                    handler, logging.FileHandler
                )
                if is_console and handler not in self._handlers:
                    handler.addFilter(self)
                    self._handlers.append(handler)

    def uninstall(self) -> None:
        for handler in self._handlers:
            handler.removeFilter(self)
        self._handlers.clear()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the console gets the record."""
        is_of_task = record.name.startswith(("django.tasks", "django_tasks"))
        return not (is_of_task and current_submission.get() is not None)
