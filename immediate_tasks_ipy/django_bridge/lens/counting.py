"""Rows that a database itself has counted, those of triggers and cascades included."""

from __future__ import annotations

from typing import Any

from immediate_tasks_ipy.task_history.activity import DryRunReport

#: By table: rows inserted, updated, deleted in this transaction.
Rows = dict[str, tuple[int, int, int]]

_POSTGRESQL = (
    "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables"
    " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
)


def count_rows(connection: Any) -> Rows:
    """The rows written in the open transaction; empty where the database does not count by table.

    Statements that failed and were undone are counted, too.
    """
    if connection.vendor != "postgresql":
        return {}
    with connection.connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL)
        return {name: (ins, upd, dele) for name, ins, upd, dele in cursor.fetchall()}


def compare(report: DryRunReport, connection: Any, before: Rows) -> None:
    """Add to the report what the database has counted since `before`."""
    for table, now in count_rows(connection).items():
        then = before.get(table, (0, 0, 0))
        if now != then:
            report.counted[connection.alias, table] = (
                now[0] - then[0],
                now[1] - then[1],
                now[2] - then[2],
            )
