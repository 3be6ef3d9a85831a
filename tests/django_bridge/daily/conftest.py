"""A project that no other test uses, in real kernels, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.environments import checked
from tests.support.kernel import Kernel
from tests.support.postgresql import running_postgresql

PROJECT = Path(__file__).parent / "project"
DATABASES = ("sqlite", "memory", "postgresql")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    """A PostgreSQL server of these tests' own; its port."""
    pytest.importorskip("psycopg")
    with running_postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """The environment of a project whose database is a file, with its tables."""
    file = tmp_path_factory.mktemp("shop") / "db.sqlite3"
    environment = {**ENVIRONMENT, "SHOP_DB": str(file)}
    manage(environment, "migrate", "--run-syncdb", "--verbosity", "0")
    return environment


ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "workshop.settings",
    "SHOP_GONE": "1",
    "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT.parents[3]}",
}
#: What `install-kernel` writes into a kernelspec, the project's path apart.
SETUP = ("--ext=immediate_tasks_ipy", "--IPKernelApp.exec_lines=__import__('django').setup()")


def manage(environment, *arguments):
    """Run a command of the project's manage.py."""
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    return checked(command, env=os.environ | environment | {"SHOP_GONE": ""})


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """Start a kernel of the project; it ends with the session."""
    kernels = []

    def begin(environment, *arguments):
        home = tmp_path_factory.mktemp("kernel")
        kernel = Kernel(
            Path(sys.executable), *SETUP, *arguments, home=home, environment=environment
        )
        kernels.append(kernel)
        return kernel

    yield begin
    for kernel in kernels:
        kernel.close()


@pytest.fixture(scope="session", params=DATABASES)
def kernel(request, start):
    """One kernel of the project for all tests here, on each kind of database."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        environment = {**ENVIRONMENT, "SHOP_PG_PORT": str(server.port)}
        server.create("shop")
    elif request.param == "memory":
        environment = {**ENVIRONMENT, "SHOP_DB": ":memory:"}
    else:
        environment = request.getfixturevalue("shop")
    kernel = start(environment)
    ran = kernel.run(
        "from django.core.management import call_command\n"
        "call_command('migrate', run_syncdb=True, verbosity=0)\n"
        "from django.db import connection, transaction\n"
        "from shop import tasks\n"
        "from shop.models import Customer, Invoice\n"
    )
    assert ran.ok, ran.error
    kernel.vendor = request.param
    return kernel


@pytest.fixture
def empty(kernel):
    """The kernel, with no customers."""
    ran = kernel.run("Customer.objects.all().delete();")
    assert ran.ok, ran.error
    return kernel
