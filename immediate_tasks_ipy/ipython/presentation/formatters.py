"""How results look when a cell's value is one: their card, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.task_history import Entry, Recorder
from immediate_tasks_ipy.tasks import TaskResult

from .screen import EntryView, Screen

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Django's result classes, registered by name so that nothing of Django is imported.
_BY_NAME = (("django.tasks.base", "TaskResult"), ("django_tasks.base", "TaskResult"))
#: The results of several tasks, which are imported with the first of them.
_SEVERAL = ("immediate_tasks_ipy.batches.task_results", "TaskResults")
_FORMATTERS = ("text/html", "text/plain")
_ITSELF = "ipython_display_formatter"


class ResultFormatters:
    """Formatters of one shell for results of every framework."""

    def __init__(self, shell: InteractiveShell, recorder: Recorder, screen: Screen) -> None:
        self._formatter: Any = shell.display_formatter
        self._recorder = recorder
        self._screen = screen
        self._displaced: list[tuple[Any, Any, Any]] = []

    def install(self) -> None:
        for formatter, printer in self._printers():
            self._register(formatter, TaskResult, printer)
            for module, name in _BY_NAME:
                self._register(formatter, (module, name), printer)
        self._register(getattr(self._formatter, _ITSELF), _SEVERAL, self._already_displayed)

    def uninstall(self) -> None:
        """Put back what these formatters displaced."""
        for formatter, kind, previous in reversed(self._displaced):
            registry = _registry(formatter, kind)
            if previous is None:
                registry.pop(kind, None)
            else:
                registry[kind] = previous
        self._displaced.clear()

    def _printers(self) -> list[tuple[Any, Any]]:
        html, plain = (self._formatter.formatters[mime] for mime in _FORMATTERS)
        itself = getattr(self._formatter, _ITSELF)
        return [(html, self._html), (plain, self._plain), (itself, self._already_displayed)]

    def _register(self, formatter: Any, kind: Any, printer: Any) -> None:
        registry = _registry(formatter, kind)
        self._displaced.append((formatter, kind, registry.get(kind)))
        registry[kind] = printer

    def _html(self, result: Any) -> str:
        return self._picture(result).html()

    def _plain(self, result: Any, printer: Any, cycle: bool) -> None:
        printer.text(
            repr(result) if cycle else self._picture(result).text(color=self._screen.is_colored)
        )

    def _already_displayed(self, value: Any) -> None:
        """Count as displayed what the cell has shown a card of; otherwise decline."""
        if value is not self._screen.last_displayed:
            raise NotImplementedError
        self._screen.last_displayed = None

    def _picture(self, result: Any) -> EntryView:
        entry = self._recorder.entry_of(result) or Entry(0, result, None)
        return EntryView(entry, datetime.now(UTC))


def _registry(formatter: Any, kind: Any) -> dict[Any, Any]:
    by_name: dict[Any, Any] = formatter.deferred_printers
    by_class: dict[Any, Any] = formatter.type_printers
    return by_name if isinstance(kind, tuple) else by_class
