"""One Django project for these tests, set up in this process, and the services beside it.

Django can be set up once in a process: whatever else it runs must do without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.services import PATIENCE, free_port, redis_server, require

PROJECT = Path(__file__).parent / "project"
django = pytest.importorskip("django", reason="Django is not installed")
pytest.importorskip("django.apps")

#: Django's own tasks need Python 3.12: before, there is no second framework to stand beside.
collect_ignore = [] if find_spec("django.tasks") else ["test_both_frameworks.py"]

# Asked of the process, not of its environment, which the workers of a parallel run inherit.
if not django.apps.apps.ready:
    os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
    os.environ["INVOICES_DB"] = str(Path(tempfile.mkdtemp(prefix="invoices-")) / "db.sqlite3")
    os.environ["REDIS_PORT"] = str(free_port())
    sys.path.insert(0, str(PROJECT))
    django.setup()


@pytest.fixture(scope="session")
def database():
    """Make the tables, in a file; remove it at the end."""
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    yield
    connections.close_all()
    shutil.rmtree(Path(os.environ["INVOICES_DB"]).parent, ignore_errors=True)


@pytest.fixture
def invoices(database):
    """Three invoices; the third has no address to send it to."""
    from billing.models import Invoice
    from django_tasks_db.models import DBTaskResult

    def begin():
        Invoice.objects.all().delete()
        DBTaskResult.objects.all().delete()
        return Invoice.objects.bulk_create(
            Invoice(pk=number, customer=customer, email=email, amount=number * 100)
            for number, (customer, email) in enumerate(
                [("Ada", "ada@example.com"), ("Ben", "ben@example.com"), ("Cy", "")], start=1
            )
        )

    return begin()


@pytest.fixture
def recorder():
    """A history that observes the project's framework."""
    from immediate_tasks_ipy import django_bridge
    from immediate_tasks_ipy.task_history import Recorder

    recorder = Recorder()
    django_bridge.observe(recorder)
    yield recorder
    django_bridge.unobserve(recorder)


@pytest.fixture
def until():
    """Wait until a condition holds, and return its value; fail if it never does."""

    def wait(condition, what):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.02)
        pytest.fail(f"{what} did not happen within {PATIENCE} s")

    return wait


@contextmanager
def manage(*arguments):
    """Run a command of the project's manage.py as a process of its own, to be stopped."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT.parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture
def database_worker(database):
    """A worker of the database backend."""
    arguments = ["--backend", "database", "--queue-name", "*", "--interval", "0.05"]
    with manage("db_worker", *arguments, "--no-startup-delay", "--no-reload") as process:
        yield process


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    """A Redis on the port that the project's settings name."""
    import redis

    directory = tmp_path_factory.mktemp("redis")
    port = os.environ["REDIS_PORT"]
    process = subprocess.Popen(
        [redis_server(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", directory],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=int(port))
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                require(time.monotonic() < deadline, "redis-server does not start")
                time.sleep(0.02)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait()


@pytest.fixture
def rq_worker(redis, database):
    """A worker of RQ."""
    redis.flushall()
    with manage("rqworker", "default", "--job-class", "django_tasks_rq.Job") as process:
        yield process
