"""How a task reads as a row."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.panel.rows import PREVIEW, arguments_preview, name_and_arguments
from immediate_tasks_ipy.task_history import Origin, Submission, current_submission
from tests.panel.tasks import add, echo, shaped


@pytest.mark.parametrize(
    ("label", "columns"),
    [
        ("cell [7]", ("cell [7]", None)),
        ("load(\n  2)", ("load", "2")),
        ("ping()", ("ping", "")),
        ("a.b.c(1, x=2)", ("a.b.c", "1, x=2")),
        ("f(1) + g(2)", ("f(1) + g(2)", None)),
        ("nightly load", ("nightly load", None)),
    ],
)
def test_a_task_without_arguments_is_its_label_taken_apart_if_it_is_a_call(
    recorder, label, columns
):
    token = current_submission.set(Submission(Origin(label)))
    entry = recorder.add(echo.using().enqueue(None))
    current_submission.reset(token)
    object.__setattr__(entry.result, "args", [])

    assert name_and_arguments(entry) == columns


def test_a_task_with_arguments_shows_those_and_not_the_text_of_its_call(recorder):
    token = current_submission.set(Submission(Origin("add(x, y)")))
    entry = recorder.add(add.enqueue(2, b=3))
    current_submission.reset(token)

    assert name_and_arguments(entry) == ("add", "2, b=3")


def test_many_arguments_are_cut_with_their_count(recorder):
    result = shaped.enqueue("x" * 100)
    object.__setattr__(result, "args", ["y" * 40, 1, 2, 3])

    text = arguments_preview(result)

    assert text.endswith("…3 more")
    assert len(text) < PREVIEW + 20
