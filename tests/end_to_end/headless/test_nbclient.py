"""A notebook run from end to end without a browser, as nbclient and papermill run it."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LOAD = "%load_ext immediate_tasks_ipy"


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Return a function that runs cells as a notebook and returns their outputs."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def run(*cells):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in (LOAD, *cells)]
        )
        client = NotebookClient(
            notebook, timeout=180, resources={"metadata": {"path": str(tmp_path)}}
        )
        try:
            client.execute()
        finally:
            run.outputs = [cell.outputs for cell in notebook.cells[1:]]
        return run.outputs

    return run


def html(outputs):
    return "\n".join(output.get("data", {}).get("text/html", "") for output in outputs)


def test_every_form_leaves_its_final_card_in_the_notebook(execute):
    outputs = execute(
        "%%enqueue\n20 + 1",
        "%%enqueue\nimport asyncio\nawait asyncio.sleep(0.3)\n'slow'",
        "%%enqueue\nimport time\ntime.sleep(0.3)\n'blocking'",
        "%%enqueue add(2, 3)\nasync def add(a, b):\n    return a + b",
        "r = %enqueue add(4, 5)\nprint(r.return_value)",
        "def twice(n):\n    return 2 * n",
        "%enqueue --each range(5) twice",
        "%%enqueue\n1 / 0",
        "r",
    )
    for index in (0, 1, 2, 3, 4, 6, 8):
        assert "SUCCESSFUL" in html(outputs[index]) or "5" in html(outputs[index]), index
        assert "RUNNING</b>" not in html(outputs[index])
        assert len([o for o in outputs[index] if "data" in o]) == 1
    assert "ZeroDivisionError" in html(outputs[7])
    assert outputs[4][-1].get("text", outputs[4][0].get("text")) == "9\n"


def test_a_background_task_is_in_its_final_state_once_it_was_waited_for(execute):
    outputs = execute(
        "%%enqueue --background\nimport asyncio\nawait asyncio.sleep(0.3)\n'late'",
        "%tasks wait",
    )
    assert "SUCCESSFUL" in html(outputs[0])


def test_a_background_task_that_ended_between_two_cells_is_in_its_final_state(execute):
    outputs = execute(
        "import asyncio, threading\nidle = threading.Event()\n"
        "async def at_leisure():\n    await asyncio.to_thread(idle.wait)",
        "%enqueue --background at_leisure()",
        # Its end is the last thing that happens before the cell is done, or comes after it.
        "asyncio.get_running_loop().call_soon(idle.set)",
        "%tasks wait",
    )

    assert "SUCCESSFUL" in html(outputs[1])


def test_raise_stops_the_notebook_at_the_failure(execute):
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute("%%enqueue --raise\n1 / 0", "went_on = True\nprint('went on')")

    assert "FAILED" in html(execute.outputs[0])
    assert execute.outputs[1] == []


def test_no_script_and_no_widget_is_in_a_card(execute):
    [outputs] = execute("%%enqueue\n[1, 2]")

    [output] = outputs
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert "<script" not in html(outputs)
    assert "SUCCESSFUL" in output["data"]["text/plain"]
