"""Tasks of every form in real kernels: awaited on the kernel's loop, shown in one live card."""

from __future__ import annotations

import pytest


def shown(reply):
    """Return how often the card was sent: first display and updates."""
    return [m["msg_type"] for m in reply.messages if "display" in m["msg_type"]]


def test_a_cell_is_a_task_and_has_one_output(loaded):
    reply = loaded.run("%%enqueue\n20 + 1")

    assert reply.ok, reply.error
    assert shown(reply) == ["display_data"]
    assert reply.of_type("execute_result") == []
    assert "SUCCESSFUL" in reply.html
    assert "SUCCESSFUL" in reply.text
    assert loaded.value("_.return_value") == "21"


def test_an_awaited_cell_runs_on_the_kernels_loop_in_the_main_thread(loaded):
    loaded.run("import asyncio, threading")
    loaded.run("async def of(): return asyncio.get_running_loop()\nloop = await of()")

    reply = loaded.run(
        "%%enqueue\nawait asyncio.sleep(0)\n"
        "[asyncio.get_running_loop() is loop, "
        "threading.current_thread() is threading.main_thread()]"
    )
    assert reply.ok, reply.error
    assert loaded.value("_.return_value") == "[True, True]"


def test_tasks_functions_and_calls(loaded):
    reply = loaded.run(
        "%%enqueue\nfrom immediate_tasks_ipy.tasks import task\n"
        "@task\ndef low():\n    return 'low'\n"
        "@task(priority=5)\nasync def high():\n    return 'high'"
    )
    assert loaded.value("[r.return_value for r in _]") == "['high', 'low']"
    assert reply.html.index("high()") < reply.html.index("low()")

    loaded.run("async def add(a, b):\n    return a + b")
    reply = loaded.run("r = %enqueue add(2, 3)")
    assert "SUCCESSFUL" in reply.html
    assert loaded.value("r.return_value") == "5"
    reply = loaded.run("for n in range(2):\n    s = %enqueue add(n, 1)\ns.return_value")
    assert reply.text.endswith("2")
    reply = loaded.run("def blocking():\n    r = %enqueue add(4, 5)\n    return r\nblocking()")
    assert loaded.value("_.return_value") == "9"


def test_a_result_evaluated_later_shows_its_card(loaded):
    loaded.run("%%enqueue -o r\n5;")

    reply = loaded.run("r")

    assert "SUCCESSFUL" in reply.html
    assert len(reply.of_type("execute_result")) == 1


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
def test_a_slow_task_is_seen_running_while_it_runs(loaded, tmp_path, sync):
    """The card says RUNNING before the file that lets the task end is there."""
    gate = tmp_path / "gate"
    wait = "time.sleep(0.01)" if sync else "await asyncio.sleep(0.01)"
    reply = loaded.start(
        f"%%enqueue\nimport asyncio, os, time\nwhile not os.path.exists({str(gate)!r}):\n"
        f"    {wait}\n'done'"
    )
    loaded.wait_for(lambda: "RUNNING" in reply.html)
    assert not reply.content
    gate.touch()
    loaded.finish(reply)

    assert len(reply.outputs) == 1
    assert "SUCCESSFUL" in reply.html
    assert shown(reply)[0] == "display_data"
    assert set(shown(reply)[1:]) == {"update_display_data"}


def test_output_comes_in_its_cell_and_input_is_asked_for(loaded):
    reply = loaded.start("%%enqueue\nprint('before')\nname = input('name? ')\nname.upper()",
                         stdin=True)  # fmt: skip
    message = loaded.client.get_stdin_msg(timeout=180)
    assert message["content"]["prompt"] == "name? "
    loaded.client.input("ada")
    loaded.finish(reply)

    assert reply.stream() == "before\n"
    assert loaded.value("_.return_value") == "'ADA'"
    assert "before" in loaded.run("%tasks show -1").stream()


def test_a_failure_shows_the_cells_own_line_and_does_not_stop_the_notebook(loaded):
    reply = loaded.run("%%enqueue\n\nx = 1\n1 / 0")

    assert reply.ok
    assert "ZeroDivisionError" in reply.html
    assert "line 4" in reply.text
    assert "ipykernel" not in reply.text
    assert "immediate_tasks_ipy/" not in reply.text


def test_raise_shows_the_same_line_in_ipythons_traceback(loaded):
    for body in ("\nx = 1\n1 / 0", "\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0"):
        reply = loaded.run(f"%%enqueue --raise{body}")

        assert not reply.ok
        assert reply.content["ename"] == "ZeroDivisionError"
        assert f"{body.count(chr(10)) + 1} 1 / 0" in reply.error
        assert "immediate_tasks_ipy/" not in reply.error
        assert "run_cell_magic('enqueue'" not in reply.error


def test_a_usage_error_is_one_sentence(loaded):
    for code in ("%enqueue nowhere(1)", "%%enqueue --prioritty 3\nx", "%%enqueue\nif x\n"):
        reply = loaded.run(code)
        assert not reply.ok
        assert "Traceback" not in reply.error
        assert "UsageError" in reply.stream("stderr") + reply.error


def test_time_capture_and_autoawait_off_take_the_synchronous_path(loaded):
    loaded.run("import asyncio\nasync def slow():\n    await asyncio.sleep(0.01)\n    return 7")

    assert "Wall time" in loaded.run("%%time\nr = %enqueue slow()").stream()
    assert loaded.value("r.return_value") == "7"
    loaded.run("%%capture caught\nr = %enqueue slow()")
    # On a slow machine the card was shown running before.
    last = "caught.outputs[-1].data['text/plain']"
    assert loaded.value(f"r.return_value, 'SUCCESSFUL' in {last}") == "(7, True)"
    loaded.run("%autoawait off")
    assert loaded.run("r = %enqueue slow()").ok
    loaded.run("%autoawait on")
    assert loaded.value("r.return_value") == "7"


def test_a_background_task_returns_at_once_and_its_card_follows(loaded, tmp_path):
    gate = tmp_path / "gate"
    for wait in ("time.sleep(0.01)", "await asyncio.sleep(0.01)"):
        gate.unlink(missing_ok=True)
        reply = loaded.run(
            f"%%enqueue --background -o r\nimport asyncio, os, time\n"
            f"print('from the background')\n"
            f"while not os.path.exists({str(gate)!r}):\n    {wait}\n'done'"
        )
        loaded.wait_for(lambda r=reply: "RUNNING" in r.html)
        assert reply.stream() == ""
        assert loaded.value("r.is_finished") == "False"
        gate.touch()

        waited = loaded.run("%tasks wait -1")

        assert waited.ok, waited.error
        assert loaded.value("r.return_value") == "'done'"
        # The update comes with the message of whichever cell runs.
        assert "done" in loaded.run("%tasks show -1").stream()
        assert "from the background" in loaded.run("%tasks show -1").stream()


def test_the_card_of_a_background_task_reaches_its_final_state_by_itself(loaded, tmp_path):
    gate = tmp_path / "gate"
    loaded.run(
        f"%%enqueue --background\nimport asyncio, os\n"
        f"while not os.path.exists({str(gate)!r}):\n    await asyncio.sleep(0.01)\n'final'"
    )
    seen = []
    loaded.listen(seen.append)
    gate.touch()

    loaded.wait_for(
        lambda: any(
            m["msg_type"] == "update_display_data"
            and "SUCCESSFUL" in m["content"]["data"]["text/plain"]
            for m in seen
        )
    )


@pytest.mark.parametrize("line", ["", "--each range(2)"], ids=["task", "batch"])
def test_a_hidden_request_does_not_take_over_the_updates_of_an_earlier_card(loaded, tmp_path, line):
    gate = tmp_path / "gate"
    loaded.run(
        "import asyncio, os\nasync def held(n=0):\n"
        f"    while not os.path.exists({str(gate)!r}):\n        await asyncio.sleep(0.01)\n"
    )
    reply = loaded.run(f"%enqueue --background {line} {'held' if line else 'held()'}")
    hidden = loaded.start("'a look at a variable'", hidden=True)
    loaded.finish(hidden)
    before = len(reply.of_type("update_display_data"))
    loaded.wait_for(lambda: len(reply.of_type("update_display_data")) > before)
    assert hidden.of_type("display_data", "update_display_data") == []

    gate.touch()

    final = "2 successful" if line else "SUCCESSFUL"
    loaded.wait_for(lambda: final in reply.of_type("update_display_data")[-1]["data"]["text/plain"])


def test_wait_can_be_awaited_in_python(loaded):
    loaded.run("import asyncio\nfrom immediate_tasks_ipy import wait, cancel")
    loaded.run("%%enqueue --background -o r\nawait asyncio.sleep(0.05)\n'there'")

    assert loaded.run("results = await wait(r)").ok
    assert loaded.value("results[0].return_value") == "'there'"


def test_each_runs_a_task_per_item(loaded):
    loaded.run("import asyncio\nasync def fetch(n):\n    print('item', n)\n"
               "    await asyncio.sleep(0.01)\n    return 10 // n")  # fmt: skip

    reply = loaded.run("%enqueue --each range(4) fetch")

    assert reply.ok, reply.error
    assert loaded.value("_.successful.return_values") == "[10, 5, 3]"
    assert loaded.value("[r.status for r in _].count('FAILED')") == "1"
    assert len(reply.outputs) == 1
    assert "ZeroDivisionError" in reply.html
    assert reply.stream() == ""


def test_unloading_leaves_the_kernel_as_it_was(loaded):
    loaded.run("import sys\nip = get_ipython()")
    sizes = ("len(ip.input_transformers_post), len(ip.configurables), "
             "len(ip.events.callbacks['pre_run_cell']), type(sys.stdout).__name__")  # fmt: skip
    during = loaded.value(sizes)
    for _ in range(3):
        loaded.run("%reload_ext immediate_tasks_ipy")
        assert loaded.value(sizes) == during
    loaded.run("%unload_ext immediate_tasks_ipy")

    assert loaded.value(sizes) != during
    assert loaded.value("type(sys.stdout).__name__") == "'OutStream'"
    assert not loaded.run("%%enqueue\n1").ok
    loaded.run("%load_ext immediate_tasks_ipy")
    assert loaded.value(sizes) == during
