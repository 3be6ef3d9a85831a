"""A `--timeout` that no clock reaches: it ends nothing, least of all the cards' thread."""

from __future__ import annotations

import threading

import pytest

from immediate_tasks_ipy.ipython.refresher import Refresher
from tests.ipython.shells import wait_until


class _Counter:
    ticks = 0

    def tick(self):
        self.ticks += 1


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_the_thread_of_the_cards_outlives_a_far_deadline(monkeypatch, seconds):
    died = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: died.set())
    refresher, soon, late = Refresher(), _Counter(), _Counter()
    refresher.schedule(late, float(seconds))

    for rounds in (1, 2, 3):
        refresher.schedule(soon, 0)
        wait_until(lambda n=rounds: died.is_set() or soon.ticks == n)

    refresher.stop()
    assert not died.is_set()
    assert late.ticks == 0


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_a_task_with_a_far_deadline_runs_to_its_end(notebook, seconds):
    notebook.run("def add(a, b):\n    return a + b")

    result = notebook.run(f"%enqueue --background --timeout {seconds} add(2, 3)").value

    wait_until(lambda: result.is_finished)
    assert result.return_value == 5
