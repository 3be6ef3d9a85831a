"""Every request is answered: done, or why not."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from immediate_tasks_ipy.batches import BatchStats
from immediate_tasks_ipy.panel import export_file
from immediate_tasks_ipy.panel.replies import Replies
from immediate_tasks_ipy.panel.requests import (
    Branch,
    Cancel,
    Clear,
    Copy,
    CopyBatch,
    Detail,
    Export,
    Open,
    Rerun,
    RerunFailed,
    Search,
    WholeOutput,
)
from immediate_tasks_ipy.task_history import Output, Submission, current_submission
from tests.panel.tasks import add, echo, fail, refused, several, shaped


@pytest.fixture
def replies(recorder, feed, actions):
    return Replies(recorder, feed, actions)


def messages(replies, request):
    """All messages of a reply; None in it is a pause."""
    return [message for message in replies.handle(request) if message is not None]


def answer(replies, request):
    [message] = messages(replies, request)
    json.dumps(message, allow_nan=False)
    assert message["op"] == "answer"
    assert message["request"] == request.request
    return message


def test_open_is_answered_by_a_snapshot_of_the_feed(replies, feed, sent):
    assert list(replies.handle(Open("a-1"))) == []
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
    token = current_submission.set(Submission(output=output))
    add.enqueue(1, 2)
    current_submission.reset(token)

    detail = answer(replies, Detail("a-1", 1))["detail"]
    assert len(detail["output"]) == 50_000
    assert detail["outputSize"] == 60_004
    assert answer(replies, WholeOutput("a-2", 1))["output"] == "red\n" + "x" * 60_000


def test_a_group_is_shown_by_its_members_without_the_edges_that_python_draws(replies):
    several.enqueue()

    detail = answer(replies, Detail("a-1", 1))["detail"]

    [segment] = detail["attempts"][0]["segments"]
    lines = segment["message"].replace("\N{MULTIPLICATION SIGN}", "x").split("\n")
    assert lines[:3] == [
        "several (3 sub-exceptions)",
        "3 exceptions in the group:",
        "  2 x ValueError: one",
    ]
    assert "  TypeError: two" in lines
    assert not any("+-" in line for line in lines)


def test_output_looks_as_it_did_in_the_end(replies):
    output = Output()
    output.write("\x1b[32m 10%|█   |\r 50%|██  |\r100%|████|\x1b[0m\ndone\n")
    token = current_submission.set(Submission(output=output))
    add.enqueue(1, 2)
    current_submission.reset(token)

    assert answer(replies, Detail("a-1", 1))["detail"]["output"] == "100%|████|\ndone\n"
    assert answer(replies, WholeOutput("a-2", 1))["output"] == "100%|████|\ndone\n"


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
    for request in (Detail("a-1", 99), Cancel("a-1", (99,)), Copy("a-1", 99), Rerun("a-1", (99,))):
        message = answer(replies, request)
        assert not message["ok"]
        assert "history_limit" in message["say"]


def test_re_run_says_what_runs(replies, actions):
    add.enqueue(1, 2)

    assert answer(replies, Rerun("a-1", (1,)))["say"] == "add is running again"
    assert actions.rerun_keys == [1]


def test_re_running_many_counts_what_ran_and_shows_why_the_others_did_not(replies, actions):
    fail.enqueue("x")
    refused.enqueue()
    fail.enqueue("y")

    message = answer(replies, Rerun("a-1", (1, 2, 3)))

    assert actions.rerun_keys == [1, 3]
    assert not message["ok"]
    assert message["say"] == "2 re-run, 1 not: This one can't be re-run."
    assert answer(replies, Rerun("a-2", (1, 3)))["say"] == "2 tasks re-run"


def test_re_running_failures_leaves_out_those_that_were_run_again(replies, actions):
    fail.enqueue("x")
    refused.enqueue()
    fail.enqueue("y")
    assert answer(replies, RerunFailed("a-1", (1,)))["say"] == "fail is running again"

    message = answer(replies, RerunFailed("a-2", (1, 2, 3)))

    assert actions.rerun_keys == [1, 3]
    assert message["say"] == "1 re-run, 1 not: This one can't be re-run."
    for keys in ((1,), (1, 3)):
        again = answer(replies, RerunFailed("a-3", keys))
        assert again["ok"]
        assert again["say"] == "No failure is left to be run again"
    assert actions.rerun_keys == [1, 3]


def test_a_cancel_that_is_refused_gives_the_reason(replies):
    add.enqueue(1, 2)

    message = answer(replies, Cancel("a-1", (1,)))

    assert not message["ok"]
    assert message["say"] == "add runs on the main thread: use the stop button"


def test_copy_and_clear_answer(replies, recorder):
    add.enqueue(1, 2)

    assert answer(replies, Copy("a-1", 1))["text"] == "%enqueue add()"
    assert answer(replies, Clear("a-1"))["say"] == "1 finished task cleared"
    assert len(recorder) == 0


def test_the_magic_of_a_batch_is_answered(replies, feed):
    batch = BatchStats("add(n)")
    number = feed.groups.number_of(batch)

    assert answer(replies, CopyBatch("a-1", number))["text"] == "%enqueue --each items add(n)"
    assert "no longer there" in answer(replies, CopyBatch("a-1", number + 1))["say"]


def test_a_search_looks_at_what_a_preview_cuts(replies):
    echo.enqueue(["x" * 100, "Needle"])
    echo.enqueue("hay")
    fail.enqueue("the needle broke")

    assert answer(replies, Search("a-1", "needle"))["keys"] == [3, 1]


def test_a_search_looks_at_words_of_status_ids_queues_backends_and_output(replies):
    token = current_submission.set(Submission(output=Output()))
    current_submission.get().write("GET /needle")
    result = add.using(queue_name="default").enqueue(1, 2)
    current_submission.reset(token)
    fail.enqueue("x")

    for text in (result.id, result.id[:8], "successful", "get /needle"):
        assert answer(replies, Search("a-1", text))["keys"] == [1]
    assert answer(replies, Search("a-2", "default"))["keys"] == [2, 1]


def test_an_export_is_a_file_in_parts_that_say_how_far_it_is(replies, monkeypatch):
    monkeypatch.setattr(export_file, "FILE_PART", 100)
    for value in (1, float("nan"), {1: "a"}):
        echo.enqueue(value)
    fail.enqueue("x")

    sent = messages(replies, Export("a-1", "json", None))
    records = json.loads("".join(message["text"] for message in sent))

    assert [message["part"] for message in sent] == [0, 1, 2, 3, 4]
    assert [message["done"] for message in sent[:-1]] == [0, 1, 2, 3]
    assert all(message["more"] and message["total"] == 4 for message in sent[:-1])
    assert "more" not in sent[-1]
    assert sent[-1]["file"].endswith(".json")
    assert sent[-1]["say"] == "4 tasks exported"
    assert [record["status"] for record in records] == ["SUCCESSFUL"] * 3 + ["FAILED"]
    assert records[0]["return_value"] == 1


@pytest.mark.parametrize("values", [[], ["\N{SNOWMAN}" * 90, "\ud800", "x" * 301]])
def test_a_packed_export_is_the_same_file(replies, monkeypatch, values):
    monkeypatch.setattr(export_file, "FILE_PART", 100)
    for value in values:
        echo.enqueue(value)

    plain, packed = (
        "".join(
            message["text"] for message in messages(replies, Export("a-1", "json", None, wants))
        )
        for wants in (False, True)
    )

    assert zlib.decompress(base64.b64decode(packed, validate=True)).decode() == plain
    assert len(json.loads(plain)) == len(values)


def test_a_csv_holds_the_chosen_tasks_and_no_formula(replies):
    echo.enqueue("=HYPERLINK()")
    echo.enqueue("b")

    [message] = messages(replies, Export("a-1", "csv", (1,)))
    lines = message["text"].splitlines()

    assert len(lines) == 2
    assert "'=HYPERLINK()" in lines[1]
