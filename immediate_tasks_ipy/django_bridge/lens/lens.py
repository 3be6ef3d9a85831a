"""The lens: counts the queries and mails of one task, by a context variable."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from immediate_tasks_ipy.task_history.activity import Activity, Mail, Query

from .places import Place, asked_by, awaited_at, waits_at
from .statements import may_write

#: Different statements that a task's activity holds, the parameters of each, and mails.
SHAPES, SAMPLES, MAILS = 200, 3, 50
#: Characters of a statement, of its parameters, and of a mail's subject.
SQL, PARAMETERS, SUBJECT = 4000, 200, 200
#: What Django itself sends to begin, keep and undo; it is not counted.
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK TO", "BEGIN")

#: The lens of the task that this context belongs to.
current_lens: ContextVar[Lens | None] = ContextVar("immediate_tasks_ipy.lens", default=None)


class TooManyQueries(Exception):
    """The task asked its databases more often than `--max-queries` allows."""


class Lens:
    """What one task does, added to its activity; thread-safe, and bounded whatever the task does.

    The query after `max_queries` raises TooManyQueries and is not executed. `confirm_write`, if
    given, is called with a connection and each statement that may write there, before it is
    executed; what it raises keeps this one and all later ones from that.
    """

    def __init__(
        self,
        activity: Activity,
        max_queries: int | None = None,
        confirm_write: Callable[[Any, str], None] | None = None,
    ) -> None:
        self.activity = activity
        self.confirm_write = confirm_write
        self._refusal: Exception | None = None
        self._max_queries = max_queries
        self._lock = threading.Lock()
        self._shapes: dict[Any, Query] = {}
        # Its stack shows who waits, where queries run as asyncio tasks of their own (gather).
        loop = asyncio._get_running_loop()
        self._task = None if loop is None else asyncio.current_task(loop)

    def check(self, sql: str) -> None:
        """Raise TooManyQueries where the task may ask no more."""
        limit = self._max_queries
        if limit is None or sql.startswith(CONTROL) or self.activity.query_count < limit:
            return
        self.activity.query_count += 1
        raise TooManyQueries(self._too_many(limit))

    def check_write(self, sql: str, connection: Any) -> None:
        """Raise what `confirm_write` has raised, if it has, for a statement that may write."""
        if self.confirm_write is None or not may_write(sql):
            return
        if self._refusal is None:
            try:
                self.confirm_write(connection, sql)
            except Exception as refusal:
                self._refusal = refusal
                raise
        else:
            raise self._refusal

    def check_end(self) -> None:
        """Raise TooManyQueries if the task was stopped by one, and went on."""
        limit = self._max_queries
        if limit is not None and self.activity.query_count > limit:
            raise TooManyQueries(self._too_many(limit))

    def add(  # noqa: PLR0917 - called for each query
        self, alias: str, sql: str, params: Any, seconds: float, rows: int, failed: int
    ) -> None:
        """Count a statement that was executed; called by the frame that executed it."""
        if sql.startswith(CONTROL):
            return
        place, relation = asked_by(sys._getframe(2))
        if place is None:
            place = awaited_at.get() or waits_at(self._task)
        activity = self.activity
        with self._lock:
            activity.query_count += 1
            activity.seconds += seconds
            query = self._shapes.get((alias, sql, place)) or self._shape(
                alias, sql, place, relation
            )
            query.count += 1
            query.seconds += seconds
            query.slowest = max(query.slowest, seconds)
            query.rows += max(rows, 0)
            query.failed += failed
            if len(query.samples) < SAMPLES:
                query.samples.append(repr(params)[:PARAMETERS])

    def _shape(self, alias: str, sql: str, place: Place | None, relation: str | None) -> Query:
        key: Any = (alias, sql, place)
        query = Query(alias, sql[:SQL], place, relation)
        if len(self._shapes) >= SHAPES:
            key, query = None, Query("", "other statements")
            if None in self._shapes:
                return self._shapes[None]
        self._shapes[key] = query
        self.activity.queries.append(query)
        return query

    def add_mails(self, messages: list[Any]) -> None:
        """Count mails that are handed to a mailer."""
        with self._lock:
            mails = self.activity.mails
            self.activity.mail_count += len(messages)
            for message in messages[: max(0, MAILS - len(mails))]:
                recipients = tuple(map(str, message.recipients()[:20]))
                mails.append(Mail(str(message.subject)[:SUBJECT], recipients))

    def _too_many(self, limit: int) -> str:
        often = max(self.activity.queries, key=lambda query: query.count, default=None)
        most = ""
        if often is not None and often.count > 1:
            where = f" by {often.place[0]}:{often.place[1]}" if often.place else ""
            most = f"; most often ({often.count} times){where}: {often.sql[:120]}"
        return f"The task makes more queries than the {limit} that --max-queries allows{most}"


@contextmanager
def looking(lens: Lens) -> Iterator[None]:
    """Around the function of a task, in its context; tasks below have lenses of their own."""
    token = current_lens.set(lens)
    try:
        yield
    finally:
        try:
            current_lens.reset(token)
        except ValueError:  # a coroutine that is closed in another context
            current_lens.set(None)
    lens.check_end()
