"""A dry run: everything a task writes in one transaction per database, rolled back at its end.

Each transaction begins when the task's context first has its connection: at once on those that
are open, with `connection_created` on others, so that no database is opened for nothing. It is
marked as TestCase marks its own, which lets `durable=True` nest. What is not undone: sequences,
caches in this process, session locks, files and sockets (which are reported, as far as Python
sees them). Locks are held until the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from immediate_tasks_ipy.task_history.activity import DryRunReport

from . import outside
from .counting import compare, count_rows
from .lens import CONTROL
from .statements import changes_schema, ends_transaction, rows_of, written_table

#: Warnings, callbacks and enqueued tasks of one run that are kept.
MOST = 50

#: The dry run that this context belongs to.
current_dry_run: ContextVar[DryRun | None] = ContextVar("immediate_tasks_ipy.dry_run", default=None)
#: The dry runs of all threads, for what is executed outside their contexts; replaced, not changed.
_running: tuple[DryRun, ...] = ()
_lock = threading.Lock()


class DryRunRefused(Exception):
    """Going on would leave something behind that no rollback undoes."""


class _Guarded(NamedTuple):
    """A connection's transaction, and how things stood when it began; None while it begins."""

    atomic: Any
    thread: int
    callbacks: int | None
    blocks: int
    rows: Any


class DryRun:
    """One dry run; `begin` and `end` in the thread whose connections the task uses."""

    def __init__(self, report: DryRunReport) -> None:
        self.report = report
        self._guarded: dict[BaseDatabaseWrapper, _Guarded] = {}

    def begin(self) -> None:
        """Begin on the connections that are open here; before the context is marked."""
        global _running
        outside.install(_on_outside)
        for connection in connections.all(initialized_only=True):
            if connection.connection is not None:
                self.guard(connection)
        with _lock:
            _running += (self,)

    def end(self) -> None:
        """Roll all of it back, whatever the task has come to."""
        global _running
        with _lock:
            _running = tuple(run for run in _running if run is not self)
        for connection, guarded in self._guarded.items():
            vars(connection).pop("close", None)
            vars(connection).pop("close_if_unusable_or_obsolete", None)
            if guarded.thread == threading.get_ident():
                self._undo(connection, guarded)
            else:
                _abandon(connection)
        self._guarded.clear()

    def guard(self, connection: BaseDatabaseWrapper) -> None:
        """Begin, before anything of the task is executed there."""
        if connection in self._guarded:
            return
        atomic = transaction.atomic(using=connection.alias)
        atomic._from_testcase = True
        thread = threading.get_ident()
        self._guarded[connection] = _Guarded(atomic, thread, None, 0, None)
        atomic.__enter__()
        callbacks, blocks = len(connection.run_on_commit), len(connection.atomic_blocks)
        rows = count_rows(connection)
        self._guarded[connection] = _Guarded(atomic, thread, callbacks, blocks, rows)
        # `close_old_connections()` closes whatever is in a transaction.
        connection.close_if_unusable_or_obsolete = connection.close = _stay_open

    # -- while it runs -----------------------------------------------------------

    def execute(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Execute a statement of the task. Raises DryRunRefused for what can't be undone."""
        connection = context["connection"]
        guarded = self._check(sql, connection)
        if guarded.callbacks is None:
            return execute(sql, params, many, context)  # SQLite's own BEGIN
        result = self._alone(execute, sql, connection, guarded)(sql, params, many, context)
        written = written_table(sql)
        if written is not None:
            key = (connection.alias, *written)
            statements, rows = self.report.written.get(key, (0, 0))
            rows += rows_of(sql, context["cursor"].rowcount)
            self.report.written[key] = (statements + 1, rows)
        return result

    def add_enqueue(self, call: str) -> None:
        """A task that the task would have enqueued."""
        if len(self.report.enqueued) < MOST:
            self.report.enqueued.append(call)

    def warn(self, sentence: str) -> None:
        """Something that differs from a real run, or is not undone."""
        if len(self.report.warnings) < MOST:
            self.report.warnings[sentence[:300]] = None

    def _check(self, sql: str, connection: BaseDatabaseWrapper) -> _Guarded:
        guarded = self._guarded.get(connection)
        if guarded is None:
            msg = (
                f"A dry run can't undo what is done on {connection.alias!r} by a connection that "
                "another thread had open: run the task for real, or without that thread."
            )
            raise DryRunRefused(msg)
        if guarded.callbacks is None:
            return guarded
        if ends_transaction(sql):
            msg = f"A dry run can't undo this: the task ends transactions itself, by {sql[:80]!r}."
            raise DryRunRefused(msg)
        if changes_schema(sql) and not connection.features.can_rollback_ddl:
            msg = f"A dry run can't undo this: {connection.vendor} commits before {sql[:80]!r}."
            raise DryRunRefused(msg)
        if "FOR UPDATE" in sql and len(connection.atomic_blocks) == guarded.blocks == 1:
            self.warn("select_for_update outside of atomic(): a real run raises an error there")
        return guarded

    def _alone(
        self,
        execute: Callable[..., Any],
        sql: str,
        connection: BaseDatabaseWrapper,
        guarded: _Guarded,
    ) -> Callable[..., Any]:
        """Outside of the task's own atomic blocks, a statement that fails undoes itself alone."""
        if len(connection.atomic_blocks) > guarded.blocks:
            return execute
        connection.needs_rollback = False  # an error that the task has caught
        if connection.vendor != "postgresql" or sql.startswith(CONTROL):
            return execute  # elsewhere a transaction outlives the error of a statement

        def execute_alone(*given: Any) -> Any:
            _send(connection, "SAVEPOINT immediate_tasks_dry_run")
            try:
                result = execute(*given)
            except Exception:
                _send(connection, "ROLLBACK TO SAVEPOINT immediate_tasks_dry_run")
                raise
            _send(connection, "RELEASE SAVEPOINT immediate_tasks_dry_run")
            return result

        return execute_alone

    # -- at its end --------------------------------------------------------------

    def _undo(self, connection: BaseDatabaseWrapper, guarded: _Guarded) -> None:
        report = self.report
        if guarded.callbacks is not None:
            connection.needs_rollback = False
            try:
                connection.check_constraints()
            except Exception as error:
                report.broken.append(" ".join(str(error).split())[:300])
            else:
                compare(report, connection, guarded.rows)
        callbacks = connection.run_on_commit[guarded.callbacks or 0 :]
        report.on_commit += [_name(entry[1]) for entry in callbacks][: MOST - len(report.on_commit)]
        connection.needs_rollback = True
        guarded.atomic.__exit__(None, None, None)


def on_connection(connection: BaseDatabaseWrapper) -> None:
    """Guard a connection that the task of a dry run has just opened."""
    dry_run = current_dry_run.get()
    if dry_run is not None:
        dry_run.guard(connection)


def check_statement(sql: Any) -> None:
    """Warn of a statement of no task: a dry run that runs meanwhile may be its cause."""
    if written_table(str(sql)) is not None:
        for dry_run in _running:
            dry_run.warn(
                "something else wrote meanwhile, which is not undone: another cell, or a thread "
                "that the task started"
            )


def _on_outside(what: str) -> None:
    dry_run = current_dry_run.get()
    if dry_run is not None:
        dry_run.warn(f"not undone: {what}")


def _stay_open() -> None:
    """As a connection's `close` during a dry run."""


def _abandon(connection: BaseDatabaseWrapper) -> None:
    """Close another thread's connection, which rolls back; it is as if never opened."""
    connection.inc_thread_sharing()
    connection.close()
    connection.in_atomic_block = connection.closed_in_transaction = False
    connection.needs_rollback, connection.connection = False, None
    connection.atomic_blocks, connection.savepoint_ids = [], []
    connection.dec_thread_sharing()


def _send(connection: BaseDatabaseWrapper, sql: str) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(sql)
    cursor.close()


def _name(function: Any) -> str:
    """A callback of `on_commit`, as a call."""
    inner = getattr(function, "func", function)
    owner: Any = getattr(inner, "__self__", None)
    name = getattr(inner, "__qualname__", None) or repr(inner)
    if hasattr(owner, "module_path"):  # a bound method of a task
        name = f"{owner.module_path}.{inner.__name__}"
    given = ", ".join(map(repr, getattr(function, "args", ())))
    return f"{name}({given})"[:300]
