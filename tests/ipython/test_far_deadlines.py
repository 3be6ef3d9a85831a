"""A `--timeout` that no clock reaches: the task runs to its end."""

from __future__ import annotations

import pytest

from tests.support.shells import wait_until


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_a_task_with_a_far_deadline_runs_to_its_end(notebook, seconds):
    notebook.run("def add(a, b):\n    return a + b")

    result = notebook.run(f"%enqueue --background --timeout {seconds} add(2, 3)").value

    wait_until(lambda: result.is_finished)
    assert result.return_value == 5
