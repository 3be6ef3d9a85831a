"""How many connections tasks leave open: one, that of the thread that they ran in."""

from __future__ import annotations

import os

import pytest

# In memory there is one for both.
pytestmark = pytest.mark.parametrize("kernel", ["sqlite", "postgresql"], indirect=True)

#: Tasks of each kind; 500 by hand, which shows no more.
COUNT = int(os.environ.get("SHOP_TASKS", "20"))

EACH = f"for _ in range({COUNT}):\n    "
KINDS = {
    "plain enqueue": EACH + "tasks.count.enqueue()",
    "plain enqueue of an async one": EACH + "tasks.acount.enqueue()",
    "await aenqueue": EACH + "await tasks.acount.aenqueue()",
    "await aenqueue of a sync one": EACH + "await tasks.count.aenqueue()",
    "gathered": (
        f"import asyncio\nawait asyncio.gather(*(tasks.acount.aenqueue() for _ in range({COUNT})));"
    ),
    "a magic each": EACH + "%enqueue --display none tasks.count()",
    "in the background": EACH + "%enqueue --display none --background tasks.count()",
    "async in the background": EACH + "%enqueue --display none --background tasks.acount()",
    "a batch": f"%enqueue --each '_ in range({COUNT})' tasks.count()",
    "a batch of async ones": f"%enqueue --each '_ in range({COUNT})' tasks.acount()",
    "a batch in threads": f"%enqueue --concurrency 8 --each '_ in range({COUNT})' tasks.count()",
    "dry runs": f"%enqueue --dry-run --each '_ in range({COUNT})' tasks.count()",
    "dry runs of async ones": f"%enqueue --dry-run --each '_ in range({COUNT})' tasks.acount()",
    "sent to a queue": (
        f"%enqueue -o sent -b django:database --each '_ in range({COUNT})' tasks.count()"
    ),
}
FUNCTIONS = """
import psutil
from django.db import connections
def open_connections():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        name = str(database["NAME"])
        return sum(file.path == name for file in psutil.Process().open_files())
    import psycopg
    host, port, user = database["HOST"], database["PORT"], database["USER"]
    with psycopg.connect(host=host, port=port, user=user, dbname="postgres") as watching:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'"
        return watching.execute(asked).fetchone()[0]
"""
#: The cells' thread, and that of what awaits.
CLOSE = (
    "connections.close_all()",
    "from asgiref.sync import sync_to_async\nawait sync_to_async(connections.close_all)()",
)


@pytest.mark.parametrize("kind", KINDS)
def test_no_task_leaves_a_connection_behind(empty, kind):
    if empty.run("open_connections").error:
        assert empty.run(FUNCTIONS).ok
    for close in CLOSE:
        assert empty.run(close).ok
    empty.wait_for(lambda: empty.value("open_connections()") == "0")
    ran = empty.run(KINDS[kind])
    assert ran.ok, ran.error
    if kind == "sent to a queue":
        assert empty.value("{str(result.status) for result in sent}") == "{'READY'}"
        # As a worker would leave them, in the thread that has sent them.
        ended = empty.run(
            "from django.utils.timezone import now\n"
            "from django_tasks_db.models import DBTaskResult\n"
            "await DBTaskResult.objects.aupdate(\n"
            "    status='SUCCESSFUL', return_value=1, started_at=now(), finished_at=now()\n"
            ");"
        )
        assert ended.ok, ended.error
    empty.run("%tasks wait")
    if kind != "sent to a queue":
        listed = empty.run(f"%tasks list {COUNT}").stream()
        assert listed.count("SUCCESSFUL") == COUNT, listed

    # A thread gives its connection back just after its task has finished.
    empty.wait_for(lambda: int(empty.value("open_connections()")) <= 1)
