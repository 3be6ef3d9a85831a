"""Worker processes that end by themselves, in words."""

from __future__ import annotations

import signal


class WorkerDied(RuntimeError):
    """The process that ran a task has ended before the task had."""


def describe_ending(code: int | None) -> str:
    """What became of a process, by its exit code: the end of a sentence that begins with it."""
    if code is None or code >= 0:
        return f"ended itself with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "was killed (SIGKILL), as the system does when memory runs out"
    return f"crashed ({name}); its last output may say where"
