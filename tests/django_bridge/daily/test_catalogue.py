"""`%tasks available`, `%tasks stored`, `%tasks backends`, and task paths on Tab."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.parametrize("kernel", ["sqlite", "postgresql"], indirect=True)


def test_available_lists_the_projects_tasks(kernel):
    listed = kernel.run("%tasks available").stream()

    assert "shop.tasks.make(name)" in listed
    assert "Add a customer." in listed
    assert "async" in next(line for line in listed.splitlines() if "tasks.amake(" in line)
    remind = next(line for line in listed.splitlines() if "tasks.remind(" in line)
    assert "queue mail" in remind
    assert "priority +5" in remind
    assert "helper" not in listed
    assert "bill_at_once" in kernel.run("%tasks available at once").stream()
    assert "None of" in kernel.run("%tasks available nowhere").stream()


def test_backends_tells_what_the_projects_can_do(kernel):
    listed = kernel.run("%tasks backends").stream()

    database = next(line for line in listed.splitlines() if "django:database" in line)
    assert "DatabaseBackend" in database
    assert "get_result" in database
    gone = next(line for line in listed.splitlines() if "django:gone" in line)
    assert "no.such.Backend" in gone


def test_task_paths_and_aliases_are_completed(kernel):
    def complete(code):
        identity = kernel.client.complete(code, len(code))
        while True:
            reply = kernel.client.get_shell_msg(timeout=60)
            if reply["parent_header"]["msg_id"] == identity:
                return reply["content"]["matches"]

    assert "shop.tasks.bill_at_once" in "\n".join(complete("%enqueue shop.tasks.bill_"))
    assert "database" in complete("%enqueue -b django:d")


@pytest.fixture
def stored(empty):
    cell = (
        "from django_tasks_db.models import DBTaskResult\n"
        "DBTaskResult.objects.all().delete()\n"
        "tasks.make.using(backend='database').enqueue('queued')\n"
        "row = DBTaskResult.objects.get()\n"
    )
    ran = empty.run(cell)
    assert ran.ok, ran.error
    yield empty
    # Or `%tasks wait` of other tests would wait for a worker.
    ran = empty.run("DBTaskResult.objects.all().delete();")
    assert ran.ok, ran.error


def test_stored_lists_rows_of_other_processes(stored):
    listed = stored.run("%tasks stored").stream()

    assert "READY" in listed
    assert "shop.tasks.make" in listed
    assert "READY" in stored.run("%tasks stored database").stream()
    assert "No results are stored" in stored.run("%tasks stored --failed").stream()
    assert "no backend 'nowhere'" in stored.run("%tasks stored nowhere").refusal
    refused = stored.run("%enqueue tasks.make(row)").refusal
    assert "is a django_tasks_db.DBTaskResult, which JSON can't hold: pass `….pk`" in refused


def test_a_stored_task_is_run_here_once(stored):
    identity = stored.value("str(row.pk)[:8]").strip("'")
    ran = stored.run(f"%tasks stored --run {identity}")

    assert ran.ok, ran.error
    assert "SUCCESSFUL" in ran.html
    assert stored.value("DBTaskResult.objects.get().status") == "'SUCCESSFUL'"
    assert stored.value("Customer.objects.count()") == "1"


def test_a_task_that_a_worker_has_is_not_run(stored):
    identity = stored.value("str(row.pk)[:8]").strip("'")
    stored.run("DBTaskResult.objects.update(status='RUNNING')")

    assert "a worker has it" in stored.run(f"%tasks stored --run {identity}").refusal
    assert stored.value("Customer.objects.count()") == "0"


def test_a_stored_task_is_sent_again(stored):
    identity = stored.value("str(row.pk)[:8]").strip("'")
    ran = stored.run(f"%tasks stored --send {identity}")

    assert ran.ok, ran.error
    assert stored.value("DBTaskResult.objects.count()") == "2"


def test_bad_input_is_answered_by_a_sentence(stored):
    assert "no stored results" in stored.run("%tasks stored --run ffffffffffff").refusal
    assert "leave one out" in stored.run("%tasks stored --run a --send b").refusal
    assert "at least 1" in stored.run("%tasks stored --limit 0").refusal
