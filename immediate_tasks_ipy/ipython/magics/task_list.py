"""`%tasks list`: the latest tasks as lines, or those of one status or name."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Entry, Recorder
from immediate_tasks_ipy.tasks import TaskResultStatus

#: Tasks that are shown unless a number is given.
LISTED = 20
#: All options, for completion.
OPTIONS = ("--failed", "--running", "--status", "--name")


@dataclass(frozen=True, slots=True)
class TaskList:
    """What a `%tasks list` asks for."""

    count: int = LISTED
    status: str | None = None
    #: Those that `%tasks rerun --failed` runs: not cancelled, nor made good since.
    is_failed: bool = False
    #: A function's name, or a pattern with `*`; it may also be a part of it.
    name: str | None = None

    @classmethod
    def parse(cls, written: str) -> TaskList:
        """Raises UsageError for what it can't make sense of."""
        try:
            words = iter(shlex.split(written))
        except ValueError:
            msg = f"A quote is not closed in {written!r}."
            raise UsageError(msg) from None
        count, status, is_failed, name = LISTED, None, False, None
        for word in words:
            option, equals, value = word.partition("=")
            if word == "--failed":
                is_failed = True
            elif word == "--running":
                status = "RUNNING"
            elif option in {"--status", "--name"}:
                value = value if equals else next(words, "")
                if not value:
                    example = "failed" if option == "--status" else "fetch"
                    msg = f"{option} needs a value: %tasks list {option} {example}"
                    raise UsageError(msg)
                if option == "--name":
                    name = value
                else:
                    status = _status(value)
            elif word.isdecimal():
                count = int(word)
            else:
                msg = (
                    f"%tasks list {word}: give a number of tasks, %tasks list 50, or one of "
                    f"{', '.join(OPTIONS)}"
                )
                raise UsageError(msg)
        return cls(count, status, is_failed, name)

    def lines(self, recorder: Recorder) -> list[str]:
        """The latest tasks that match, oldest first, and how many more there are."""
        from immediate_tasks_ipy.display.text import line

        every = list(recorder)
        found = [entry for entry in every if self._matches(entry)]
        shown = found[-self.count :] if self.count > 0 else []
        now = datetime.now(UTC)
        lines = [f"{entry.result.id[:8]}  {line(entry, now=now)}" for entry in shown]
        if not every:
            lines.append("No tasks yet. Put %%enqueue above a call in a cell and run it.")
        elif not found:
            lines.append(f"None of the {len(every):,} tasks is {self._words}.")
        elif len(found) > len(shown):
            left = len(found) - len(shown)
            lines.append(f"… and {left:,} before: %tasks list {len(found)}{self._options}")
        return lines

    def _matches(self, entry: Entry) -> bool:
        if self.status is not None and entry.result.status != self.status:
            return False
        if self.is_failed and entry.outcome != "failed":
            return False
        if self.name is None:
            return True
        name = str(entry.result.task.name)
        return self.name in {name, entry.origin.label} or fnmatchcase(name, f"*{self.name}*")

    @property
    def _words(self) -> str:
        status = "FAILED" if self.is_failed else self.status or ""
        parts = [status, f"named {self.name!r}" if self.name else ""]
        return " and ".join(part for part in parts if part)

    @property
    def _options(self) -> str:
        failed = " --failed" if self.is_failed else ""
        status = f" --status {self.status.lower()}" if self.status else ""
        return failed + status + (f" --name {shlex.quote(self.name)}" if self.name else "")


def _status(written: str) -> str:
    known = [status.value for status in TaskResultStatus]
    if written.upper() not in known:
        words = ", ".join(status.lower() for status in known)
        msg = f"--status {written!r} is none: there are {words}"
        raise UsageError(msg)
    return written.upper()
