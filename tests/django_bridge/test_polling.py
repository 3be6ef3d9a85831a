"""Results that a worker brings to an end are kept current, with real workers."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from billing import tasks
from billing.models import Invoice
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.django_bridge import polling


class Watcher:
    """An observer that remembers the statuses that were reported."""

    def __init__(self):
        self.statuses = []

    def changed(self, entry):
        if not self.statuses or self.statuses[-1] != str(entry.result.status):
            self.statuses.append(str(entry.result.status))

    def removed(self, keys):
        pass


@pytest.fixture
def watcher(recorder):
    watcher = Watcher()
    recorder.subscribe(watcher)
    return watcher


def send(recorder, alias, each, *args):
    """Send a task as `%enqueue --backend django:ALIAS` does; its entry is followed."""
    backend = django_bridge.backend_for(each, alias)
    result = backend.enqueue(each, args, {})
    entry = recorder.entry_of(result)
    assert entry.result is result, "the caller's object is the one that is kept current"
    return entry


def finished(entry):
    return lambda: entry.result.is_finished


def test_the_database_backend_is_live(recorder, watcher, invoices, database_worker, until):
    entry = send(recorder, "database", tasks.send_invoice, 1)
    until(finished(entry), "the end of the task")

    assert entry.result.return_value["invoice"] == 1
    assert watcher.statuses[0] == "READY"
    assert watcher.statuses[-1] == "SUCCESSFUL"
    assert entry.result.worker_ids
    assert entry.lifecycle[-1][0] == "SUCCESSFUL"
    assert Invoice.objects.get(pk=1).sent


def test_a_task_is_seen_running(recorder, watcher, invoices, database_worker, until):
    entry = send(recorder, "database", tasks.await_sent, 1)
    until(lambda: entry.result.status == "RUNNING", "the beginning of the task")
    Invoice.objects.filter(pk=1).update(sent=True)
    until(finished(entry), "the end of the task")

    assert watcher.statuses == ["READY", "RUNNING", "SUCCESSFUL"]


@pytest.mark.parametrize("enqueue", ["enqueue", "aenqueue", "submit"])
async def test_a_backend_that_sends_no_signal_is_followed_too(recorder, enqueue):
    quiet = {"BACKEND": "billing.quiet.QuietBackend"}
    with override_settings(TASKS={**settings.TASKS, "quiet": quiet}):
        backend = django_bridge.backend_for(tasks.add, "quiet")
        result = getattr(backend, enqueue)(tasks.add, (1, 2), {})
        if enqueue == "aenqueue":
            result = await result
        (entry,) = recorder
        assert entry.result is result
        async with asyncio.timeout(30):
            while not result.is_finished:
                await asyncio.sleep(0.02)

    assert result.status == "SUCCESSFUL"


def test_a_failure_arrives_with_its_traceback(recorder, invoices, database_worker, until):
    entry = send(recorder, "database", tasks.send_invoice, 3)
    until(finished(entry), "the end of the task")

    assert entry.result.status == "FAILED"
    assert entry.result.errors[0].exception_class is ValueError
    assert "in render" in entry.result.errors[0].traceback


def test_a_task_that_project_code_enqueued_is_followed(recorder, invoices, database_worker, until):
    tasks.archive.enqueue(7)
    (entry,) = recorder
    until(finished(entry), "the end of the task")

    assert entry.result.return_value == "archived 7"


def test_rq_is_live(recorder, watcher, rq_worker, until):
    entry = send(recorder, "rq", tasks.add, 2, 3)
    until(finished(entry), "the end of the task")

    assert entry.result.return_value == 5
    assert entry.seconds > 0
    assert watcher.statuses[-1] == "SUCCESSFUL"


def test_rq_fails_with_its_traceback(recorder, rq_worker, until):
    entry = send(recorder, "rq", tasks.fail)
    until(finished(entry), "the end of the task")

    assert entry.result.errors[0].exception_class is LookupError


def test_a_worker_that_never_comes_is_named(recorder, watcher, invoices, until, monkeypatch):
    monkeypatch.setattr(polling, "UNPICKED", 0.3)
    entry = send(recorder, "database", tasks.add, 1, 2)

    until(lambda: entry.note, "a note")

    assert entry.note.startswith("No worker has picked it up yet")
    assert entry.result.status == "READY"


def test_a_result_that_is_deleted_underneath_fails(recorder, invoices, until):
    from django_tasks_db.models import DBTaskResult

    entry = send(recorder, "database", tasks.add, 1, 2)
    seen = []
    recorder.subscribe(type("O", (), {"changed": lambda _, e: seen.append(e), "removed": None})())
    until(lambda: [one for one in polling._poller._followed.values() if one.is_known], "a query")
    DBTaskResult.objects.all().delete()
    until(finished(entry), "the end of the task")

    assert entry.result.status == "FAILED"
    assert "was deleted from the backend 'database'" in entry.result.errors[0].traceback
    assert "enqueue the task again" in entry.result.errors[0].traceback
    assert seen


def test_a_result_in_an_open_transaction_is_waited_for(
    recorder, invoices, database_worker, until, monkeypatch
):
    monkeypatch.setattr(polling, "UNPICKED", 0.3)
    monkeypatch.setattr(polling, "SETTLED", 0.0)
    with transaction.atomic():
        entry = send(recorder, "database", tasks.add, 1, 2)
        until(lambda: entry.note, "a note")
        assert "transaction" in entry.note
        assert entry.result.status == "READY"
    until(finished(entry), "the end of the task")

    assert entry.result.return_value == 3


@pytest.mark.parametrize("savepoint", [False, True])
def test_a_result_that_was_rolled_back_fails(recorder, invoices, until, monkeypatch, savepoint):
    monkeypatch.setattr(polling, "SETTLED", 0.1)
    with transaction.atomic() if savepoint else contextlib.nullcontext():
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            entry = send(recorder, "database", tasks.add, 1, 2)
            raise ZeroDivisionError
        assert entry.result.status == "READY"
    until(finished(entry), "the end of the task")

    assert entry.result.status == "FAILED"
    assert "was rolled back, and the task with it" in entry.result.errors[0].traceback
    assert entry.note is None


def test_a_result_that_is_deleted_before_it_was_read_fails(recorder, invoices, until, monkeypatch):
    from django_tasks_db.models import DBTaskResult

    monkeypatch.setattr(polling, "UNPICKED", 0.3)
    with transaction.atomic():
        entry = send(recorder, "database", tasks.add, 1, 2)
        DBTaskResult.objects.all().delete()
    entry = send(recorder, "database", tasks.add, 1, 2)
    DBTaskResult.objects.all().delete()
    until(lambda: all(each.result.is_finished for each in recorder), "the end of both")

    assert "does not know it: it was deleted" in entry.result.errors[0].traceback


def test_polling_ends_when_there_is_nothing_left(recorder, invoices, until):
    entry = send(recorder, "database", tasks.add, 1, 2)
    assert not polling._poller.is_idle

    django_bridge.unobserve(recorder)

    until(lambda: polling._poller.is_idle, "the end of the polling")
    assert entry.result.status == "READY"


def test_following_twice_is_following_once(recorder, invoices):
    entry = send(recorder, "database", tasks.add, 1, 2)
    for _ in range(3):
        polling.follow(recorder, entry)

    assert len(polling._poller._followed) == 1


def test_a_result_that_has_finished_at_no_time_is_read_once_more(recorder, watcher, until):
    halves = {"BACKEND": "billing.quiet.LateBackend"}
    with override_settings(TASKS={**settings.TASKS, "late": halves}):
        entry = send(recorder, "late", tasks.add, 1, 2)
        until(finished(entry), "the end of the task")

    assert entry.result.finished_at is not None
    assert entry.seconds >= 0


def test_a_backend_that_never_knows_when_is_believed(recorder, watcher, until):
    never = {"BACKEND": "billing.quiet.TimelessBackend"}
    with override_settings(TASKS={**settings.TASKS, "never": never}):
        entry = send(recorder, "never", tasks.add, 1, 2)
        until(finished(entry), "the end of the task")

    assert entry.result.status == "SUCCESSFUL"
    assert entry.result.finished_at is None


def test_a_worker_in_this_process_reports_by_its_signals(recorder, watcher, invoices):
    from django_tasks_db.management.commands.db_worker import Worker

    entry = send(recorder, "database", tasks.add, 1, 2)
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
    assert len(recorder) == 1
