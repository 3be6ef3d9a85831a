"""What a project's kernel says and asks, so that nobody works on the wrong database."""

from __future__ import annotations

import os
import shutil

import pytest

from .conftest import ENVIRONMENT, PROJECT


@pytest.fixture(scope="module")
def copied(tmp_path_factory, shop):
    """A copy of the project, to be edited."""
    project = tmp_path_factory.mktemp("copied") / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    return project


@pytest.fixture(scope="module")
def project_kernel(start, shop, copied):
    """A kernel as `install-kernel` makes it, on the copy."""
    return start(
        {
            **shop,
            "IMMEDIATE_TASKS_PROJECT": str(copied),
            "PYTHONPATH": f"{copied}{os.pathsep}{PROJECT.parents[3]}",
        }
    )


def test_it_says_first_what_it_is_on_and_imports_the_models(project_kernel):
    ran = project_kernel.run("Customer.objects.count()")

    assert ran.ok, ran.error
    said = ran.stream()
    assert "workshop.settings, DEBUG = True" in said
    assert "database 'default': sqlite3" in said
    assert "Customer" in said
    assert "Django" not in project_kernel.run("1").stream()


def test_the_console_does_not_repeat_what_the_card_says(project_kernel):
    ran = project_kernel.run("%enqueue shop.tasks.fail()")
    assert "Task id=" not in ran.stream("stderr")

    plain = project_kernel.run("from shop import tasks\ntasks.fail.enqueue();")
    assert "Task id=" in plain.stream("stderr")


def test_an_edited_file_is_named_until_it_is_reloaded(project_kernel, copied):
    project_kernel.run("from shop import tasks")
    assert "changed since" not in project_kernel.run("%enqueue tasks.count()").html
    file = copied / "shop" / "tasks.py"
    file.write_text(file.read_text() + "\n# edited\n")
    os.utime(file, (1, 2_000_000_000))
    project_kernel.run("import immediate_tasks_ipy.django_bridge.project.imported_sources as s")
    project_kernel.run("s.FRESH = 0")

    said = project_kernel.run("%enqueue tasks.count()").html
    assert "shop/tasks.py has changed since imported: %tasks rerun reloads nothing" in said

    project_kernel.run("import importlib; importlib.reload(tasks);")
    assert "changed since" not in project_kernel.run("%enqueue tasks.count()").html


def test_autoreload_is_honoured(project_kernel, copied):
    project_kernel.run("%load_ext autoreload\n%autoreload 2\nfrom shop import tasks")
    file = copied / "shop" / "tasks.py"
    file.write_text(file.read_text().replace("return Customer.objects.count()", "return 'new'"))
    os.utime(file, (1, 2_000_000_100))
    ran = project_kernel.run("r = %enqueue tasks.count()")

    assert project_kernel.value("r.return_value") == "'new'"
    assert "changed since" not in ran.html


@pytest.fixture(scope="module")
def remote(start):
    """A kernel whose database is named on another machine, which nobody reaches."""
    return start({**ENVIRONMENT, "SHOP_PG_PORT": "1", "SHOP_PG_HOST": "db.invalid"})


def test_a_remote_database_is_asked_about(remote):
    pytest.importorskip("psycopg")
    ran = remote.run("%enqueue shop.tasks.make('x')")
    assert "'default' (postgresql 'shop' on db.invalid)" in ran.refusal
    assert "confirm_remote_database = False" in ran.refusal

    for answer, end in (("n", "Not run"), ("y", "OperationalError"), (None, "OperationalError")):
        reply = remote.start("%enqueue shop.tasks.make('x')", stdin=True)
        if answer is not None:
            question = remote.client.get_stdin_msg(timeout=60)["content"]["prompt"]
            assert "Run it? [y/N]" in question
            remote.client.input(answer)
        remote.finish(reply)
        assert end in reply.refusal + reply.html, answer
