"""The widget on a comm that goes nowhere."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from immediate_tasks_ipy.panel import TaskPanel
from tests.panel.tasks import add
from tests.support.services import PATIENCE


@pytest.fixture
def panel(recorder, actions):
    panel = TaskPanel(recorder, actions)
    yield panel
    panel.close()


def test_the_state_holds_the_newest_rows_whenever_it_is_read(panel):
    add.enqueue(1, 2)
    assert [row[0] for row in panel.get_state()["snapshot"]["rows"]] == [1]

    add.enqueue(1, 2)
    assert [row[0] for row in panel.get_state("snapshot")["snapshot"]["rows"]] == [2, 1]
    assert "snapshot" not in panel.get_state("notify_after")


def test_a_message_that_no_panel_sends_is_logged_and_refused(panel, caplog, monkeypatch):
    sent = []
    monkeypatch.setattr(panel, "send", sent.append)

    panel._on_message(panel, {"op": "eval", "request": "a-1", "text": "exit()"}, [])
    panel._on_message(panel, {"op": "eval", "request": "../x"}, [])

    [message] = sent
    assert message["request"] == "a-1"
    assert not message["ok"]
    assert "unknown op 'eval'" in message["say"]
    assert caplog.text.count("unknown op 'eval'") == 2


def test_state_from_the_browser_is_ignored_and_logged(panel, caplog):
    before = panel.get_state()

    panel._handle_msg(
        {
            "content": {
                "data": {"method": "update", "state": {"_esm": "alert(1)", "panel_id": "x"}}
            },
            "buffers": [],
        }
    )

    state = panel.get_state()
    assert (state["_esm"], state["panel_id"]) == (before["_esm"], before["panel_id"])
    assert "ignored state from the browser: _esm, panel_id" in caplog.text


def test_an_export_of_very_many_tasks_is_answered_and_can_be_stopped(panel, monkeypatch):
    sent, done = [], threading.Event()

    def send(message):
        sent.append(message)
        if message.get("file") or message["request"] == "a-3":
            done.set()

    monkeypatch.setattr(panel._long_replies, "_send", send)
    monkeypatch.setattr(panel, "send", send)
    add.enqueue(1, 2)
    keys = list(range(1, 102_001))

    panel._on_message(panel, {"op": "export", "request": "a-1", "format": "csv", "keys": keys}, [])
    assert done.wait(PATIENCE)
    assert sent[-1]["say"] == "1 task exported"

    panel._long_replies._running["a-2"] = iter(())
    panel._on_message(panel, {"op": "stop", "request": "a-3", "target": "a-2"}, [])
    assert panel._long_replies._running == {}
    assert sent[-1] == {"op": "answer", "request": "a-3", "ok": True}


def test_a_request_is_answered_on_the_same_comm(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel, "send", sent.append)
    add.enqueue(1, 2)

    panel._on_message(panel, {"op": "detail", "request": "a-1", "key": 1}, [])

    assert any(message.get("request") == "a-1" and message["ok"] for message in sent)


def test_a_panel_that_is_closed_observes_no_more(recorder, actions):
    panel = TaskPanel(recorder, actions)
    panel.close()

    assert recorder._observers == ()


def test_two_panels_have_different_ids(panel, recorder, actions):
    other = TaskPanel(recorder, actions)
    assert panel.panel_id != other.panel_id
    other.close()


def test_importing_the_panel_imports_no_widget_library():
    code = (
        "import sys, immediate_tasks_ipy.panel, immediate_tasks_ipy.panel.replies; "
        "sys.exit(bool({'anywidget', 'ipywidgets'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_widgets_its_text_says_what_it_is(panel):
    add.enqueue(1, 2)

    assert repr(panel) == "<TaskPanel: 1 task; %tasks opens it>"
