from __future__ import annotations

import importlib
import importlib.util
import re
from datetime import timedelta

from immediate_tasks_ipy import tasks
from immediate_tasks_ipy.display.card import card
from immediate_tasks_ipy.display.text import text
from immediate_tasks_ipy.panel.rows import change_note
from immediate_tasks_ipy.task_history import Origin, Recorder, Submission
from immediate_tasks_ipy.tasks.jsonable import UNPLACED, Change
from tests.display.gallery import (
    KEYS,
    PROFILE,
    PROFILE_CHANGES,
    called,
    entries,
    moved,
)
from tests.display.reading import Page, read
from tests.display.samples import (
    Error,
    add,
    at,
    change,
    failed,
    ready,
    running,
    successful,
    task,
)
from tests.support.services import require

NOW = at(4.2)


def lines(entry, now=NOW):
    return read(card(entry, now=now)).split("\n")


def rows(entry, now=NOW):
    """The facts of a card by name."""
    text = lines(entry, now)
    names = {"Lifecycle", "Arguments", "Result", "Last update", "Backend", "Attempts", "Id"}
    return {name: text[index + 1] for index, name in enumerate(text) if name in names}


def summary(entry, now=NOW):
    return lines(entry, now)[0].replace("\u2003", "  ").replace("\u2002", " ")


# -- one line -------------------------------------------------------------


def test_success_is_one_quiet_line():
    entry = successful(5, 2, 3, submission=called("add(2, 3)"))
    page = Page(card(entry, now=NOW))

    assert summary(entry) == "✓ add(2, 3) → 5  SUCCESSFUL in 0.12 ms"
    assert page.details == [False]
    assert "rgba(128,128,128,0.4)" in page.styles[0]


def test_failure_is_open_bold_and_red():
    entry = failed(TimeoutError("timed out"), submission=called("fetch(url)"))
    html = card(entry, now=NOW)

    assert summary(entry) == "✕ fetch(url) TimeoutError: timed out  FAILED after 1.20 s"
    assert "<b>FAILED</b>" in html
    assert Page(html).details[0] is True
    assert "2px solid #e04343" in html


def test_running_shows_how_long_and_since_when():
    entry = running(submission=called("crawl()"), waited=0)

    assert summary(entry) == "◐ crawl()  RUNNING for 4.2 s, since 12:00:07"
    assert summary(entry, at(125)) == "◐ crawl()  RUNNING for 2 min 05 s, since 12:00:07"
    assert rows(entry)["Last update"].startswith("12:00:11; a saved notebook keeps this line")


def test_ready_shows_how_long_it_has_waited():
    assert summary(ready(submission=called("f()"))) == "○ f()  READY for 4.2 s, since 12:00:07"


def test_ready_with_a_later_start_shows_when():
    later = task(run_after=at(3600))
    entry = ready(submission=called("f()"), task_=later)

    assert summary(entry) == "○ f()  READY not before 2026-03-01 13:00:07"
    assert "READY for" in summary(entry, at(4000))


def test_background_says_where_to_look_and_how_to_wait():
    entry = entries()["background"]

    assert summary(entry) == (
        '◐ train("ridge")  RUNNING for 4.2 s in the background; %tasks shows it'
    )
    assert rows(entry)["Result"] == "shown here when it is done; %tasks wait 7b1e4c02 waits for it"
    assert rows(entry)["Last update"].startswith("12:00:11, after 4.2 s;")
    assert rows(entry)["Backend"] == "default, worker k3Qz1, gpu · +10"


def test_a_card_depends_on_nothing_but_what_it_is_given():
    for name, entry in entries().items():
        assert card(entry, now=NOW) == card(entry, now=NOW), name


# -- facts ----------------------------------------------------------------


def test_lifecycle_shows_states_and_times_between():
    entry = successful(5, waited=0.8, took=1.2)

    assert rows(entry)["Lifecycle"] == (
        "READY 12:00:07.412 → waited 0.80 s → RUNNING → ran 1.20 s → SUCCESSFUL 12:00:09.412"
    )
    assert 'title="2026-03-01 12:00:07.412+00:00"' in card(entry, now=NOW)


def test_lifecycle_of_another_day_has_its_date():
    shown = rows(successful(5), now=at(100_000))["Lifecycle"]

    assert shown.startswith("READY 2026-03-01 12:00:07.412 → ")


def test_lifecycle_shows_every_attempt():
    entry = entries()["attempts"]

    assert rows(entry)["Lifecycle"] == (
        "READY 12:00:07.412 → waited 0.80 s → RUNNING → ran 2.20 s → READY → waited 0.20 s"
        " → RUNNING → ran 5.80 s → FAILED 12:00:16.412"
    )
    assert rows(entry)["Attempts"].startswith("1 ✕ ConnectionError: first")
    assert "2 earlier attempts failed" in lines(entry)
    assert "1: ConnectionError: first" in lines(entry)
    assert "2: ConnectionError: second" in lines(entry)


def test_times_that_run_backwards_are_shown_as_none():
    entry = successful(5)
    entry.result.finished_at = entry.result.started_at - timedelta(seconds=5)

    assert "SUCCESSFUL in <0.01 ms" in summary(entry)


def test_a_result_without_its_times_is_shown():
    entry = successful(5)
    entry.result.enqueued_at = entry.result.started_at = entry.result.last_attempted_at = None

    assert summary(entry).startswith("✓ add() → 5")


# -- results --------------------------------------------------------------


def test_a_nested_result_is_a_tree():
    entry = successful(PROFILE, submission=called("profile()"))
    text = lines(entry)

    assert rows(entry)["Result"] == "stored as JSON"
    assert "{…} 4 keys" in text
    assert '"rows": 1204' in text
    assert '"columns": […] 6 items' in text
    assert '5: "tags"' in text


def test_what_json_changed_is_shown_once_for_each_place():
    entry = successful(PROFILE, changes=PROFILE_CHANGES)
    text = lines(entry)

    assert rows(entry)["Result"] == (
        "stored as JSON; 2 values changed on the way: shape tuple → list, "
        "missing int keys: str in a stored backend"
    )
    assert '"shape": [1204, 6] tuple → list' in text
    assert '"missing": {2: 14, 5: 3} int keys: str in a stored backend' in text
    assert Page(card(entry, now=NOW)).details[0] is True


def test_a_changed_scalar_is_shown_beside_it():
    entry = successful("x", changes=[change(("return_value",), "bytes", "str")])

    assert "stored as JSON; 1 value changed on the way: bytes → str" in lines(entry)


def test_changed_arguments_are_named_by_their_parameter():
    changes = [
        change(("args", 0), "tuple", "list"),
        change(("kwargs", "b", "items", 2), "set-like", "list"),
        change(("kwargs", "b"), "int key", KEYS),
    ]
    entry = successful(1, [1], b={"items": []}, changes=changes)

    shown = next(line for line in lines(entry) if "3 values" in line)
    assert shown == (
        "stored as JSON; 3 values changed on the way: a tuple → list, "
        "b.items[2] set-like → list, b int keys: str in a stored backend"
    )


def test_many_changes_are_counted():
    changes = [change(("return_value", n), "tuple", "list") for n in range(100)]

    assert "…94 more" in rows(successful([[1, 2]] * 100, changes=changes))["Result"]

    changes.append(Change(("return_value",), "", UNPLACED, 900))
    entry = successful([[1, 2]] * 1_000, changes=changes)
    assert "1,000 values changed" in rows(entry)["Result"]
    assert "…994 more" in rows(entry)["Result"]
    assert "…970 more changes" in text(entry, now=NOW, full=True)
    assert change_note(entry) == "tuple → list, +999"


def test_a_large_container_is_cut_with_its_count_and_a_way_to_the_rest():
    html = card(successful(list(range(100_000))), now=NOW)

    assert "100,000 items" in read(html)
    assert "…99,976 more: %tasks value 7b1e4c02" in read(html)


def test_a_long_text_is_cut_with_its_length_and_a_way_to_the_rest():
    html = card(successful("lorem " * 100_000), now=NOW)

    assert "600,000 characters; all of it: %tasks value 7b1e4c02" in read(html)


def test_missing_return_value_is_none_and_shown():
    assert "→ None" in summary(successful(None))


# -- failures -------------------------------------------------------------


def test_failure_shows_the_users_own_lines_first_and_folds_libraries():
    entry = entries()["failed in a cell"]
    text = lines(entry)

    at_cell = text.index("Cell [7], line 4, in fetch")
    assert text[at_cell + 1 : at_cell + 4] == [
        "2  def fetch(url, timeout=1.2):",
        "3      for line in [url]:",
        "▶ 4          return len(json.loads(line))",
    ]
    assert text[at_cell + 4] == "3 library frames: json/__init__.py, json/decoder.py"
    assert Page(card(entry, now=NOW)).details == [True, False, False]


def test_causes_and_notes_are_shown():
    text = lines(entries()["failed below"])

    assert "look at line two" in text
    assert "a note of the user" in text
    assert "Caused by KeyError: 'key'" in text


def test_a_group_is_shown_as_its_members():
    entry = entries()["group in a cell"]
    text = [line.replace("\N{MULTIPLICATION SIGN}", "x") for line in lines(entry)]

    assert summary(entry).startswith("✕ add() ExceptionGroup: 4 of 5 failed (5 sub-exceptions)")
    begin = text.index("5 exceptions in the group:")
    assert text.index("Cell [8], line 17, in gather") < begin
    assert "JSONDecodeError: Expecting value: line 1 column 1 (char 0)" in text[begin:]
    timed_out = text.index("3 x TimeoutError: timed out")
    assert '▶ 5      raise TimeoutError("timed out")' in text[timed_out:]
    assert text.index("ExceptionGroup: inner (1 sub-exception)") < text.index("KeyError: 'k'")
    assert not any(line.startswith(("|", "+-")) for line in text)
    assert "ipython-input" not in card(entry, now=NOW)


def test_a_group_of_many_is_bounded():
    error = ExceptionGroup("many", [ValueError(n) for n in range(100)])
    text = lines(failed(error))

    assert "100 exceptions in the group:" in text
    assert "…92 more: %tasks show 7b1e4c02" in text


def test_recursion_is_shown_once():
    shown = [line for line in lines(entries()["recursion"]) if "times more" in line]

    assert len(shown) == 1
    assert re.search(r"in down, and 9\d\d times more$", shown[0])


def test_a_long_message_stands_in_full_above_the_frames():
    message = "no " + "very " * 50 + "good"
    text = lines(failed(ValueError(message)))

    assert "ValueError: no very" in text[0]
    assert text[1] == message


def test_a_huge_message_is_cut_with_a_note():
    text = lines(failed(ValueError("x" * 1_000_000)))

    assert any(re.match(r"…\d[\d,]+ more characters: %tasks show 7b1e4c02", line) for line in text)


def test_a_task_that_was_given_up_says_that_it_may_still_run():
    text = lines(entries()["given up"])

    assert text[1] == "The function could not be stopped and may still be running."


def test_a_failure_without_a_record_is_shown():
    entry = failed(ValueError("x"))
    entry.result.errors = []

    assert "no error was recorded" in summary(entry)


def test_an_error_of_another_process_needs_no_class():
    entry = failed(Error("myapp.errors.PaymentRefused", "PaymentRefused: card 4242"))

    assert "PaymentRefused: card 4242" in summary(entry)


# -- beside ---------------------------------------------------------------


def test_moved_output_is_shown_without_opening_anything():
    entry = successful(1, submission=moved("\x1b[31mred\x1b[0m\n10%\r20%\r30%\ndone\n"))
    html = card(entry, now=NOW)

    assert lines(entry)[-3:] == ["red", "30%", "done"]
    assert html.index("</details>") < html.index("red")


def test_long_output_keeps_its_end_and_says_what_is_missing():
    entry = successful(1, submission=moved("".join(f"line {n}\n" for n in range(1000))))
    text = lines(entry)

    assert text[-1] == "line 999"
    assert "…8,710 characters before this: %tasks show 7b1e4c02" in text


def test_output_that_the_cell_shows_is_not_shown_twice():
    entry = successful(1, submission=moved("hello"))
    entry.submission.output_redirected = False

    assert "hello" not in read(card(entry, now=NOW))


def test_a_note_is_shown_without_opening_anything():
    entry = successful(None, submission=Submission(Origin("plot()"), note="Shown and not stored."))
    html = card(entry, now=NOW)

    assert html.index("</details>") < html.index("Shown and not stored.")


def test_what_cant_be_shown_says_so():
    for broken in (None, object()):
        text = read(card(broken, now=NOW))
        assert text == "○ This task can't be shown: AttributeError."


# -- real results ---------------------------------------------------------


def test_results_of_this_package_are_shown():
    recorder = Recorder()
    good = recorder.add(tasks.task(add).enqueue(2, b=3))
    changed = recorder.add(tasks.task(add).enqueue((1, 2), b=[{3: None}]))
    bad = recorder.add(tasks.task(add).enqueue(2, b="3"))

    assert "add(2, b=3) → 5" in summary(good, good.result.finished_at)
    assert rows(good, good.result.finished_at)["Id"] == good.result.id
    assert (
        "stored as JSON; 2 values changed on the way: a tuple → list, "
        "b[0] int keys: str in a stored backend"
    ) in lines(changed, changed.result.finished_at)
    assert "TypeError: unsupported operand" in summary(bad, bad.result.finished_at)
    assert "▶" in card(bad, now=bad.result.finished_at)


def test_results_of_djangos_package_are_shown():
    require(importlib.util.find_spec("django_tasks"), "No django-tasks: the extra `test` has it.")
    base = importlib.import_module("django_tasks.base")
    stub = ready(2, 3).result

    result = base.TaskResult(
        task=task(),
        id=stub.id,
        status=base.TaskResultStatus.SUCCESSFUL,
        enqueued_at=at(0),
        started_at=at(0.5),
        finished_at=at(1),
        last_attempted_at=at(0.5),
        args=[2, 3],
        kwargs={},
        backend="default",
        errors=[],
        worker_ids=["w"],
    )
    object.__setattr__(result, "_return_value", 5)
    entry = ready()
    entry.result = result

    assert summary(entry) == "✓ add(2, 3) → 5  SUCCESSFUL in 0.50 s"
