"""Every request is answered: done, or why not."""

from __future__ import annotations

import json

import pytest

from immediate_tasks_ipy.panel import replies as replies_module
from immediate_tasks_ipy.panel.messages import (
    Branch,
    Cancel,
    Clear,
    Copy,
    Detail,
    Export,
    Open,
    Rerun,
    Search,
    WholeOutput,
)
from immediate_tasks_ipy.panel.replies import Replies
from immediate_tasks_ipy.task_history import Origin, Output, current_origin
from tests.panel.tasks import add, echo, fail, refused, shaped


@pytest.fixture
def replies(history, feed, actions):
    return Replies(history, feed, actions)


def answer(replies, request):
    [message] = replies.to(request)
    json.dumps(message, allow_nan=False)
    assert message["op"] == "answer"
    assert message["request"] == request.request
    return message


def test_open_is_answered_by_a_snapshot_of_the_feed(replies, feed, sent):
    assert list(replies.to(Open("a-1"))) == []
    feed.send_next()

    assert sent[0]["op"] == "snapshot"
    assert sent[0]["request"] == "a-1"


def test_the_detail_of_a_success_holds_result_arguments_and_what_json_changed(replies):
    shaped.enqueue("a.csv", size=(1, 2))

    detail = answer(replies, Detail("a-1", 1))["detail"]

    assert detail["call"] == 'shaped("a.csv", size=[1, 2])'
    assert [state for state, _ in detail["lifecycle"]] == ["READY", "RUNNING", "SUCCESSFUL"]
    labels = {child["label"]: child for child in detail["result"]["children"]}
    assert labels['"shape"']["note"] == "tuple → list"
    assert labels['"shape"']["size"] == 2
    assert [child["label"] for child in detail["args"]["children"]] == ["path", "size"]
    assert detail["args"]["children"][1]["note"] == "tuple → list"
    assert ["result", "shape", "tuple → list"] in detail["changes"]
    assert ["arguments", "size", "tuple → list"] in detail["changes"]
    assert ["Signals", "enqueued, started, finished"] in detail["facts"]


def test_the_detail_of_a_failure_holds_its_frames_and_no_result(replies):
    fail.enqueue("no such row")

    detail = answer(replies, Detail("a-1", 1))["detail"]

    assert "result" not in detail
    [attempt] = detail["attempts"]
    segment = attempt["segments"][-1]
    assert (segment["exception"], segment["message"]) == ("ValueError", "no such row")
    frame = segment["frames"][-1]
    assert frame["function"] == "fail"
    assert not frame["library"]
    assert any("raise ValueError(message)" in text and bad for _, text, bad in frame["source"])


def test_the_output_of_a_task_is_sent_by_its_end_and_as_a_whole_when_asked(replies):
    output = Output()
    output.write("\x1b[31mred\x1b[0m\n")
    output.write("x" * 60_000)
    token = current_origin.set(Origin(output=output))
    add.enqueue(1, 2)
    current_origin.reset(token)

    detail = answer(replies, Detail("a-1", 1))["detail"]
    assert len(detail["output"]) == 50_000
    assert detail["outputSize"] == 60_004
    assert answer(replies, WholeOutput("a-2", 1))["output"] == "red\n" + "x" * 60_000


def test_a_branch_of_a_huge_value_is_sent_a_page_at_a_time(replies):
    echo.enqueue({"items": [{"id": number} for number in range(250)]})

    first = answer(replies, Branch("a-1", 1, "return_value", (0,), 0))
    last = answer(replies, Branch("a-2", 1, "return_value", (0,), 200))
    deep = answer(replies, Branch("a-3", 1, "return_value", (0, 249), 0))

    assert (len(first["children"]), first["size"]) == (100, 250)
    assert [child["label"] for child in last["children"]] == [str(n) for n in range(200, 250)]
    assert deep["children"] == [{"label": '"id"', "type": "number", "text": "249"}]


def test_a_path_that_leads_nowhere_is_an_answer(replies):
    echo.enqueue([1])

    message = answer(replies, Branch("a-1", 1, "return_value", (5, 5), 0))

    assert not message["ok"]
    assert "nothing at [5, 5]" in message["say"]


def test_a_key_that_the_history_does_not_know_is_an_answer_with_a_cure(replies):
    for request in (Detail("a-1", 99), Cancel("a-1", 99), Copy("a-1", 99), Rerun("a-1", (99,))):
        message = answer(replies, request)
        assert not message["ok"]
        assert "history_limit" in message["say"]


def test_re_run_says_what_runs(replies, actions):
    add.enqueue(1, 2)

    assert answer(replies, Rerun("a-1", (1,)))["say"] == "add is running again"
    assert actions.rerun_keys == [1]


def test_re_running_many_counts_what_ran_and_tells_why_the_others_did_not(replies, actions):
    fail.enqueue("x")
    refused.enqueue()
    fail.enqueue("y")

    message = answer(replies, Rerun("a-1", (1, 2, 3)))

    assert actions.rerun_keys == [1, 3]
    assert not message["ok"]
    assert message["say"] == "2 re-run, 1 not: This one can't be re-run."
    assert answer(replies, Rerun("a-2", (1, 3)))["say"] == "2 tasks re-run"


def test_a_cancel_that_is_refused_gives_the_reason(replies):
    add.enqueue(1, 2)

    message = answer(replies, Cancel("a-1", 1))

    assert not message["ok"]
    assert message["say"] == "add runs on the main thread: use the stop button"


def test_copy_and_clear_answer(replies, history):
    add.enqueue(1, 2)

    assert answer(replies, Copy("a-1", 1))["text"] == "%enqueue add()"
    assert answer(replies, Clear("a-1"))["say"] == "1 finished task cleared"
    assert len(history) == 0


def test_a_search_looks_at_what_a_preview_cuts(replies):
    echo.enqueue(["x" * 100, "Needle"])
    echo.enqueue("hay")
    fail.enqueue("the needle broke")

    assert answer(replies, Search("a-1", "needle"))["keys"] == [3, 1]


def test_an_export_is_a_file_in_parts(replies, monkeypatch):
    monkeypatch.setattr(replies_module, "FILE_PART", 100)
    for value in (1, float("nan"), {1: "a"}):
        echo.enqueue(value)
    fail.enqueue("x")

    messages = list(replies.to(Export("a-1", "json", None)))
    records = json.loads("".join(message["text"] for message in messages))

    assert [message["part"] for message in messages] == list(range(messages[0]["parts"]))
    assert messages[0]["file"].endswith(".json")
    assert [record["status"] for record in records] == ["SUCCESSFUL"] * 3 + ["FAILED"]
    assert records[0]["return_value"] == 1


def test_a_csv_holds_the_chosen_tasks_and_no_formula(replies):
    echo.enqueue("=HYPERLINK()")
    echo.enqueue("b")

    [message] = replies.to(Export("a-1", "csv", (1,)))
    lines = message["text"].splitlines()

    assert len(lines) == 2
    assert "'=HYPERLINK()" in lines[1]
