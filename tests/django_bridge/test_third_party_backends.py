"""Backends as others write them: what they leave out is shown, or refused, once and in a batch."""

from __future__ import annotations

import pytest
from billing import tasks
from django.conf import settings
from django.test import override_settings

from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.display.card import card
from immediate_tasks_ipy.display.text import text
from immediate_tasks_ipy.task_history.current import current_recorder
from tests.support.shells import NotebookShell, session


@pytest.fixture
def with_backends():
    names = ("quiet", "patient", "silent", "terse")
    added = {name: {"BACKEND": f"billing.quiet.{name.title()}Backend"} for name in names}
    with override_settings(TASKS={**settings.TASKS, **added}):
        yield


@pytest.fixture
def notebook(with_backends):
    with session(NotebookShell) as made:
        made.run("from billing import tasks")
        yield made


@pytest.mark.usefixtures("with_backends")
def test_a_backend_gets_tasks_of_its_own_class():
    chosen, backend = django_bridge.prepare(tasks.add, "patient")

    assert type(chosen).__name__ == "PatientTask"
    assert backend.enqueue(chosen, (1, 2), {}).status == "READY"
    assert backend.enqueue(tasks.add, (1, 2), {}).status == "READY"


@pytest.mark.parametrize("each", ["", "--each '_ in range(2)' "])
def test_waiting_for_one_that_never_tells_is_refused_by_its_alias(notebook, each):
    sentence = notebook.usage_error(f"%enqueue -b django:silent --wait {each}tasks.add(1, 2)")

    assert sentence.startswith("The backend 'silent' (SilentBackend) never reports")


def test_one_that_sends_no_signal_is_waited_for_in_a_batch(notebook):
    ran = notebook.run("%enqueue -b django:quiet --wait --each '_ in range(3)' tasks.add(1, 2)")

    assert [str(result.status) for result in ran.value] == ["SUCCESSFUL"] * 3


def test_a_stored_failure_without_a_traceback_is_shown(notebook):
    ran = notebook.run("r = %enqueue -b django:terse --wait tasks.add(1, 2)")
    assert ran.ok, ran.error
    entry = current_recorder().entry_of(notebook["r"])
    now = entry.result.finished_at

    for shown in (ran.html, card(entry, now=now), text(entry, now=now, full=True)):
        assert "FAILED" in shown
        assert "can't be shown" not in shown
        assert "ValueError" in shown


def test_a_batch_of_such_failures_is_shown(notebook):
    ran = notebook.run("%enqueue -b django:terse --wait --each '_ in range(2)' tasks.add(1, 2)")

    assert "2 FAILED" in ran.text
    assert "ValueError" in ran.html


def test_wait_waits_for_all_of_a_batch(notebook):
    notebook.run("rs = %enqueue -b django:quiet --each '_ in range(3)' tasks.add(1, 2)")
    notebook.run("%tasks wait")

    assert {str(result.status) for result in notebook["rs"]} == {"SUCCESSFUL"}
