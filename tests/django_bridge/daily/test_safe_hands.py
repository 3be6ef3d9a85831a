"""What a project's kernel says and asks, so that nobody works on the wrong database."""

from __future__ import annotations

import os
import shutil
from html import unescape

import pytest

from .conftest import ENVIRONMENT, PROJECT, manage


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
    file = copied / "shop" / "tasks.py"
    os.utime(file, (1, 2_000_000_050))
    # It reloads nothing that was edited before it was loaded.
    project_kernel.run("%load_ext autoreload\n%autoreload 2\nfrom shop import tasks")
    assert "changed since" in project_kernel.run("%enqueue tasks.count()").html

    file.write_text(file.read_text().replace("return Customer.objects.count()", "return 'new'"))
    os.utime(file, (1, 2_000_000_100))
    ran = project_kernel.run("r = %enqueue tasks.count()")

    assert project_kernel.value("r.return_value") == "'new'"
    assert "changed since" not in ran.html


@pytest.fixture(scope="module")
def remote(start, postgresql):
    """A kernel whose database stands, by the name of its host, on another machine."""
    postgresql.create("remote")
    environment = {
        **ENVIRONMENT,
        "SHOP_PG_PORT": str(postgresql.port),
        "SHOP_PG_HOST": "2130706433",  # 127.0.0.1 as one number
        "SHOP_PG_NAME": "remote",
    }
    manage(environment, "migrate", "--run-syncdb", "--verbosity", "0")
    kernel = start(environment)
    assert kernel.run("from shop import tasks\nfrom shop.models import Customer").ok
    return kernel


def answered(kernel, cell, answer):
    """Run a cell that asks one question; its reply, and the question."""
    reply = kernel.start(cell, stdin=True)
    question = kernel.client.get_stdin_msg(timeout=60)["content"]["prompt"]
    kernel.client.input(answer)
    kernel.finish(reply)
    return reply, question


def test_a_remote_database_is_asked_about_before_a_task_writes(remote):
    database = "'default' (postgresql 'remote' on 2130706433)"
    read = remote.run("%enqueue tasks.count()")
    assert "SUCCESSFUL" in read.html

    # Nobody to ask.
    for cell in ("%enqueue tasks.make('x')", "%enqueue --each ['x'] tasks.make"):
        written = remote.run(cell)
        assert written.ok
        assert f"about to write to {database}" in unescape(written.html)
        assert remote.value("Customer.objects.count()") == "0"
    # What could not wait for an answer.
    for options in ("--background", "-b django:database", "--each ['x'] --concurrency 2"):
        call = "tasks.make" if "--each" in options else "tasks.make('x')"
        assert f"may write to {database}" in remote.run(f"%enqueue {options} {call}").refusal
    assert f"may write to {database}" in remote.run("%enqueue tasks.amake('x')").refusal
    assert "SUCCESSFUL" in remote.run("%enqueue --dry-run tasks.make('x')").html

    declined, question = answered(remote, "%enqueue tasks.make('x')", "n")
    assert question.startswith(f"This task is about to write to {database}: INSERT shop_customer.")
    assert question.endswith("Go on? [y/N] ")
    assert "did not confirm that the task may write" in unescape(declined.html)
    declined, question = answered(remote, "%enqueue tasks.amake('x')", "n")
    assert question.endswith("Run it? [y/N] ")
    assert "Not run" in declined.refusal
    assert remote.value("Customer.objects.count()") == "0"

    agreed, _ = answered(remote, "%enqueue tasks.make('x')", "y")
    assert "SUCCESSFUL" in agreed.html
    assert "SUCCESSFUL" in remote.run("%enqueue tasks.amake('y')").html
    assert remote.value("Customer.objects.count()") == "2"
