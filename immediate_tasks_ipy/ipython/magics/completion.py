"""Tab after `%enqueue` and `%tasks`: options, backends, queues, task names, ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from immediate_tasks_ipy.ipython.planning.option_parser import option_strings
from immediate_tasks_ipy.ipython.planning.options import DISPLAYS
from immediate_tasks_ipy.ipython.planning.targets import task_names
from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks import task_backends

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .enqueue import EnqueueMagics
    from .tasks import TasksMagics

_ENQUEUE = re.compile(r"(?:^|=)\s*%{1,2}enqueue\s+(.*)$")
_TASKS = re.compile(r"(?:^|=)\s*%tasks\s+(?:(\w+)\s+(?:.*\s)?)?(\S*)$")
#: The end of a line on which the items of `--each` are being named.
_ITEMS = re.compile(r"""--each(?:\s+|=)(?:(['"])(?:(?!\1).)*\bin\s+|['"]?)([\w.]*)$""")
#: Options of subcommands, but those of `list`, which are its own.
_OPTIONS = {"rerun": ("--failed",), "export": ("--force",)}
#: Subcommands that take an id.
_BY_ID = frozenset({"show", "rerun", "cancel", "debug", "value", "wait"})


class Completion:
    """One matcher in the shell's completer."""

    def __init__(
        self,
        shell: InteractiveShell,
        magics: EnqueueMagics,
        tasks_magics: TasksMagics,
        recorder: Recorder,
    ) -> None:
        self._shell = shell
        self._magics = magics
        self._tasks = tasks_magics
        self._recorder = recorder

        @context_matcher()
        def immediate_tasks_matcher(context: CompletionContext) -> Any:
            return {
                "completions": [SimpleCompletion(text) for text in self.matches(context)],
                "suppress": False,
            }

        self._matcher = immediate_tasks_matcher

    def install(self) -> None:
        self._completer.custom_matchers.append(self._matcher)

    def uninstall(self) -> None:
        matchers = self._completer.custom_matchers
        matchers[:] = [matcher for matcher in matchers if matcher is not self._matcher]

    @property
    def _completer(self) -> Any:
        return self._shell.Completer

    def matches(self, context: CompletionContext) -> list[str]:
        """What can stand where the cursor is."""
        line = context.line_with_cursor[: context.cursor_position]
        if (match := _TASKS.search(line)) is not None:
            subcommand, word = (match[1] or "").strip(), match[2]
            candidates: Iterable[str] = self._tasks.subcommands
            if subcommand:
                candidates = _options(subcommand) if word.startswith("-") else []
                candidates += self._ids() if subcommand in _BY_ID else []
        elif (match := _ENQUEUE.search(line)) and (items := _ITEMS.search(match[1])):
            word, candidates = items[2], self._variables()
        elif (match := _ENQUEUE.search(line)) is not None:
            before, _, word = match[1].rpartition(" ")
            candidates = self._after(before.rpartition(" ")[2] or before, word)
        else:
            return []
        # The completer replaces its own token, which may begin within the word.
        kept = len(word) - len(context.token) if word.endswith(context.token) else 0
        return [text[kept:] for text in candidates if text.startswith(word)]

    def _variables(self) -> list[str]:
        """Variables of the notebook that may hold items: no functions, modules or classes."""
        hidden = getattr(self._shell, "user_ns_hidden", {})
        return [
            name
            for name, value in list(self._shell.user_ns.items())
            if not name.startswith("_") and name not in hidden
            and not isinstance(value, ModuleType | type | FunctionType | BuiltinFunctionType)
        ]  # fmt: skip

    def _ids(self) -> list[str]:
        return [entry.result.id for entry in self._recorder][::-1]

    def _after(self, previous: str, word: str) -> Iterable[str]:
        if previous in {"-b", "--backend"}:
            from .project_tasks import project_aliases

            return [*task_backends, *project_aliases()]
        if previous in {"-q", "--queue"}:
            return sorted(
                {
                    queue
                    for backend in task_backends.all(initialized_only=True)
                    for queue in backend.queues
                }
            )
        if previous == "--display":
            return DISPLAYS
        if word.startswith("-"):
            return option_strings(self._magics.parser)
        from .project_tasks import imported_task_names

        return [*task_names(self._shell.user_ns), *imported_task_names()]


def _options(subcommand: str) -> list[str]:
    if subcommand == "list":
        from .task_list import OPTIONS

        return [*OPTIONS]
    return [*_OPTIONS.get(subcommand, ())]
