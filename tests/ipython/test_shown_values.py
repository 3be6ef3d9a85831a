"""A cell shows one card, once; its value is in `_` and `Out`; a semicolon keeps it quiet."""

from __future__ import annotations

import asyncio

import pytest

FORMS = [
    "%%enqueue\n20 + 1",
    "%%enqueue\nimport asyncio\nawait asyncio.sleep(0, 21)",
    "%%enqueue\ndef f():\n    return 21",
    "%%enqueue f()\nasync def f():\n    return 21",
    "%enqueue sum_up(20, 1)",
    "%enqueue asum_up(20, 1)",
]


@pytest.fixture
def prepared(notebook):
    notebook.run("def sum_up(a, b):\n    return a + b\nasync def asum_up(a, b):\n    return a + b")
    return notebook


@pytest.mark.parametrize("code", FORMS)
def test_a_cell_has_one_output_and_its_value_is_the_result(prepared, code):
    ran = prepared.run(code)

    [(kind, data)] = ran.messages
    assert kind == "display_data"
    assert set(data) == {"text/html", "text/plain"}
    assert ran.out == ""
    assert ran.value.return_value == 21
    assert prepared["_"] is ran.value
    assert prepared["Out"][ran.execution.execution_count] is ran.value
    assert prepared[f"_{ran.execution.execution_count}"] is ran.value


@pytest.mark.parametrize("code", FORMS)
async def test_the_same_on_a_running_loop(prepared, code):
    ran = await prepared.arun(code)

    assert [kind for kind, _ in ran.messages] == ["display_data"]
    assert prepared["_"] is ran.value


@pytest.mark.parametrize("code", [f"{code};" for code in FORMS] + ["%enqueue sum_up(1, 2) ; "])
def test_a_semicolon_keeps_the_value_quiet_and_the_last_one_stays(prepared, code):
    prepared.run("'before'")

    ran = prepared.run(code)

    assert ran.value is None
    assert prepared["_"] == "before"
    assert "SUCCESSFUL" in ran.html


def test_a_semicolon_before_a_comment_is_one_too_and_one_in_a_string_is_not(notebook):
    assert notebook.run("%%enqueue\n1;  # quiet\n# really\n").value is None
    assert notebook.run("%%enqueue\n'a;'").value.return_value == "a;"
    assert notebook.run("%%enqueue\n1  # not quiet;").value.return_value == 1


def test_an_assignment_binds_the_result_and_shows_the_card(prepared):
    ran = prepared.run("r = %enqueue sum_up(1, 2)")

    assert prepared["r"].return_value == 3
    assert ran.value is None
    assert len(ran.outputs) == 1
    assert "SUCCESSFUL" in ran.html


def test_in_a_loop_each_task_shows_its_card(prepared):
    ran = prepared.run("results = []\nfor n in range(3):\n    r = %enqueue sum_up(n, n)\n"
                       "    results.append(r.return_value)")  # fmt: skip

    assert prepared["results"] == [0, 2, 4]
    assert len(ran.outputs) == 3


def test_a_magic_amid_a_cell_shows_its_card_and_the_cell_its_own_value(prepared):
    ran = prepared.run("r = %enqueue sum_up(1, 2)\nr.return_value * 10")

    assert ran.value == 30
    assert [kind for kind, _ in ran.messages] == ["display_data", "execute_result"]


def test_a_result_in_a_later_cell_shows_its_card(prepared):
    prepared.run("r = %enqueue sum_up(1, 2)")

    ran = prepared.run("r")

    [(kind, data)] = ran.messages
    assert kind == "execute_result"
    assert "sum_up(1, 2)" in data["text/html"]
    assert "SUCCESSFUL" in data["text/plain"]


def test_a_result_shown_and_evaluated_in_the_same_cell_is_shown_once(prepared):
    ran = prepared.run("r = %enqueue sum_up(1, 2)\nr")
    assert len(ran.outputs) == 1


def test_results_in_a_container_are_still_readable(prepared):
    prepared.run("r = %enqueue sum_up(1, 2)")
    assert "sum_up" in prepared.run("[r]").text


def test_a_task_that_is_slow_is_seen_running_and_updated_in_place(notebook):
    import threading

    notebook["gate"] = gate = threading.Event()

    def seen():
        return any("RUNNING" in data.get("text/plain", "") for data in notebook.outputs)

    notebook["seen"] = seen
    ran = notebook.run("%%enqueue\nimport time\nwhile not seen():\n    time.sleep(0.005)\n'done'")

    kinds = [kind for kind, _ in ran.messages]
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    assert "RUNNING" in ran.messages[0][1]["text/html"]
    assert "SUCCESSFUL" in ran.outputs[0]["text/html"]
    gate.set()


def test_an_awaited_task_that_is_slow_is_seen_running(notebook):
    notebook["seen"] = lambda: any("RUNNING" in str(data) for data in notebook.outputs)

    ran = notebook.run(
        "%%enqueue\nimport asyncio\nwhile not seen():\n    await asyncio.sleep(0.005)\n'done'"
    )
    assert ran.messages[0][0] == "display_data"
    assert "SUCCESSFUL" in ran.html
    assert len(ran.outputs) == 1


def test_live_off_shows_each_task_once_when_it_has_ended(notebook):
    notebook.run("%config ImmediateTasks.live = False")

    ran = notebook.run("%%enqueue\nimport time\ntime.sleep(0.3)\n'done'")

    assert [kind for kind, _ in ran.messages] == ["display_data"]
    assert "SUCCESSFUL" in ran.html


def test_what_a_task_prints_and_displays_stands_before_its_card(notebook):
    ran = notebook.run(
        "%%enqueue\nfrom IPython.display import display, HTML\nprint('printed')\n"
        "display(HTML('<b>bold</b>'))\n1"
    )
    assert ran.out == "printed\n"
    assert ran.outputs[0]["text/html"] == "<b>bold</b>"
    assert "SUCCESSFUL" in ran.outputs[1]["text/html"]


def test_after_clear_output_the_final_card_is_shown_anew(notebook):
    notebook["seen"] = lambda: any("RUNNING" in str(data) for data in notebook.outputs)

    ran = notebook.run(
        "%%enqueue\nimport time\nfrom IPython.display import clear_output, display\n"
        "while not seen():\n    time.sleep(0.005)\n"
        "clear_output()\ndisplay('after')\n1"
    )
    assert ran.outputs[0]["text/plain"] == "'after'"
    assert "SUCCESSFUL" in ran.outputs[1]["text/html"]
    assert len(ran.outputs) == 2


def test_a_display_handle_of_the_task_is_updated_as_usual(notebook):
    ran = notebook.run(
        "%%enqueue\nhandle = display('first', display_id=True)\nhandle.update('second')\n1"
    )
    assert ran.outputs[0]["text/plain"] == "'second'"


def test_input_is_asked_for_in_the_cell(notebook, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt="": f"typed at {prompt}")

    assert notebook.run("%%enqueue\ninput('name? ')").value.return_value == "typed at name? "


def test_a_progress_bar_inside_a_task_leaves_the_card_standing(notebook):
    pytest.importorskip("tqdm")
    ran = notebook.run("%%enqueue\nfrom tqdm import tqdm\nsum(tqdm(range(3), mininterval=0))")
    assert "3/3" in ran.err
    assert "SUCCESSFUL" in ran.html
    assert "3/3" in notebook.run("%tasks show -1").out


def test_nothing_a_task_supplies_becomes_markup(notebook):
    ran = notebook.run("%%enqueue -n '<script>x</script>'\n'<img src=x onerror=y>'")

    assert "<script>" not in ran.html
    assert "<img" not in ran.html


# -- in a terminal ---------------------------------------------------------------------------------


def test_a_terminal_prints_the_text_once(terminal):
    ran = terminal.run("%%enqueue\n20 + 1")

    assert ran.out.count("SUCCESSFUL in") == 1
    assert "<div" not in ran.out


def test_a_terminal_shows_an_assigned_result_too(terminal):
    assert "21" in terminal.run("def f(): return 21\nr = %enqueue f()").out


def test_a_quiet_result_shows_its_card_in_a_terminal_too(terminal):
    ran = terminal.run("%%enqueue\n20 + 1;")
    assert ran.out.count("SUCCESSFUL in") == 1
    assert ran.value is None


def test_a_failure_that_is_raised_shows_its_text_in_a_terminal_too(terminal):
    for code in ("1 / 0", "import asyncio\nawait asyncio.sleep(0)\n1 / 0"):
        ran = terminal.run(f"%%enqueue --raise\n{code}")
        assert type(ran.error) is ZeroDivisionError
        assert ran.out.count("FAILED after") == 1


def test_an_interrupted_task_shows_its_text_in_a_terminal(terminal):
    ran = terminal.run("%%enqueue\nraise KeyboardInterrupt")
    assert type(ran.error) is KeyboardInterrupt
    assert ran.out.count("CANCELLED by you after") == 1


def test_no_display_means_none_in_a_terminal_either(terminal):
    ran = terminal.run("%%enqueue --display none\n20 + 1")
    assert "SUCCESSFUL" not in ran.out


def test_a_terminal_that_is_no_tty_gets_no_status_line(terminal):
    ran = terminal.run("%%enqueue\nimport time\ntime.sleep(0.3)\n1")
    assert "\r" not in ran.out
    assert "RUNNING for" not in ran.out


def test_a_task_enqueued_by_plain_code_is_no_output_of_the_cell(notebook):
    ran = notebook.run(
        "from immediate_tasks_ipy.tasks import task\n@task\ndef f():\n    return 1\nr = f.enqueue()"
    )
    assert ran.outputs == []
    assert "SUCCESSFUL" in notebook.run("r").html


def test_results_of_several_loops_do_not_mix(notebook):
    async def two():
        return await asyncio.gather(
            notebook.arun("%%enqueue\nimport asyncio\nawait asyncio.sleep(0.02, 'a')"),
        )

    [first] = asyncio.run(two())
    assert first.value.return_value == "a"
