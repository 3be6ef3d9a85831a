"""Queries, mails and dry run of a task, as the panel's detail gets them."""

from __future__ import annotations

import linecache
from typing import Any

from immediate_tasks_ipy.display.activity import ROLLED_BACK, dry_run_lines, place_text
from immediate_tasks_ipy.panel.rows import cut, sendable
from immediate_tasks_ipy.task_history.activity import Activity, Query


def activity_payload(activity: Activity, *, finished: bool) -> dict[str, Any]:
    """`queries`, `mails` and `dryRun`, each only where there is something to show; all JSON.

    Queries come in the order in which each was first asked; times are in milliseconds. A dry run
    is there once it was rolled back.
    """
    payload: dict[str, Any] = {}
    if activity.query_count:
        queries = list(activity.queries)
        payload["queries"] = {
            "count": activity.query_count,
            "ms": _ms(activity.seconds),
            "duplicates": activity.duplicates,
            "notRecorded": activity.query_count - sum(query.count for query in queries),
            "list": [_query(query) for query in queries],
        }
    if activity.mail_count:
        payload["mails"] = {
            "count": activity.mail_count,
            "sent": activity.dry_run is None,
            "list": [
                [sendable(mail.subject), sendable(", ".join(mail.recipients))]
                for mail in list(activity.mails)
            ],
        }
    if finished and activity.dry_run is not None:
        payload["dryRun"] = {
            "say": ROLLED_BACK,
            "parts": [
                [kind, [sendable(line) for line in lines]]
                for kind, lines in dry_run_lines(activity.dry_run)
            ],
        }
    return payload


def _query(query: Query) -> dict[str, Any]:
    source = linecache.getline(*query.place[:2]).strip() if query.place else ""
    return {
        "sql": sendable(cut(query.sql, 4000)),
        "database": sendable(query.alias),
        "count": query.count,
        "ms": _ms(query.seconds),
        "slowestMs": _ms(query.slowest),
        "rows": query.rows,
        "failed": query.failed,
        "place": sendable(place_text(query)),
        "line": query.place[1] if query.place else None,
        "source": sendable(cut(source, 200)),
        "advice": sendable(query.advice or ""),
        "parameters": [sendable(sample) for sample in list(query.samples)],
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
