"""A `--timeout` that no clock reaches: it ends nothing, least of all the cards' thread."""

from __future__ import annotations

import threading

import pytest

from tests.ipython.shells import wait_until


@pytest.fixture
def prepared(notebook):
    notebook.run(
        "import threading\n"
        "go = threading.Event()\n"
        "def held():\n"
        "    print('held')\n"
        "    return go.wait(30)"
    )
    yield notebook
    notebook["go"].set()


@pytest.mark.parametrize("seconds", ["inf", "1e300"])
def test_a_far_deadline_leaves_the_cards_alive(prepared, monkeypatch, seconds):
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)

    prepared.run(f"%enqueue --background --timeout {seconds} held()")
    prepared["go"].set()
    wait_until(lambda: _successful(prepared) == 1)

    # Nothing but the far deadline is left to wait for.
    prepared.run("%enqueue --background held()")
    wait_until(lambda: died or _successful(prepared) == 2)
    assert not died


def _successful(notebook):
    return sum("SUCCESSFUL" in data["text/plain"] for data in notebook.outputs)
