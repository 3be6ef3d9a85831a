"""The magics in JupyterLab: a task is seen running, then ended; the stop button stops one."""

from __future__ import annotations

import re

from playwright.sync_api import expect

LOAD = "%load_ext immediate_tasks_ipy"

#: An async task that runs until the file `go` is there.
WAITING = (
    "%%enqueue --name waiting\nimport asyncio, os\nwhile not os.path.exists('go'):\n"
    "    await asyncio.sleep(0.02)\n'done'"
)


def test_an_async_task_is_seen_running_then_successful_in_card_and_panel(lab):
    notebook = lab(LOAD, "%tasks", WAITING)
    gate = notebook.server.folder / "go"
    gate.unlink(missing_ok=True)
    notebook.run(0)
    notebook.run(1)
    notebook.wait_idle()
    panel = notebook.output(1)
    expect(panel).to_contain_text(re.compile("task", re.IGNORECASE))

    notebook.start(2)
    notebook.wait_text(2, "RUNNING")
    expect(panel).to_contain_text("waiting")
    expect(panel).to_contain_text(re.compile("running", re.IGNORECASE))
    gate.touch()
    notebook.wait_done(2)

    notebook.wait_text(2, "SUCCESSFUL")
    expect(panel).to_contain_text(re.compile("successful", re.IGNORECASE))
    expect(notebook.output(2)).not_to_contain_text("RUNNING for")
    gate.unlink()
    notebook.screenshot("magics-lab")
    assert notebook.errors == []
    assert notebook.foreign_requests == []


def test_a_sync_task_is_seen_running_while_it_blocks_the_kernel(lab):
    notebook = lab(LOAD, WAITING.replace("await asyncio.sleep", "__import__('time').sleep"))
    gate = notebook.server.folder / "go"
    gate.unlink(missing_ok=True)
    notebook.run(0)

    notebook.start(1)
    notebook.wait_text(1, "RUNNING")
    gate.touch()
    notebook.wait_done(1)
    notebook.wait_text(1, "SUCCESSFUL")
    gate.unlink()


def test_the_stop_button_ends_a_task_and_the_cells_after_it(lab):
    notebook = lab(LOAD, WAITING, "print('went', 'on')")
    (notebook.server.folder / "go").unlink(missing_ok=True)
    notebook.run(0)
    notebook.start(1)
    notebook.wait_text(1, "RUNNING")

    notebook.interrupt()

    notebook.wait_done(1)
    notebook.wait_text(1, "FAILED")
    notebook.wait_text(1, "KeyboardInterrupt")
    assert "went on" in notebook.run(2).inner_text()


def test_a_failure_shows_the_cells_own_lines(lab):
    notebook = lab(LOAD, "%%enqueue\nx = 1\n1 / 0")
    notebook.run(0)

    output = notebook.run(1)

    expect(output).to_contain_text("ZeroDivisionError")
    expect(output).to_contain_text("line 3")


def test_a_card_stays_in_the_saved_notebook(lab):
    notebook = lab(LOAD, "%%enqueue\n20 + 1")
    notebook.run_all()
    notebook.wait_text(1, "SUCCESSFUL")

    notebook.save()

    [output] = notebook.read().cells[1].outputs
    assert "SUCCESSFUL" in output["data"]["text/html"]
    notebook.reload()
    notebook.wait_text(1, "SUCCESSFUL")


def test_the_card_of_a_background_task_follows_it_without_another_cell(lab):
    notebook = lab(LOAD, WAITING.replace("--name", "--background --name"), "print('next')")
    gate = notebook.server.folder / "go"
    gate.unlink(missing_ok=True)
    notebook.run(0)
    notebook.run(1)
    notebook.wait_text(1, "RUNNING")
    expect(notebook.run(2)).to_contain_text("next")

    gate.touch()

    notebook.wait_text(1, "SUCCESSFUL")
    expect(notebook.output(2)).not_to_contain_text("SUCCESSFUL")
    gate.unlink()
