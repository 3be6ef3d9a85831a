"""Which task an ID on a `%tasks` line means."""

from __future__ import annotations

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Entry, Recorder


def find_entry(recorder: Recorder, written: str) -> Entry:
    """The entry whose id begins with what was written, or the n-th latest for `-n`.

    Raises UsageError if there is none, or more than one.
    """
    entries = list(recorder)
    if not entries:
        msg = "There are no tasks yet: %enqueue one first"
        raise UsageError(msg)
    written = written.strip().rstrip(";…")
    if not written or written == "-1":
        return entries[-1]
    if written.startswith("-") and written[1:].isdigit():
        place = int(written[1:])
        if not 0 < place <= len(entries):
            msg = f"{written} is before the first task: there are {len(entries)}"
            raise UsageError(msg)
        return entries[-place]
    found = [entry for entry in entries if entry.result.id.startswith(written)]
    if len(found) == 1:
        return found[0]
    if not found:
        msg = f"No task's id begins with {written!r}: %tasks list shows them, -1 is the latest"
        raise UsageError(msg)
    ids = ", ".join(entry.result.id[:12] for entry in found[-3:])
    msg = f"{len(found)} tasks' ids begin with {written!r} (…{ids}): write more of it"
    raise UsageError(msg)
