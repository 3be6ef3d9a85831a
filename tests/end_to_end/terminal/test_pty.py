"""A real `ipython` in a terminal: text in place of cards, one live line, Ctrl-C."""

from __future__ import annotations

import pytest

from tests.support.shells import wait_until


def test_a_task_prints_its_text_once(terminal):
    shown = terminal.run("%%enqueue\n20 + 1")

    assert shown.count("SUCCESSFUL in") == 1
    assert "20 + 1 → 21" in shown
    assert "<div" not in shown


def test_a_slow_task_has_one_live_line_that_its_text_replaces(terminal, tmp_path):
    gate = tmp_path / "gate"
    terminal.run("import asyncio, os, time")
    for wait in ("time.sleep(0.01)", "await asyncio.sleep(0.01)"):
        gate.unlink(missing_ok=True)
        terminal.send(f"%%enqueue\nwhile not os.path.exists({str(gate)!r}):\n    {wait}\n'done'")
        terminal.child.expect(r"\r◐ [^\r\n]*RUNNING for")
        gate.touch()
        rest = terminal.finish()
        final = rest.rpartition("\r✓")[2] if "\r✓" in rest else rest
        assert "SUCCESSFUL in" in final
        assert rest.count("SUCCESSFUL in") == 1


def test_the_results_are_values_like_any_other(terminal):
    terminal.run("%%enqueue\nimport asyncio\nawait asyncio.sleep(0, 20)")

    assert "\n25" in terminal.run("print(_.return_value + 5)").replace("\r", "")
    terminal.run("def f(): return 'kept'")
    terminal.run("r = %enqueue f()")
    assert "it was kept" in terminal.run("print('it was', r.return_value)")


def test_a_failure_shows_the_cells_own_line(terminal):
    shown = terminal.run("%%enqueue\nx = 1\n1 / 0")

    assert "ZeroDivisionError: division by zero" in shown
    assert "3  1 / 0" in shown
    assert "immediate_tasks_ipy/" not in shown


def test_a_sync_body_may_call_asyncio_run(terminal):
    shown = terminal.run("%%enqueue\nimport asyncio\nasyncio.run(asyncio.sleep(0, 'it ran'))")
    assert "→ 'it ran'" in shown or '→ "it ran"' in shown


def test_tasks_lists_them(terminal):
    terminal.run("%%enqueue -n first\n1")
    assert "first" in terminal.run("%tasks")


BODIES = {
    "idle": "print('it is u' + 'p')\nawait asyncio.sleep(600)",
    "blocking": "await asyncio.sleep(0)\nprint('it is u' + 'p')\ntime.sleep(600)",
    "sync": "print('it is u' + 'p')\ntime.sleep(600)",
}


@pytest.mark.parametrize("what", list(BODIES))
def test_ctrl_c_ends_a_task(terminal, what):
    terminal.run("import asyncio, time, signal")
    terminal.run("handler = signal.getsignal(signal.SIGINT)")
    terminal.send(f"%%enqueue\n{BODIES[what]}")
    terminal.expect("it is up")
    terminal.interrupt()

    shown = terminal.finish()

    assert "KeyboardInterrupt" in shown
    assert "CANCELLED by you after" in shown
    # The interrupt may come while the print is on its way through the output's proxy.
    assert "ipython/magics" not in shown
    assert "tasks/backends" not in shown
    assert "True" in terminal.run("print(signal.getsignal(signal.SIGINT) is handler)")
    left = terminal.run(
        "from IPython.core.async_helpers import get_asyncio_loop\n"
        "print('left', len(asyncio.all_tasks(get_asyncio_loop())))"
    )
    assert "left 0" in left
    assert "SUCCESSFUL" in terminal.run("%%enqueue\nawait asyncio.sleep(0)")


def test_ctrl_c_ends_a_batch(terminal):
    terminal.run("import asyncio, threading, sys\nup = threading.Event()")
    terminal.run("async def item(n):\n    up.set()\n    await asyncio.sleep(600)")
    # The prints of a batch's tasks are moved to them: another thread says that one is up.
    terminal.run(
        "def tell():\n    up.wait()\n    sys.__stdout__.write('it is u' + 'p')\n"
        "    sys.__stdout__.flush()"
    )
    terminal.run("threading.Thread(target=tell, daemon=True).start()")
    terminal.send("%enqueue --each range(3) item")
    terminal.expect("it is up")
    terminal.interrupt()

    shown = terminal.finish()

    assert "KeyboardInterrupt" in shown
    assert "INTERRUPTED after" in shown
    assert "3 cancelled" in shown
    assert "immediate_tasks_ipy/" not in shown


def until(terminal, text):
    """Run empty cells until `text` was written; return all that was."""
    shown = ""
    for _ in range(200):
        shown += terminal.run("pass")
        if text in shown:
            return shown
    message = f"{text!r} was never written:\n{shown[-2000:]}"
    raise AssertionError(message)


def test_a_background_task_ends_while_the_prompt_waits_and_is_told(terminal, tmp_path):
    """The terminal's own loop stands still between cells: the task runs on another."""
    gate, done = tmp_path / "gate", tmp_path / "done"
    terminal.run("import asyncio, os, pathlib")
    terminal.run(
        f"%%enqueue --background -n follower\nwhile not os.path.exists({str(gate)!r}):\n"
        f"    await asyncio.sleep(0.01)\npathlib.Path({str(done)!r}).touch()\n'told'"
    )
    gate.touch()
    wait_until(done.exists)

    assert "follower → " in until(terminal, "SUCCESSFUL in")


def test_a_background_failure_is_never_silent(terminal):
    terminal.run("import asyncio")
    first = terminal.run("%%enqueue --background -n lost\nawait asyncio.sleep(0.05)\n1 / 0")
    if "ZeroDivisionError" not in first:
        until(terminal, "ZeroDivisionError")


def test_leaving_does_not_wait_for_background_tasks(terminal):
    import pexpect

    terminal.run("import asyncio, time")
    terminal.run("%%enqueue --background\nawait asyncio.sleep(600)")
    terminal.run("%%enqueue --background\ntime.sleep(600)")
    terminal.child.sendline("exit")

    terminal.child.expect(pexpect.EOF)
    terminal.child.wait()
    assert terminal.child.exitstatus == 0


def test_the_debugger_is_at_the_failing_frame(terminal):
    terminal.run("%%enqueue\ndef f(n):\n    return n / 0\nf(41)")
    terminal.send("%tasks debug -1")
    terminal.expect("ipdb>")
    terminal.send("p n + 1")
    assert "42" in terminal.expect("ipdb>")
    terminal.send("q")
    terminal.finish()
