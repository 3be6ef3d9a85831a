"""The saved copy of the panel: what a reader without a kernel sees."""

from __future__ import annotations

from datetime import UTC, datetime

from immediate_tasks_ipy.panel.snapshot import MOST_BYTES, snapshot_html, snapshot_text
from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks import Task

NOW = datetime(2026, 11, 23, 14, 3, 12, tzinfo=UTC)


def echo(value):
    return value


def fail(message):
    raise ValueError(message)


def entries(*calls):
    recorder = Recorder()
    recorder.connect()
    try:
        for function, value in calls:
            Task(func=function).enqueue(value)
    finally:
        recorder.disconnect()
    return list(recorder)


def test_failures_come_first_then_the_newest():
    html = snapshot_html(
        entries((echo, 1), (fail, "first"), (echo, 2), (fail, "second"), (echo, 3)), now=NOW
    )

    texts = ["fail(&quot;second&quot;)", "fail(&quot;first&quot;)", "echo(3)", "echo(2)", "echo(1)"]
    places = [html.index(text) for text in texts]
    assert places == sorted(places)
    assert "2 failed, then the latest 3 of 5 tasks" in html
    assert "<b>3</b> successful" in html
    assert "as of 2026-11-23" in html
    assert "not in this snapshot" not in html


def test_it_is_folded_escaped_and_bounded():
    html = snapshot_html(entries(*[(echo, "<script>" * 50)] * 60), now=NOW)

    assert html.count("<details ") == 1
    assert "<script" not in html
    assert "var(" not in html
    assert len(html.encode()) <= MOST_BYTES
    assert "more tasks are not in this snapshot" in html


def test_without_tasks_it_says_how_to_begin():
    assert "No tasks yet." in snapshot_html([], now=NOW)
    assert snapshot_text([]) == "Tasks: none"


def test_where_there_is_no_html_it_counts():
    assert snapshot_text(entries((echo, 1), (fail, "x"))) == "Tasks: 1 successful, 1 failed"


def test_several_runs_of_a_task_are_one():
    first, second = entries((fail, "x"), (echo, 1))
    second.own_submission().rerun_of = first

    html = snapshot_html([first, second], now=NOW)

    assert "The latest 1 of 1 task" in html
    assert "fail(" not in html
