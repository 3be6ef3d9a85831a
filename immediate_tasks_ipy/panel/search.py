"""The text of a task that a search looks at, also where its row's preview is cut."""

from __future__ import annotations

import json
import logging

from immediate_tasks_ipy.task_history import Entry

logger = logging.getLogger(__name__)


#: The fewest characters that name a task by the beginning of its id.
SHORTEST_ID = 4


def matches(entry: Entry, wanted: str) -> bool:
    """Whether a task's text contains what is wanted, casefolded, or its id begins so."""
    if len(wanted) >= SHORTEST_ID and str(entry.result.id).casefold().startswith(wanted):
        return True
    return wanted in searched_text(entry).casefold()


def searched_text(entry: Entry) -> str:
    """Name, queue, backend, status, label, values, error and output, a line each."""
    result, task = entry.result, entry.result.task
    parts = [
        str(task.name),
        str(task.queue_name),
        str(result.backend),
        str(result.status),
        entry.origin.label or "",
    ]
    try:
        parts.append(json.dumps([result.args, result.kwargs], ensure_ascii=False))
        if str(result.status) == "SUCCESSFUL":
            parts.append(json.dumps(result._return_value, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError):
        logger.debug("The values of %r can't be searched.", entry.key, exc_info=True)
    parts.extend(
        (error.traceback or "").rstrip().rpartition("\n  ")[2] for error in result.errors[-1:]
    )
    parts.append(entry.output)
    return "\n".join(parts)
