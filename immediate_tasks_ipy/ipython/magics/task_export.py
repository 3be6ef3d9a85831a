"""`%tasks export FILE`: the history written to a file."""

from __future__ import annotations

import shlex

from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import Recorder


def export_to(recorder: Recorder, written: str) -> str:
    """Write all tasks to the file that is named, and say so. Raises UsageError."""
    from immediate_tasks_ipy.task_history.export import export

    try:
        words = shlex.split(written)
    except ValueError:
        msg = f"A quote is not closed in {written!r}."
        raise UsageError(msg) from None
    force = "--force" in words
    paths = [word for word in words if word != "--force"]
    if len(paths) != 1:
        msg = "%tasks export takes one file: %tasks export tasks.jsonl, or tasks.csv"
        raise UsageError(msg)
    try:
        count = export(recorder, paths[0], force=force)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from None
    return f"{count:,} tasks written to {paths[0]}"
