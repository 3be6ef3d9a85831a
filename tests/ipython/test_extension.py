"""Loading, loading again, and leaving the shell as it was found."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

from immediate_tasks_ipy.task_history import current_recorder, set_current_recorder
from immediate_tasks_ipy.tasks.signals import task_enqueued, task_finished, task_started
from tests.support.shells import NotebookShell, Session, new_shell, wait_until


@pytest.fixture(params=[NotebookShell, InteractiveShell])
def bare(request):
    """Return a shell in which nothing is loaded."""
    set_current_recorder(None)
    shell = new_shell(request.param)
    made = Session(shell)
    # IPython makes its own magics when they are first used.
    made.run("%config\n%time\n%unload_ext immediate_tasks_ipy")
    yield made
    shell.run_cell("%unload_ext immediate_tasks_ipy")
    request.param.clear_instance()
    set_current_recorder(None)


def state(session):
    """Return everything that loading may change in a shell and in the process."""
    shell = session.shell
    formatters = {
        name: (dict(f.type_printers), dict(f.deferred_printers))
        for name, f in shell.display_formatter.formatters.items()
    }
    itself = shell.display_formatter.ipython_display_formatter
    return {
        "line magics": dict(shell.magics_manager.magics["line"]),
        "cell magics": dict(shell.magics_manager.magics["cell"]),
        "magics registry": dict(shell.magics_manager.registry),
        "post transformers": list(shell.input_transformers_post),
        "cleanup transformers": list(shell.input_transformers_cleanup),
        "ast transformers": list(shell.ast_transformers),
        "callbacks": {name: list(found) for name, found in shell.events.callbacks.items()},
        "configurables": list(shell.configurables),
        "matchers": list(shell.Completer.custom_matchers),
        "formatters": formatters,
        "ipython_display": (dict(itself.type_printers), dict(itself.deferred_printers)),
        "publish": vars(shell.display_pub).get("publish"),
        "clear_output": vars(shell.display_pub).get("clear_output"),
        "streams": session.streams,
        "exception handlers": (shell.custom_exceptions, shell.CustomTB),
        "signals": [len(s.receivers) for s in (task_enqueued, task_started, task_finished)]
        if hasattr(task_enqueued, "receivers")
        else [bool(s) for s in (task_enqueued, task_started, task_finished)],
        "log handlers": list(logging.root.handlers),
        "excepthook": (sys.excepthook, threading.excepthook),
    }


def test_unloading_restores_every_list_of_the_shell(bare):
    before = state(bare)

    bare.run("%load_ext immediate_tasks_ipy")
    during = state(bare)
    for code in (
        "%%enqueue\n1",
        "%%enqueue\nimport asyncio\nawait asyncio.sleep(0)",
        "%tasks list",
    ):
        bare.run(code)
    bare.run("%unload_ext immediate_tasks_ipy")

    after = state(bare)
    for name, found in before.items():
        assert after[name] == found, name
    assert during["post transformers"] != before["post transformers"]
    assert during["streams"] != before["streams"]
    assert "UsageError: Line magic function `%enqueue` not found" in bare.run("%enqueue f()").err


def test_reloading_three_times_changes_nothing(bare):
    bare.run("%load_ext immediate_tasks_ipy\n%config ImmediateTasks")
    first = sizes(state(bare))

    for _ in range(3):
        assert bare.run("%reload_ext immediate_tasks_ipy").ok
        assert sizes(state(bare)) == first

    assert bare.run("%%enqueue\n1 + 1").value.return_value == 2
    bare.run("%load_ext immediate_tasks_ipy")
    assert sizes(state(bare)) == first


def sizes(found):
    return {name: _size(value) for name, value in found.items()}


def _size(value):
    if isinstance(value, dict):
        return {key: _size(inner) for key, inner in value.items()}
    return len(value) if isinstance(value, (list, tuple)) else value is not None


def test_the_history_outlasts_a_reload(bare):
    bare.run("%load_ext immediate_tasks_ipy")
    bare.run("%%enqueue\n1")
    bare.run("%reload_ext immediate_tasks_ipy")

    assert len(current_recorder()) == 1
    bare.run("%%enqueue\n2")
    assert len(current_recorder()) == 2


def test_magics_that_were_displaced_come_back(bare):
    bare.shell.register_magic_function(lambda line: f"mine: {line}", "line", "tasks")
    bare.shell.register_magic_function(lambda line, cell: "mine too", "cell", "enqueue")

    bare.run("%load_ext immediate_tasks_ipy")
    assert bare.run("%%enqueue\n1 + 1").value.return_value == 2
    bare.run("%unload_ext immediate_tasks_ipy")

    assert bare.run("%tasks x").value == "mine: x"
    assert bare.run("%%enqueue\n1").value == "mine too"


def test_magics_that_displaced_ours_stay(bare):
    bare.run("%load_ext immediate_tasks_ipy")

    bare.shell.register_magic_function(lambda line: "later", "line", "tasks")

    bare.run("%unload_ext immediate_tasks_ipy")

    assert bare.run("%tasks").value == "later"


def test_what_others_added_meanwhile_stays(bare):
    bare.run("%load_ext immediate_tasks_ipy")
    callback, transformer = (lambda *_: None), (lambda lines: lines)
    bare.shell.events.register("pre_run_cell", callback)
    bare.shell.input_transformers_post.append(transformer)

    bare.run("%unload_ext immediate_tasks_ipy")

    assert callback in bare.shell.events.callbacks["pre_run_cell"]
    assert transformer in bare.shell.input_transformers_post


def test_unloading_without_loading_says_so_and_harms_nothing(bare):
    before = state(bare)
    bare.run("%unload_ext immediate_tasks_ipy")
    assert state(bare) == before


def test_results_are_usable_after_unloading(bare):
    bare.run("%load_ext immediate_tasks_ipy\nr = 1")
    bare.run("r = %enqueue tests.ipython.importable.double(2)")
    bare.run("%unload_ext immediate_tasks_ipy")

    assert bare.run("r.return_value").value == 4
    assert "TaskResult" in repr(bare["r"])


def test_a_background_task_survives_unloading(bare):
    bare.run("%load_ext immediate_tasks_ipy")
    bare["gate"] = gate = threading.Event()
    bare.run("def f():\n    gate.wait(30)\n    return 'done'")
    bare.run("r = %enqueue --background f()")

    bare.run("%unload_ext immediate_tasks_ipy")
    gate.set()

    wait_until(lambda: bare["r"].is_finished)
    assert bare["r"].return_value == "done"


def test_an_unloaded_extension_is_let_go(bare):
    from immediate_tasks_ipy.ipython.extension import _loaded

    bare.run("%load_ext immediate_tasks_ipy")
    bare.run("%%enqueue\n1;")
    extension = weakref.ref(_loaded[bare.shell])
    bare.run("%unload_ext immediate_tasks_ipy")

    gc.collect()
    assert extension() is None


def test_threads_of_the_extension_end_with_it(bare):
    bare.run("%load_ext immediate_tasks_ipy")
    bare.run("%%enqueue\n1")
    bare.run("%unload_ext immediate_tasks_ipy")

    wait_until(lambda: not [t for t in threading.enumerate() if "immediate-tasks-cards" in t.name])


def test_loading_imports_no_widgets_no_django_no_dask():
    code = (
        "import sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\nbefore = set(sys.modules)\n"
        "shell.run_line_magic('load_ext', 'immediate_tasks_ipy')\n"
        "shell.run_cell('%%enqueue\\n1 + 1')\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    names = set(eval(done.stdout.splitlines()[-1]))

    assert "immediate_tasks_ipy" in names
    heavy = {"ipywidgets", "anywidget", "django", "django_tasks", "distributed", "dask", "pandas"}
    assert not names & heavy


def test_two_shells_in_a_row_each_have_their_own(bare):
    bare.run("%load_ext immediate_tasks_ipy")
    other = InteractiveShell()
    other.run_cell("%load_ext immediate_tasks_ipy", silent=True)
    try:
        assert bare.run("%%enqueue\n1 + 1").value.return_value == 2
        assert other.run_cell("%%enqueue\n2 + 2", silent=True).success
    finally:
        other.run_cell("%unload_ext immediate_tasks_ipy", silent=True)
        other.history_manager.end_session()
    assert bare.run("%%enqueue\n1 + 1").value.return_value == 2
