from __future__ import annotations

import re
from types import SimpleNamespace

from immediate_tasks_ipy.display.batches.text import batch_line, batch_text
from immediate_tasks_ipy.display.text import line, text
from immediate_tasks_ipy.display.tracebacks import set_cell_numbers
from tests.display.gallery import PROFILE, batches, called, entries, moved
from tests.display.samples import Error, at, change, failed, running, successful

NOW = at(4.2)
ANSI = re.compile(r"\x1b\[\d+m")


def test_success_is_its_line_and_its_lifecycle():
    entry = successful(5, 2, 3, submission=called("add(2, 3)"))

    headline, lifecycle = text(entry, now=NOW).split("\n")
    assert headline == "✓ add(2, 3) → 5  SUCCESSFUL in 0.12 ms"
    assert lifecycle.startswith("  Lifecycle  READY 12:00:07.412 → waited 1.00 ms → RUNNING → ran ")
    assert lifecycle.endswith("ran 0.12 ms → SUCCESSFUL 12:00:07.413")


def test_a_line_is_one_line():
    for name, entry in entries().items():
        assert "\n" not in line(entry, now=NOW), name
        assert text(entry, now=NOW).startswith(line(entry, now=NOW)), name


def test_running_shows_how_long():
    entry = running(submission=called("crawl()"), waited=0)

    assert line(entry, now=NOW) == "◐ crawl()  RUNNING for 4.2 s, since 12:00:07"


def test_a_nested_result_is_outlined():
    shown = text(successful(PROFILE), now=NOW)

    assert '             "rows": 1204,\n' in shown
    assert '               "columns": ["id", "name", "price", "stock", "added", "tags"],\n' in shown


def test_a_large_result_is_cut_with_a_way_to_the_rest():
    shown = text(successful(list(range(100_000))), now=NOW)

    assert "…the rest: %tasks value 7b1e4c02" in shown
    assert shown.count("\n") < 25


def test_failure_shows_what_the_card_shows():
    shown = text(entries()["failed in a cell"], now=NOW)

    assert "Cell [7], line 4, in fetch" in shown
    assert "▶    4          return len(json.loads(line))" in shown
    assert "… 3 library frames: json/__init__.py, json/decoder.py" in shown
    assert 'url = "https://example.org/slow"' in shown


def test_chains_attempts_and_notes_are_shown():
    assert "Caused by KeyError: 'key'" in text(entries()["failed below"], now=NOW)
    assert "Attempt 2 failed: ConnectionError: second" in text(entries()["attempts"], now=NOW)
    assert "may still be running" in text(entries()["given up"], now=NOW)


def test_a_group_is_shown_as_its_members():
    shown = text(entries()["group in a cell"], now=NOW).replace("\N{MULTIPLICATION SIGN}", "x")

    assert "  5 exceptions in the group:\n    JSONDecodeError: Expecting value" in shown
    assert "    3 x TimeoutError: timed out\n" in shown
    assert "      ▶    5      raise TimeoutError" in shown
    assert "      1 exception in the group:\n        KeyError: 'k'\n" in shown
    assert "+-+" not in shown
    assert "ipython-input" not in shown


def test_in_full_every_frame_names_its_cell_as_the_card_does():
    """Also in chains, in groups and in earlier attempts; no file of a kernel is named."""
    kernel = "/tmp/ipykernel_123/456.py"
    frame = f'  File "{kernel}", line 2, in f\n    g()\n'
    cause = f"Traceback (most recent call last):\n{frame}KeyError: 1\n"
    joint = "\nThe above exception was the direct cause of the following exception:\n\n"
    member = "".join(f"    | {each}\n" for each in (cause + joint + cause).split("\n"))
    group = "  + Exception Group Traceback (most recent call last):\n"
    group += "".join(f"  | {each}\n" for each in frame.splitlines())
    group += f"  | ExceptionGroup: several (1 sub-exception)\n  +-+---- 1 ----\n{member}    +----\n"
    entry = failed(Error("builtins.ExceptionGroup", cause + joint + group))
    try:
        set_cell_numbers({kernel: 3}.get)
        shown = text(entry, now=NOW, full=True)
    finally:
        set_cell_numbers(None)

    assert shown.count("Cell [3], line 2, in f") == 4
    assert "ipykernel" not in shown


def test_in_full_a_message_is_whole_and_the_class_has_its_module():
    message = "no " + "very " * 500 + "good\nreally"
    entry = failed(Error("myapp.errors.Refused", f"myapp.errors.Refused: {message}"))
    shown = text(entry, now=NOW, full=True)

    assert message.replace("\n", "\n      ") in shown
    assert "  Exception  myapp.errors.Refused\n" in shown


def test_in_full_earlier_attempts_are_named():
    entry = entries()["attempts"]

    assert "Attempt 1 failed: ConnectionError: first" in text(entry, now=NOW, full=True)


def test_what_json_changed_is_shown():
    entry = successful([1], changes=[change(("return_value",), "tuple", "list")])

    assert "changed by JSON: tuple → list" in text(entry, now=NOW)


def test_moved_output_is_shown():
    shown = text(successful(1, submission=moved("GET /\ndone\n")), now=NOW)

    assert shown.endswith("  Output\n    GET /\n    done")


def test_in_full_nothing_ordinary_is_folded_or_cut():
    shown = text(entries()["failed in a cell"], now=NOW, full=True)

    assert "raw_decode" in shown
    assert "7b1e4c025f6a4d0e9a540c8f2f3d9b11" in shown
    assert "worker k3Qz1" in shown
    many = text(successful(list(range(500))), now=NOW, full=True)
    assert "\n               499\n" in many


def test_colour_is_the_only_difference_that_colour_makes():
    for name, entry in entries().items():
        coloured = text(entry, now=NOW, color=True)
        assert ANSI.search(coloured), name
        assert ANSI.sub("", coloured) == text(entry, now=NOW), name
    for made, now in batches().values():
        assert ANSI.sub("", batch_text(made, now=now, color=True)) == batch_text(made, now=now)


def test_nothing_a_task_supplies_moves_the_cursor():
    entry = failed(
        ValueError("\x1b[2J\x07\x9b"), "\x1b]0;title\x07", submission=called("\x1b[2Jf()")
    )

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text(entry, now=NOW, full=True))


def test_batches_show_what_their_card_shows():
    made, now = batches()["failures"]
    shown = batch_text(made, now=now).replace("\N{MULTIPLICATION SIGN}", "x")

    assert shown.startswith("✕ fetch(url) x 235  4 FAILED, 231 SUCCESSFUL in 18.4 s\n")
    assert "Failures: 3 x TimeoutError, 1 x ConnectionError" in shown
    assert "3 x TimeoutError: timed out  first: …/p/17, after 1.20 s" in shown
    assert batch_text(made, now=now).startswith(batch_line(made, now=now) + "\n")


def test_what_cant_be_shown_says_so():
    nothing = SimpleNamespace()

    assert line(nothing, now=NOW) == "○ This task can't be shown: AttributeError."
    assert text(nothing, now=NOW) == "○ This task can't be shown: AttributeError."
    assert batch_text(nothing, now=NOW) == "○ This batch can't be shown: AttributeError."
    assert batch_line(nothing, now=NOW) == "○ This batch can't be shown: AttributeError."
