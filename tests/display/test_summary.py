"""What is shown of a task, before anybody draws it."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.display.batches.summary import BatchSummary
from immediate_tasks_ipy.display.summary import TaskSummary
from tests.display.gallery import PROFILE, PROFILE_CHANGES, called, chained, entries, moved
from tests.display.samples import at, batch, change, failed, ready, running, successful, task


def summary(entry, seconds=4.2):
    return TaskSummary(entry, at(seconds))


@pytest.mark.parametrize(
    ("entry", "status_text", "glyph"),
    [
        (successful(5), ("SUCCESSFUL", "in 0.12 ms"), "✓"),
        (failed(ValueError("x")), ("FAILED", "after 1.20 s"), "✕"),
        (running(waited=0), ("RUNNING", "for 4.2 s, since 12:00:07"), "◐"),
        (ready(), ("READY", "for 4.2 s, since 12:00:07"), "○"),
        (
            running(submission=moved("")),
            ("RUNNING", "for 4.2 s in the background; %tasks shows it"),
            "◐",
        ),
        (
            ready(task_=task(run_after=at(3600))),
            ("READY", "not before 2026-03-01 13:00:07"),
            "○",
        ),
    ],
    ids=["successful", "failed", "running", "ready", "background", "later"],
)
def test_a_status_has_a_word_a_sign_and_what_follows_it(entry, status_text, glyph):
    assert summary(entry).status_text == status_text
    assert summary(entry).glyph == glyph


def test_status_and_times_are_those_of_the_moment():
    entry = running(waited=0)
    before = summary(entry)
    entry.result.status = "SUCCESSFUL"

    assert before.status_text == ("RUNNING", "for 4.2 s, since 12:00:07")
    assert [text for _, text in before.lifecycle] == [
        "READY 12:00:07.412",
        "waited <0.01 ms",
        "RUNNING 12:00:07.412",
    ]


def test_what_json_changed_is_named_by_parameter_and_path():
    changes = [*PROFILE_CHANGES, change(("args", 0, "size"), "tuple", "list")]
    changed = summary(successful(PROFILE, {"size": [1]}, changes=changes))

    assert changed.argument_changes == [("a.size", "tuple → list")]
    assert changed.result_changes == [
        ("shape", "tuple → list"),
        ("missing", "int keys: str in a stored backend"),
    ]


def test_the_exception_is_named_without_its_frames():
    error = summary(failed(chained()))

    assert error.headline() == "ValueError: no such setting"
    assert error.headline(12) == "ValueError:…"
    assert error.exception_class == "builtins.ValueError"
    assert error.traceback().exceptions[1].headline == "KeyError: 'key'"


def test_a_failure_without_errors_has_no_traceback():
    entry = failed(ValueError("x"))
    entry.result.errors = []

    assert summary(entry).headline() == "no error was recorded"
    assert summary(entry).traceback() is None


def test_where_it_ran_and_how_to_see_more():
    background = summary(entries()["background"])

    assert (background.backend, background.workers) == ("default", ["k3Qz1"])
    assert background.queue_and_priority == "gpu · +10"
    assert background.command("show") == "%tasks show 7b1e4c02"
    assert background.last_update == "12:00:11, after 4.2 s"
    assert summary(successful(5)).queue_and_priority == ""


def test_the_call_is_cut_where_it_is_drawn():
    task_summary = summary(successful(5, submission=called('fetch("https://example.org/17")')))

    assert task_summary.call() == 'fetch("https://example.org/17")'
    assert len(task_summary.call(20)) == 20


def test_a_batch_names_its_slowest_tasks_only_among_others():
    three = [successful(n, took=n, key=n) for n in range(1, 4)]
    assert BatchSummary(batch(entries=three, took=9), at(9)).slowest == []

    more = BatchSummary(batch(entries=[*three, successful(4, took=4, key=4)], took=9), at(9))
    assert [task.took for task in more.slowest] == ["4.00 s", "3.00 s", "2.00 s"]
    assert more.status_text == ("4 SUCCESSFUL", "in 9.00 s")
    assert more.durations == "median 3.00 s, 95% under 4.00 s"
