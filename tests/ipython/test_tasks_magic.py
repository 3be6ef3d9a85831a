"""`%tasks` and its subcommands."""

from __future__ import annotations

import asyncio
import csv
import json
import threading

import pytest

from immediate_tasks_ipy.task_history import current_recorder
from tests.support.shells import wait_until


@pytest.fixture
def prepared(notebook):
    notebook.run("def add(a, b=0):\n    return a + b\ndef bad():\n    print('wrote')\n    1 / 0")
    return notebook


def test_tasks_lists_in_a_terminal(terminal):
    assert "No tasks yet" in terminal.run("%tasks").out
    terminal.run("%%enqueue -n first\n1")
    terminal.run("%%enqueue -n second\n1 / 0")

    lines = terminal.run("%tasks").out.splitlines()

    assert "first" in lines[0]
    assert "SUCCESSFUL" in lines[0]
    assert "second" in lines[1]
    assert "ZeroDivisionError" in lines[1]


def test_list_shows_the_latest_and_says_how_many_more(prepared):
    for n in range(5):
        prepared.run(f"%enqueue add({n});")

    out = prepared.run("%tasks list 2").out

    assert "add(4)" in out
    assert "add(3)" in out
    assert "add(2)" not in out
    assert "… and 3 before" in out
    assert len(prepared.run("%tasks list").out.splitlines()) == 5
    assert "a number" in prepared.usage_error("%tasks list some")


def test_an_id_is_a_unique_prefix_or_counts_from_the_latest(prepared):
    results = [prepared.run(f"%enqueue add({n})").value for n in range(3)]

    for code in (results[0].id, results[0].id[:8], "-3"):
        assert "add(0)" in prepared.run(f"%tasks show {code}").out
    assert "add(2)" in prepared.run("%tasks show -1").out
    assert "add(2)" in prepared.run("%tasks show").out


def test_an_id_that_nothing_or_much_begins_with_is_refused(prepared):
    assert "no tasks yet" in prepared.usage_error("%tasks show -1").lower()
    for n in range(40):
        prepared.run(f"%enqueue add({n});")

    assert "'xyz'" in prepared.usage_error("%tasks show xyz")
    assert "write more" in prepared.usage_error("%tasks show " + shared_start(prepared))
    assert "there are 40" in prepared.usage_error("%tasks show -41")
    assert "-0" in prepared.usage_error("%tasks show -0")


def shared_start(notebook):
    """Return a prefix of two ids: of 40 that begin with 16 letters, some share one."""
    starts = [result.id[0] for result in notebook.run(
        "import immediate_tasks_ipy as i\ni.history.results").value]  # fmt: skip
    return next(start for start in starts if starts.count(start) > 1)


def test_show_tells_everything(prepared):
    prepared.run("%enqueue -p 7 bad()")

    out = prepared.run("%tasks show -1").out

    for fact in ("FAILED", "ZeroDivisionError", "Traceback", "line 5, in bad", "wrote", "7",
                 "default", "Lifecycle"):  # fmt: skip
        assert fact in out, fact


def test_value_gives_the_return_value_itself(prepared):
    prepared.run("%enqueue add([1], [2])")

    ran = prepared.run("v = %tasks value -1")

    assert prepared["v"] == [1, 2]
    assert ran.out == ""
    assert prepared.run("%tasks value -1").value == [1, 2]


def test_value_of_a_failure_is_refused(prepared):
    result = prepared.run("%enqueue bad()").value
    sentence = prepared.usage_error("%tasks value -1")

    assert "failed" in sentence
    assert f"%tasks show {result.id[:8]}" in sentence


def test_rerun_takes_the_function_as_it_is_now_and_the_arguments_as_they_were(prepared):
    first = prepared.run("%%enqueue add(n, b=[1])\nn = [0]\ndef add(a, b):\n    raise ValueError")
    assert first.value.status == "FAILED"
    prepared.run("n = 'changed'\ndef add(a, b):\n    return [a, b]")

    ran = prepared.run("%tasks rerun -1")

    assert ran.value.return_value == [[0], [1]]
    assert ran.value.id != first.value.id
    assert ran.value.args == first.value.args
    assert "SUCCESSFUL" in ran.html
    assert first.value.status == "FAILED"


def test_rerun_falls_back_to_the_stored_function_and_says_so(prepared):
    prepared.run("%enqueue add(1)")
    prepared.run("del add")

    ran = prepared.run("%tasks rerun -1")

    assert ran.value.return_value == 1
    assert "stored function" in ran.text


def test_rerun_runs_a_cell_again_in_the_namespace_of_now(prepared):
    prepared.run("n = 1")
    prepared.run("%%enqueue\nn = n + 1\nn")

    ran = prepared.run("%tasks rerun -1")

    assert ran.value.return_value == 3
    assert prepared["n"] == 3


def test_rerun_of_a_task_keeps_its_options(prepared):
    prepared.run("from immediate_tasks_ipy.tasks import task\n@task\ndef t():\n    return 1")
    prepared.run("%enqueue -p 9 t()")

    assert prepared.run("%tasks rerun").value.task.priority == 9


def test_rerun_of_an_async_task_is_awaited(prepared):
    prepared.run("import asyncio\nasync def slow(n):\n    await asyncio.sleep(0.01)\n    return n")
    prepared.run("%enqueue slow(5)")

    assert prepared.run("%tasks rerun -1").value.return_value == 5
    assert prepared.run("r = %tasks rerun -1").ok
    assert prepared["r"].return_value == 5


def test_rerun_is_quiet_with_a_semicolon(prepared):
    prepared.run("%enqueue add(1)")
    prepared.run("'before'")

    assert prepared.run("%tasks rerun -1;").value is None
    assert prepared["_"] == "before"


def test_rerun_of_what_is_no_task_any_more_is_refused(prepared):
    prepared.run("%enqueue add(1)")
    prepared.run("async def gone(): ...\nadd = 3")
    ran = prepared.run("%tasks rerun -1")
    assert ran.value.return_value == 1


def test_cancel_fails_a_running_background_task(terminal):
    terminal.run("import asyncio\nstarted = False")
    terminal.run(
        "%%enqueue --background -o r\nstarted = True\ntry:\n    await asyncio.sleep(60)\n"
        "finally:\n    cleaned = True"
    )
    wait_until(lambda: terminal["started"])

    ran = terminal.run("%tasks cancel -1")

    wait_until(lambda: terminal["r"].is_finished)
    assert terminal["r"].errors[0].exception_class_path == "asyncio.exceptions.CancelledError"
    wait_until(lambda: "cleaned" in terminal)
    assert "cancelled" in ran.out


def test_cancel_of_what_has_finished_is_refused(prepared):
    prepared.run("%enqueue add(1)")
    assert "finished already" in prepared.usage_error("%tasks cancel -1")


def test_wait_waits_for_one_and_for_all(prepared):
    prepared["gate"] = gate = threading.Event()
    prepared.run("def held(n):\n    gate.wait(30)\n    return n")
    prepared.run("first = %enqueue --background held(1)")
    prepared.run("second = %enqueue --background held(2)")
    timer = threading.Timer(0.05, gate.set)
    timer.start()

    one = prepared.run("%tasks wait -1")
    assert one.value is prepared["second"]
    assert one.value.return_value == 2
    every = prepared.run("%tasks wait")
    assert prepared["first"].is_finished
    assert every.ok
    timer.join()


def test_wait_with_nothing_to_wait_for_returns_at_once(prepared):
    assert prepared.run("%tasks wait").ok
    prepared.run("%enqueue add(1)")
    assert prepared.run("%tasks wait -1").value.return_value == 1


def test_clear_forgets_the_finished_ones(prepared):
    for n in range(3):
        prepared.run(f"%enqueue add({n});")

    assert "3 finished tasks forgotten" in prepared.run("%tasks clear").out
    assert "No tasks yet" in prepared.run("%tasks list").out


def test_export_writes_json_lines_and_csv_by_suffix(prepared, tmp_path):
    prepared.run("%enqueue add(1, b=2)")
    prepared.run("%enqueue bad()")

    assert "2 tasks" in prepared.run(f"%tasks export {tmp_path}/all.jsonl").out
    prepared.run(f"%tasks export '{tmp_path}/with space.csv'")

    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows] == ["SUCCESSFUL", "FAILED"]
    with (tmp_path / "with space.csv").open(newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["SUCCESSFUL", "FAILED"]


def test_export_never_overwrites_without_force(prepared, tmp_path):
    path = tmp_path / "all.jsonl"
    path.write_text("mine")
    prepared.run("%enqueue add(1)")

    assert "--force" in prepared.usage_error(f"%tasks export {path}")
    assert path.read_text() == "mine"
    for code in (f"%tasks export --force {path}", f"%tasks export {path} --force"):
        assert prepared.run(code).ok
    assert "add" in path.read_text()


def test_export_is_refused_without_a_file_with_another_suffix_and_without_a_folder(
    prepared, tmp_path
):
    prepared.run("%enqueue add(1)")
    assert "takes one file" in prepared.usage_error("%tasks export")
    assert ".jsonl" in prepared.usage_error(f"%tasks export {tmp_path}/all.txt")
    assert "no folder" in prepared.usage_error(f"%tasks export {tmp_path}/none/all.csv")
    assert "quot" in prepared.usage_error("%tasks export 'open.csv").lower()
    assert list(tmp_path.iterdir()) == []


def test_backends_lists_what_there_is_and_what_it_can(prepared):
    lines = prepared.run("%tasks backends").out.splitlines()

    assert any("default" in line and "ImmediateBackend" in line for line in lines)
    assert any("dask" in line for line in lines)


def test_an_unknown_subcommand_is_answered_with_those_there_are(prepared):
    sentence = prepared.usage_error("%tasks shwo -1")

    assert "shwo" in sentence
    assert "show" in sentence


@pytest.mark.parametrize("code", ["%tasks clear now", "%tasks backends x", "%tasks show -1 -2"])
def test_what_is_too_much_is_refused(prepared, code):
    prepared.run("%enqueue add(1)")
    prepared.usage_error(code)
    assert prepared.run("%tasks list").out.count("add(1)") == 1


def test_a_name_in_braces_is_left_as_it_is_written(prepared):
    prepared["x"] = "-1"
    prepared.usage_error("%tasks show {x}")


def test_tasks_opens_one_panel(notebook):
    pytest.importorskip("anywidget")
    first, second = notebook.run("%tasks"), notebook.run("%tasks")

    assert first.value is second.value
    assert type(first.value).__name__ == "TaskPanel"


def test_a_panel_that_can_not_be_imported_leaves_the_list(notebook, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "immediate_tasks_ipy.panel.widget", None)
    notebook.run("%%enqueue -n one\n1")

    ran = notebook.run("%tasks")

    assert "pip install anywidget" in ran.out
    assert "one" in ran.out


RERUNS = {
    "magic": "%tasks rerun -1",
    "function": "rerun(r)",
    "failed": "failed.rerun_failed()",
}


@pytest.mark.parametrize("how", RERUNS)
def test_every_re_run_records_the_cell_it_was_made_in_and_its_output(notebook, how):
    notebook.run("from immediate_tasks_ipy import TaskResults, rerun")
    notebook.run("def shout(x):\n    print('shouting', x)\n    raise ValueError(x)")
    notebook.run("r = %enqueue shout(1)")
    notebook.run("failed = TaskResults([r])")
    here = notebook.shell.execution_count

    notebook.run(RERUNS[how])

    first, second = current_recorder()
    assert (first.origin.cell, second.origin.cell) == (here - 2, here)
    assert second.origin.label == first.origin.label == "shout(1)"
    assert second.output == first.output == "shouting 1\n"
    assert second.rerun_of is first


def test_the_panels_re_run_records_the_same(notebook):
    from immediate_tasks_ipy.ipython.execution.panel_actions import ShellActions
    from immediate_tasks_ipy.ipython.extension import _loaded

    notebook.run("def shout(x):\n    print('shouting', x)\n    return x")
    notebook.run("%enqueue shout(1)")
    [first] = current_recorder()

    def press():
        message = ShellActions(_loaded[notebook.shell].launcher).rerun(first)
        wait_until(lambda: len(current_recorder()) == 2)
        wait_until(lambda: current_recorder().results[-1].is_finished)
        return message

    notebook["press"] = press
    assert notebook.run("press()").value == "shout is running again"
    _, second = current_recorder()
    assert second.output == "shouting 1\n"
    assert second.rerun_of is first
    assert second.origin.label == "shout(1)"


# -- those that failed -----------------------------------------------------------------------------


def test_list_shows_those_of_a_status_or_a_name(prepared):
    for code in ("add(1)", "bad()", "add(2)"):
        prepared.run(f"%enqueue {code};")

    failed = prepared.run("%tasks list --failed").out
    assert "bad()" in failed
    assert "add" not in failed
    assert prepared.run("%tasks list --status failed").out == failed
    assert prepared.run("%tasks list --name ad").out.count("\n") == 3
    assert "add(2)" in prepared.run("%tasks list 1 --name add").out
    assert (
        "… and 1 before: %tasks list 2 --name add" in prepared.run("%tasks list 1 --name add").out
    )
    assert "None of the 3 tasks is RUNNING" in prepared.run("%tasks list --running").out
    assert "'lost'" in prepared.usage_error("%tasks list --status lost")
    assert "--status needs a value" in prepared.usage_error("%tasks list --status")


def test_failed_ones_are_those_that_would_be_run_again(prepared):
    prepared.run("def stop():\n    raise KeyboardInterrupt\n")
    prepared.run("%enqueue stop();")
    assert "None of the 1 tasks is FAILED" in prepared.run("%tasks list --failed").out
    assert "stop()" in prepared.run("%tasks list --status failed").out

    prepared.run("%enqueue bad();")
    prepared.run("def bad():\n    return 1")
    assert "bad()" in prepared.run("%tasks list --failed").out
    prepared.run("%tasks rerun --failed")
    assert "None of the 3 tasks is FAILED" in prepared.run("%tasks list --failed").out


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_the_panel_runs_each_failure_again_once(notebook, kind):
    from immediate_tasks_ipy.ipython.execution.panel_actions import ShellActions
    from immediate_tasks_ipy.ipython.extension import _loaded

    notebook.run(f"calls = []\n{kind} bad(n):\n    calls.append(n)\n    raise LookupError(n)")
    for n in range(2):
        await notebook.arun(f"%enqueue bad({n});")
    await notebook.arun("%enqueue len('ab');")
    history = current_recorder()
    actions = ShellActions(_loaded[notebook.shell].launcher)
    first = list(history)

    said = [actions.rerun_failed(entry) for _ in range(2) for entry in first]

    assert said == ["bad is running again"] * 2 + [None] * 4
    await asyncio.to_thread(wait_until, lambda: all(each.is_finished for each in history.results))
    assert len(history) == 5
    assert sorted(notebook["calls"]) == [0, 0, 1, 1]
    # A run that failed too is a failure of its own, the one it was made of is not again.
    assert [actions.rerun_failed(entry) for entry in first] == [None] * 3


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_rerun_failed_runs_those_again_that_are_not_resolved(notebook, kind):
    notebook.run("calls = []\ndef good(n):\n    calls.append(n)")
    notebook.run(f"{kind} bad(n):\n    raise LookupError(n)")
    for n in range(3):
        await notebook.arun(f"%enqueue bad({n});\n%enqueue good({n});")
    notebook.run(f"{kind} bad(n):\n    if n == 1:\n        raise LookupError\n    return n")

    results = (await notebook.arun("%tasks rerun --failed")).value
    assert [str(result.status) for result in results] == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    again = (await notebook.arun("%tasks rerun --failed")).value
    assert [result.args for result in again] == [[1]]
    notebook.run(f"{kind} bad(n):\n    return n")
    assert (await notebook.arun("%tasks rerun --failed")).value.return_values == [1]
    ran = await notebook.arun("%tasks rerun --failed")
    assert ran.value is None
    assert "No failed task is left" in ran.out
    assert notebook["calls"] == [0, 1, 2]


def test_tasks_open_is_tasks(terminal):
    terminal.run("%%enqueue -n first\n1")
    assert terminal.run("%tasks open").out == terminal.run("%tasks").out
    assert "takes nothing more" in terminal.usage_error("%tasks open it")


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        (
            "import math\nroots = %enqueue --each range(2) math.sqrt\nlen(roots)",
            "roots = %enqueue --each range(2) math.sqrt",
        ),
        (
            "%%enqueue --each range(2)\ndef half(n):\n    return n / 2",
            "%%enqueue --each range(2)\ndef half(n):\n    return n / 2",
        ),
    ],
)
def test_the_panel_copies_the_statement_that_started_a_batch(notebook, source, copied):
    from immediate_tasks_ipy.batches import known_batches
    from immediate_tasks_ipy.ipython.execution.panel_actions import ShellActions
    from immediate_tasks_ipy.ipython.extension import _loaded

    notebook.run(source)
    batch = list(known_batches.known())[-1].stats

    actions = ShellActions(_loaded[notebook.shell].launcher)

    assert actions.copy_batch(batch) == copied
    batch.source = None
    with pytest.raises(LookupError, match="No magic started this batch"):
        actions.copy_batch(batch)
