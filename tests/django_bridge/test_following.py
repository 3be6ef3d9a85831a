"""Results that a worker brings to an end are kept current, with real workers."""

from __future__ import annotations

import contextlib

import pytest
from billing import tasks
from billing.models import Invoice
from django.db import connection, transaction

from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.django_bridge import follower


class Watcher:
    """An observer that remembers the statuses it was told of, and the threads."""

    def __init__(self):
        self.statuses = []

    def changed(self, entry):
        if not self.statuses or self.statuses[-1] != str(entry.result.status):
            self.statuses.append(str(entry.result.status))

    def removed(self, keys):
        pass


@pytest.fixture
def watcher(history):
    watcher = Watcher()
    history.subscribe(watcher)
    return watcher


def send(history, alias, each, *args):
    """Send a task as `%enqueue --backend django:ALIAS` does, and follow it."""
    backend = django_bridge.backend_for(each, alias)
    result = backend.enqueue(each, args, {})
    entry = history.entry_of(result)
    assert entry.result is result, "the caller's object is the one that is kept current"
    django_bridge.follow(history, entry)
    return entry


def finished(entry):
    return lambda: entry.result.is_finished


def test_the_database_backend_is_live(history, watcher, invoices, database_worker, until):
    entry = send(history, "database", tasks.send_invoice, 1)
    until(finished(entry), "the end of the task")

    assert entry.result.return_value["invoice"] == 1
    assert watcher.statuses[0] == "READY"
    assert watcher.statuses[-1] == "SUCCESSFUL"
    assert entry.result.worker_ids
    assert entry.lifecycle[-1][0] == "SUCCESSFUL"
    assert Invoice.objects.get(pk=1).sent


def test_a_task_is_seen_running(history, watcher, invoices, database_worker, until):
    entry = send(history, "database", tasks.take, 1)
    until(finished(entry), "the end of the task")

    assert watcher.statuses == ["READY", "RUNNING", "SUCCESSFUL"]


def test_a_failure_arrives_with_its_traceback(history, invoices, database_worker, until):
    entry = send(history, "database", tasks.send_invoice, 3)
    until(finished(entry), "the end of the task")

    assert entry.result.status == "FAILED"
    assert entry.result.errors[0].exception_class is ValueError
    assert "in render" in entry.result.errors[0].traceback


def test_whoever_enqueues_is_followed(history, invoices, database_worker, until):
    tasks.archive.enqueue(7)
    (entry,) = history
    until(finished(entry), "the end of the task")

    assert entry.result.return_value == "archived 7"


def test_rq_is_live(history, watcher, rq_worker, until):
    entry = send(history, "rq", tasks.add, 2, 3)
    until(finished(entry), "the end of the task")

    assert entry.result.return_value == 5
    assert entry.seconds > 0
    assert watcher.statuses[-1] == "SUCCESSFUL"


def test_rq_fails_with_its_traceback(history, rq_worker, until):
    entry = send(history, "rq", tasks.fail)
    until(finished(entry), "the end of the task")

    assert entry.result.errors[0].exception_class is LookupError


def test_a_worker_that_never_comes_is_named(history, watcher, invoices, until, monkeypatch):
    monkeypatch.setattr(follower, "UNPICKED", 0.3)
    entry = send(history, "database", tasks.add, 1, 2)

    until(lambda: entry.note, "a note")

    assert entry.note.startswith("No worker has picked it up yet")
    assert entry.result.status == "READY"


def test_a_result_that_is_deleted_underneath_fails(history, invoices, until):
    from django_tasks_db.models import DBTaskResult

    entry = send(history, "database", tasks.add, 1, 2)
    seen = []
    history.subscribe(type("O", (), {"changed": lambda _, e: seen.append(e), "removed": None})())
    until(lambda: follower._follower._queue and follower._follower._queue[0].seen, "a first look")
    DBTaskResult.objects.all().delete()
    until(finished(entry), "the end of the task")

    assert entry.result.status == "FAILED"
    assert "was deleted from the backend 'database'" in entry.result.errors[0].traceback
    assert "enqueue the task again" in entry.result.errors[0].traceback
    assert seen


def test_a_result_in_an_open_transaction_is_waited_for(history, invoices, until, monkeypatch):
    monkeypatch.setattr(follower, "UNPICKED", 0.3)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        entry = send(history, "database", tasks.add, 1, 2)
        until(lambda: entry.note, "a note")
        assert "transaction" in entry.note
        raise ZeroDivisionError

    assert entry.result.status == "READY"
    assert connection.connection is not None


def test_the_follower_ends_when_there_is_nothing_left(history, invoices, until):
    entry = send(history, "database", tasks.add, 1, 2)
    until(lambda: follower._follower._thread, "the follower's thread")

    django_bridge.unobserve(history)

    until(lambda: follower._follower._thread is None, "the end of the follower's thread")
    assert entry.result.status == "READY"


def test_following_twice_is_following_once(history, invoices):
    entry = send(history, "database", tasks.add, 1, 2)
    for _ in range(3):
        django_bridge.follow(history, entry)

    assert len(follower._follower._keys) == 1


def test_a_worker_in_this_process_is_heard_by_its_signals(history, watcher, invoices):
    from django_tasks_db.management.commands.db_worker import Worker

    entry = send(history, "database", tasks.add, 1, 2)
    Worker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="database",
        startup_delay=False,
        max_tasks=None,
        worker_id="here",
    ).run()

    assert entry.result.return_value == 3
    assert len(history) == 1
