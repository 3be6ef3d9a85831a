"""The widget on a comm that goes nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from immediate_tasks_ipy.panel import TaskPanel, assets
from tests.panel.tasks import add


@pytest.fixture
def panel(history, actions):
    panel = TaskPanel(history, actions)
    yield panel
    panel.close()


def test_the_state_holds_the_newest_rows_whenever_it_is_read(panel):
    add.enqueue(1, 2)
    assert [row[0] for row in panel.get_state()["snapshot"]["rows"]] == [1]

    add.enqueue(1, 2)
    assert [row[0] for row in panel.get_state("snapshot")["snapshot"]["rows"]] == [2, 1]
    assert "snapshot" not in panel.get_state("notify_after")


def test_a_message_that_no_panel_sends_is_logged_and_ignored(panel, caplog, monkeypatch):
    sent = []
    monkeypatch.setattr(panel, "send", sent.append)

    panel._heard(panel, {"op": "eval", "request": "a-1", "text": "exit()"}, [])

    assert sent == []
    assert "unknown op 'eval'" in caplog.text


def test_a_question_is_answered_on_the_same_comm(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel, "send", sent.append)
    add.enqueue(1, 2)

    panel._heard(panel, {"op": "detail", "request": "a-1", "key": 1}, [])

    assert any(message.get("request") == "a-1" and message["ok"] for message in sent)


def test_a_panel_that_is_closed_observes_no_more(history, actions):
    panel = TaskPanel(history, actions)
    panel.close()

    assert history._observers == ()


def test_two_panels_have_different_ids(panel, history, actions):
    other = TaskPanel(history, actions)
    assert panel.panel_id != other.panel_id
    other.close()


def test_importing_the_panel_imports_no_widget_library():
    code = (
        "import sys, immediate_tasks_ipy.panel, immediate_tasks_ipy.panel.export; "
        "sys.exit(bool({'anywidget', 'ipywidgets'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_script_is_all_source_files_in_one_scope():
    written = {path.name for path in assets.STATIC.glob("*.js")}
    assert set(assets.MODULES) == written
    assert {path.name for path in assets.STATIC.glob("*.css")} == set(assets.STYLES)

    script = assets.script()
    assert not re.search(r"^import ", script, re.MULTILINE)
    assert re.findall(r"^export .*", script, re.MULTILINE) == [
        "export default { initialize, render };"
    ]


def test_each_file_stands_after_those_it_imports():
    for index, name in enumerate(assets.MODULES):
        source = (assets.STATIC / name).read_text("utf-8")
        for imported in re.findall(
            r'^import .*? from "\./(.*?)";', source, re.MULTILINE | re.DOTALL
        ):
            assert assets.MODULES.index(imported) < index, (name, imported)


def test_the_script_parses_as_one_module(node, tmp_path: Path):
    path = tmp_path / "panel.mjs"
    path.write_text(assets.script(), "utf-8")

    subprocess.run([node, "--check", path], check=True)


def test_no_script_makes_markup_from_text():
    for name in assets.MODULES:
        source = (assets.STATIC / name).read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", source)


def test_nothing_is_fetched_from_elsewhere():
    for text in (assets.script(), assets.style()):
        addresses = set(re.findall(r"https?://[^\s\"')]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}
        assert "@import" not in text


def test_without_widgets_its_text_says_what_it_is(panel):
    add.enqueue(1, 2)

    assert repr(panel) == "<TaskPanel: 1 task; %tasks opens it>"
