"""`%config ImmediateTasks`: changes take effect at once, bad values are refused."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from immediate_tasks_ipy.task_history import current_recorder
from immediate_tasks_ipy.tasks import task_backends
from tests.support.shells import NotebookShell, session


def test_config_shows_every_setting_with_its_help(notebook):
    shown = notebook.run("%config ImmediateTasks").out

    for name in (
        "backends", "display", "live", "history_limit", "capture", "refresh_rate", "notify_after",
    ):  # fmt: skip
        assert f"ImmediateTasks.{name}" in shown
    assert "ImmediateTasks" in notebook.run("%config").out


def test_display_takes_effect_at_once_and_the_line_overrides_it(notebook):
    notebook.run("%config ImmediateTasks.display = 'none'")
    assert notebook.run("%%enqueue\n1").outputs == []

    assert "SUCCESSFUL" in notebook.run("%%enqueue --display card\n1").html

    notebook.run("%config ImmediateTasks.display = 'text'")
    assert list(notebook.run("%%enqueue\n1").outputs[0]) == ["text/plain"]


def test_history_limit_takes_effect_at_once(notebook):
    for _ in range(4):
        notebook.run("%%enqueue\n1;")

    notebook.run("%config ImmediateTasks.history_limit = 2")
    assert len(current_recorder()) == 2
    notebook.run("%%enqueue\n1;")
    assert len(current_recorder()) == 2


def test_capture_takes_effect_at_once(notebook):
    notebook.run("%config ImmediateTasks.capture = False")
    notebook.run("%%enqueue\nprint('unseen')")

    [entry] = current_recorder()
    assert entry.output == ""


def test_backends_take_effect_at_once_and_the_built_in_ones_stay(notebook):
    notebook.run(
        "%config ImmediateTasks.backends = {'queued': {'BACKEND': "
        "'immediate_tasks_ipy.tasks.backends.dummy.DummyBackend'}}"
    )
    assert set(task_backends) == {"default", "processes", "dask", "queued"}
    assert notebook.run("%%enqueue -b queued\n1").value.status == "READY"

    notebook.run("%config ImmediateTasks.backends = {}")
    assert set(task_backends) == {"default", "processes", "dask"}


def test_objects_in_options_are_passed_on_and_never_copied(notebook):
    class Connection:
        def __deepcopy__(self, memo):
            raise TypeError("cannot pickle '_thread.lock' object")

    connection = notebook.shell.user_ns["connection"] = Connection()
    notebook.run(
        "%config ImmediateTasks.backends = {'queued': {'BACKEND': "
        "'immediate_tasks_ipy.tasks.backends.dummy.DummyBackend', "
        "'OPTIONS': {'client': connection}}}"
    )
    assert task_backends["queued"].options["client"] is connection
    notebook.run("%config ImmediateTasks.capture = False")
    assert notebook.run("%config ImmediateTasks.capture").value is False
    assert task_backends["queued"].options["client"] is connection


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("display = 'html'", "'card'"),
        ("history_limit = 0", "1"),
        ("history_limit = 'many'", "int"),
        ("refresh_rate = 100", "20"),
        ("refresh_rate = 0", "0.1"),
        ("refresh_rate = float('nan')", "a number"),
        ("notify_after = -1", "0"),
        ("live = 'maybe'", "boolean"),
        ("backends = {'x': {}}", "'BACKEND'"),
        ("backends = {'x': 'some.path'}", "dict"),
        ("backends = {'x': {'BACKEND': 3}}", "'BACKEND'"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(notebook, caplog, setting, allowed):
    before = notebook.run("%config ImmediateTasks").out

    notebook.run(f"%config ImmediateTasks.{setting}")

    assert allowed in caplog.text
    assert notebook.run("%config ImmediateTasks").out == before
    assert notebook.run("%%enqueue\n1 + 1").value.return_value == 2


def test_a_backend_that_can_not_be_imported_is_named_when_it_is_used(notebook):
    notebook.run("%config ImmediateTasks.backends = {'x': {'BACKEND': 'no.such.Backend'}}")

    assert "no.such.Backend" in notebook.usage_error("%%enqueue -b x\nran = 1")
    assert "ran" not in notebook
    assert "no.such.Backend" in notebook.run("%tasks backends").out


@pytest.mark.parametrize("shell_class", [NotebookShell, InteractiveShell])
def test_the_shells_configuration_file_is_obeyed(shell_class):
    config = Config()
    config.ImmediateTasks.display = "none"
    config.ImmediateTasks.history_limit = 3
    config.ImmediateTasks.backends = {
        "mine": {"BACKEND": "immediate_tasks_ipy.tasks.backends.dummy.DummyBackend"}
    }

    with session(shell_class, config) as made:
        assert made.run("%%enqueue\n1;").out == ""
        assert current_recorder().limit == 3
        assert "mine" in set(task_backends)
