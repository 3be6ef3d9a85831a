"""Every option of `%%enqueue` that is about one task."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.ipython import queueing
from tests.support.shells import wait_until

ADD = "def add(a, b=0):\n    return a + b"
DUMMY = (
    "%config ImmediateTasks.backends = {'queued': {'BACKEND': "
    "'immediate_tasks_ipy.tasks.backends.dummy.DummyBackend'}}"
)


@pytest.mark.parametrize("flag", ["-n cleanup", "--name cleanup", "--name=cleanup", "-ncleanup"])
def test_name_names_a_cell(notebook, flag):
    ran = notebook.run(f"%%enqueue {flag}\n1")

    assert ran.value.task.name == "cleanup"
    assert "cleanup" in ran.html


def test_a_name_with_spaces_is_quoted(notebook):
    assert "load all rows" in notebook.run("%%enqueue -n 'load all rows'\n1").html


@pytest.mark.parametrize(
    "code",
    ["%enqueue -n x add(1)", "%%enqueue -n x\ndef f(): ..."],
)
def test_name_is_refused_where_the_function_has_one(notebook, code):
    notebook.run(ADD)
    assert "--name names a cell" in notebook.usage_error(code)


@pytest.mark.parametrize("flag", ["-p 5", "--priority 5", "--priority=5", "-p5"])
def test_priority_is_as_in_using(notebook, flag):
    notebook.run(ADD)

    assert notebook.run(f"%enqueue {flag} add(1)").value.task.priority == 5
    assert notebook.run(f"%%enqueue {flag}\n1").value.task.priority == 5
    assert notebook.run("%enqueue -p -7 add(1)").value.task.priority == -7


def test_priority_overrides_the_tasks_own(notebook):
    notebook.run("from immediate_tasks_ipy.tasks import task\n@task(priority=1)\ndef t(): ...")

    assert notebook.run("%enqueue t()").value.task.priority == 1
    assert notebook.run("%enqueue -p 9 t()").value.task.priority == 9
    assert notebook["t"].priority == 1


def test_priority_is_refused_out_of_range_and_if_it_is_no_number(notebook):
    notebook.run("ran = []\ndef f():\n    ran.append(1)")

    assert "-100" in notebook.usage_error("%enqueue -p 101 f()")
    assert "'high'" in notebook.usage_error("%enqueue -p high f()")
    assert "-100" in notebook.usage_error("%%enqueue -p 1000\nran.append(1)")
    assert notebook["ran"] == []


@pytest.mark.parametrize("flag", ["-q mail", "--queue mail"])
def test_queue_is_as_in_using(notebook, flag):
    notebook.run(ADD)
    notebook.run(
        "%config ImmediateTasks.backends = {'default': {'BACKEND': "
        "'immediate_tasks_ipy.tasks.backends.immediate.ImmediateBackend', "
        "'QUEUES': ['default', 'mail']}}"
    )
    assert notebook.run(f"%enqueue {flag} add(1)").value.task.queue_name == "mail"
    assert notebook.run(f"%%enqueue {flag}\n1").value.task.queue_name == "mail"


def test_a_queue_that_the_backend_does_not_allow_is_refused_with_the_cure(notebook):
    notebook.run(ADD)

    sentence = notebook.usage_error("%enqueue -q mail add(1)")

    assert "'mail'" in sentence
    assert "%config ImmediateTasks.backends" in sentence


@pytest.mark.parametrize("flag", ["-b queued", "--backend queued"])
def test_backend_chooses_the_backend(notebook, flag):
    notebook.run(ADD)
    notebook.run(DUMMY)

    ran = notebook.run(f"%enqueue {flag} add(1)")

    assert ran.value.backend == "queued"
    assert ran.value.status == "READY"
    assert "READY" in ran.html


def test_an_unknown_backend_is_answered_with_those_that_are_known(notebook):
    notebook.run("ran = []\ndef f():\n    ran.append(1)")

    sentence = notebook.usage_error("%enqueue -b nowhere f()")

    assert "'nowhere'" in sentence
    assert "dask, default" in sentence
    assert "No backend" in notebook.usage_error("%%enqueue -b nowhere\nran.append(1)")
    assert notebook["ran"] == []


def test_a_django_backend_is_refused_for_a_function_of_the_notebook(notebook):
    notebook.run(ADD)

    assert "module under @task" in notebook.usage_error("%enqueue -b django:default add(1)")


@pytest.mark.parametrize("flag", ["-c", "--takes-context"])
def test_takes_context_hands_the_context_to_the_function(notebook, flag):
    ran = notebook.run(f"%%enqueue {flag}\ndef f(context, x=3):\n    return [context.attempt, x]")
    assert ran.value.return_value == [1, 3]
    assert notebook.run(f"%enqueue {flag} f(5)").value.return_value == [1, 5]


def test_takes_context_is_refused_for_a_cell_and_a_task(notebook):
    notebook.run("from immediate_tasks_ipy.tasks import task\n@task\ndef t(): ...")

    assert "--takes-context needs a function" in notebook.usage_error("%%enqueue -c\nx = 1")
    assert "@task(takes_context=True)" in notebook.usage_error("%enqueue -c t()")
    assert "x" not in notebook


def test_takes_context_needs_a_first_argument_of_that_name(notebook):
    notebook.run("def f(ctx): ...")
    assert "context" in notebook.usage_error("%enqueue -c f()")


@pytest.mark.parametrize("flag", ["-o r", "--out r", "--out=r"])
def test_out_also_binds_the_result(notebook, flag):
    notebook.run(ADD)

    ran = notebook.run(f"%enqueue {flag} add(1)")
    assert notebook["r"] is ran.value

    ran = notebook.run(f"%%enqueue {flag}\n2;")
    assert ran.value is None
    assert notebook["r"].return_value == 2


def test_out_is_bound_when_the_task_fails_and_when_that_is_raised(notebook):
    notebook.run("%%enqueue -o r --raise\n1 / 0")
    assert notebook["r"].status == "FAILED"


@pytest.mark.parametrize("name", ["a.b", "1x", "a-b", "class"])
def test_out_is_refused_if_it_is_no_name(notebook, name):
    assert f"{name!r}" in notebook.usage_error(f"%%enqueue -o {name}\nx = 1")
    assert "x" not in notebook


def test_background_returns_at_once_for_a_sync_function(notebook):
    notebook["gate"] = gate = threading.Event()
    notebook.run("def wait():\n    gate.wait(30)\n    return 'opened'")

    ran = notebook.run("r = %enqueue --background wait()")

    assert ran.ok
    assert not notebook["r"].is_finished
    gate.set()
    wait_until(lambda: notebook["r"].is_finished)
    assert notebook["r"].return_value == "opened"


def test_background_returns_at_once_for_an_async_cell(terminal):
    terminal["gate"] = gate = threading.Event()
    ran = terminal.run(
        "%%enqueue --background\nimport asyncio\n"
        "while not gate.is_set():\n    await asyncio.sleep(0.01)\n"
        "'opened'"
    )
    assert not ran.value.is_finished
    gate.set()
    wait_until(lambda: ran.value.is_finished)
    assert ran.value.return_value == "opened"


def test_wait_waits_for_a_backend_that_only_queues(notebook):
    queueing.working.clear()
    notebook.run(
        "%config ImmediateTasks.backends = {'slow': {'BACKEND': 'tests.ipython.queueing.Queueing'}}"
    )
    assert notebook.run("%enqueue -b slow tests.ipython.importable.double(2)").value.status == (
        "READY"
    )
    queueing.working.set()
    ran = notebook.run("%enqueue -b slow --wait tests.ipython.importable.double(2)")
    assert ran.value.return_value == 4

    async def live():
        return await notebook.arun("%enqueue -b slow --wait tests.ipython.importable.double(3)")

    assert asyncio.run(live()).value.return_value == 6


def test_wait_is_refused_where_no_end_is_ever_told(notebook):
    notebook.run(ADD)
    notebook.run(DUMMY)
    assert "leave out --wait" in notebook.usage_error("%enqueue -b queued --wait add(1)")


def test_wait_and_background_contradict_each_other(notebook):
    assert "contradict" in notebook.usage_error("%%enqueue --wait --background\nx = 1")


def test_timeout_cancels_an_async_task(notebook):
    ran = notebook.run(
        "%%enqueue --timeout 0.05\nimport asyncio\ntry:\n    await asyncio.sleep(60)\n"
        "finally:\n    cleaned = True"
    )
    assert ran.value.status == "FAILED"
    assert ran.value.errors[0].exception_class_path == "builtins.TimeoutError"
    assert "0.05" in ran.text
    assert notebook["cleaned"]


def test_timeout_leaves_a_task_that_is_quick_enough_alone(notebook):
    ran = notebook.run("%%enqueue --timeout 30\nimport asyncio\nawait asyncio.sleep(0, 'quick')")
    assert ran.value.return_value == "quick"


def test_timeout_gives_up_a_thread_and_the_first_outcome_wins(notebook):
    notebook["gate"], notebook["left"] = gate, left = threading.Event(), threading.Event()
    notebook.run(
        "def stuck():\n    try:\n        gate.wait(30)\n    except BaseException:\n        pass\n"
        "    left.set()\n    return 'late'"
    )

    ran = notebook.run("%enqueue --background --timeout 0.05 stuck()")

    wait_until(lambda: ran.value.is_finished)
    assert ran.value.errors[0].exception_class_path == "builtins.TimeoutError"
    gate.set()
    assert left.wait(30)
    assert ran.value.status == "FAILED"
    assert "may still be running" in notebook.run("%tasks show -1").out


def test_timeout_is_refused_for_a_sync_task_in_the_foreground(notebook):
    notebook.run(ADD)

    assert "--background" in notebook.usage_error("%enqueue --timeout 1 add(1)")
    assert "--background" in notebook.usage_error("%%enqueue --timeout 1\nx = 1")
    assert "x" not in notebook


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
def test_timeout_is_refused_if_it_is_no_time(notebook, seconds):
    assert "greater than 0" in notebook.usage_error(f"%%enqueue --timeout {seconds}\nx = 1")


def test_a_failure_does_not_raise_unless_asked_to(notebook):
    quiet = notebook.run("%%enqueue\n1 / 0")
    assert quiet.ok
    assert quiet.value.status == "FAILED"

    loud = notebook.run("%%enqueue --raise\n1 / 0")
    assert type(loud.error) is ZeroDivisionError
    assert "FAILED" in loud.html


def test_raise_raises_the_tasks_own_exception_awaited_too(notebook):
    ran = notebook.run(
        "%%enqueue --raise\nimport asyncio\nclass Mine(Exception): ...\n"
        "await asyncio.sleep(0)\nraise Mine('own')"
    )
    assert type(ran.error) is notebook["Mine"]


def test_raise_stops_at_the_first_failure_of_several(notebook):
    ran = notebook.run(
        "%%enqueue --raise\nfrom immediate_tasks_ipy.tasks import task\n"
        "@task(priority=2)\ndef bad():\n    raise KeyError('bad')\n"
        "@task\ndef good():\n    return 1"
    )
    assert type(ran.error) is KeyError


def test_display_text_shows_plain_text_alone(notebook):
    ran = notebook.run("%%enqueue --display text\n1 + 1")

    assert [list(data) for data in ran.outputs] == [["text/plain"]]
    assert "SUCCESSFUL" in ran.text


def test_display_none_shows_nothing(notebook):
    ran = notebook.run("%%enqueue --display none\n1 + 1")
    assert ran.outputs == []
    assert ran.value.return_value == 2


def test_display_panel_shows_the_panel_and_no_card(notebook):
    ran = notebook.run("%%enqueue --display panel\n1 + 1")
    panel, copy = ran.outputs
    assert "application/vnd.jupyter.widget-view+json" in panel
    assert "text/html" not in panel
    assert "run %tasks for the live panel" in copy["text/html"]
    assert ran.value.return_value == 2


def test_an_unknown_display_is_answered_with_those_there_are(notebook):
    sentence = notebook.usage_error("%%enqueue --display html\nx = 1")

    for mode in ("card", "panel", "text", "none"):
        assert mode in sentence


def test_output_is_kept_in_the_history_unless_no_capture_is_given(notebook):
    kept = notebook.run("%%enqueue\nprint('hello')")
    assert kept.out == "hello\n"
    assert "hello" in notebook.run("%tasks show -1").out

    lost = notebook.run("%%enqueue --no-capture\nprint('world')")
    assert lost.out == "world\n"
    assert "  Output" not in notebook.run("%tasks show -1").out


def test_an_option_after_the_call_is_answered_with_where_it_goes(notebook):
    notebook.run(ADD)
    for code in (
        "%enqueue add(1) --raise",
        "%enqueue add(1) -p 5",
        "%enqueue add(1) --background",
        "%%enqueue add(1) --name=x\nran = 1",
        "%enqueue add(1) -q mail -p 3",
    ):
        assert "options go before the call" in notebook.usage_error(code), code
    assert "ran" not in notebook


def test_an_option_is_never_abbreviated(notebook):
    notebook.run(ADD)

    assert "Unknown option --backg:" in notebook.usage_error("%enqueue --backg add(1)")
    assert "Unknown option --t" in notebook.usage_error("%enqueue --t 3 add(1)")
    assert "Unknown option --pri" in notebook.usage_error("%%enqueue --pri=3\nx = 1")


def test_a_missing_value_and_an_open_quote_are_said(notebook):
    assert "needs a value" in notebook.usage_error("%%enqueue --name\nx = 1")
    assert "needs a value" in notebook.usage_error("%%enqueue --name --raise\nx = 1")
    assert "quote" in notebook.usage_error("%%enqueue --name 'open\nx = 1")
    assert "x" not in notebook


def test_a_flag_takes_no_value(notebook):
    assert "--background" in notebook.usage_error("%%enqueue --background=yes\nx = 1")
    assert "x" not in notebook
