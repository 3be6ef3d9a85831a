"""The fixtures that pytest loads for users' own tests, tried in a pytest of their own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

APP = """
from immediate_tasks_ipy.tasks import task

@task(queue_name="default")
def send_mail(to, *, template="plain"):
    sent.append((to, template))
    return len(sent)

sent = []

def register(address):
    send_mail.using(priority=5).enqueue(address, template="welcome")
"""


@pytest.fixture
def app(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(app=APP)
    pytester.syspathinsert()
    return pytester


def run(app: pytest.Pytester, test: str) -> pytest.RunResult:
    app.makepyfile(f"from app import *\n\n{test}")
    return app.runpytest_subprocess("-p", "no:nbval", "-p", "no:cacheprovider")


def test_recorded_tasks_do_not_run(app: pytest.Pytester) -> None:
    run(
        app,
        """
def test_a_new_user_gets_a_mail(recorded_tasks):
    register("ada@example.org")
    result = recorded_tasks.assert_enqueued(send_mail, "ada@example.org", template="welcome")
    assert result.status == "READY" and sent == []
    assert len(recorded_tasks.results) == 1
""",
    ).assert_outcomes(passed=1)


def test_immediate_tasks_run_whatever_their_backend_is(app: pytest.Pytester) -> None:
    run(
        app,
        """
from immediate_tasks_ipy.tasks import task_backends

task_backends.configure({"default": {
    "BACKEND": "immediate_tasks_ipy.tasks.backends.dummy.DummyBackend", "QUEUES": ["default"]}})

def test_a_new_user_gets_a_mail(immediate_tasks):
    register("ada@example.org")
    result = immediate_tasks.assert_enqueued(send_mail, "ada@example.org", template="welcome")
    assert result.return_value == 1

def test_the_backends_are_back():
    assert send_mail.enqueue("bob@example.org").status == "READY"
""",
    ).assert_outcomes(passed=2)


def test_what_was_enqueued_instead_is_told(app: pytest.Pytester) -> None:
    outcome = run(
        app,
        """
def test_it(recorded_tasks):
    register("ada@example.org")
    recorded_tasks.assert_enqueued(send_mail, "bob@example.org")
""",
    )
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(
        [
            "*send_mail('bob@example.org') was not enqueued. There was:",
            "*send_mail('ada@example.org', template='welcome')",
        ]
    )
