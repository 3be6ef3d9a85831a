"""What is open, what is folded, and in which order: the same for card, text and panel."""

from __future__ import annotations

from immediate_tasks_ipy.display.traceback_view import GROUP_LEVELS, MEMBERS, TracebackView
from tests.display.gallery import chained, group_in_cell, own_failure
from tests.display.samples import raised_in_cell, recorded


def view(*errors, **options):
    return TracebackView.of([recorded(error) for error in errors], **options)


def test_the_users_frames_are_open_and_libraries_folded_under_a_title():
    [exception] = TracebackView.of(own_failure().result.errors).exceptions

    assert [frame.place for frame in exception.open_frames] == ["Cell [7], line 4, in fetch"]
    assert exception.folded_title == "3 library frames: json/__init__.py, json/decoder.py"


def test_of_many_frames_the_outermost_and_the_innermost_are_open():
    source = "def d():\n    1 / 0\n" + "".join(
        f"def {name}():\n    {below}()\n" for name, below in ("cd", "bc", "ab")
    )
    [exception] = view(raised_in_cell(source, "a()", number=9)).exceptions

    assert [frame.function for frame in exception.open_frames] == ["a", "c", "d"]
    assert exception.folded_title == "1 more frame of yours: Cell [9]"


def test_the_last_exception_comes_first_with_the_words_between():
    exceptions = view(chained()).exceptions

    assert [(each.relation, each.headline) for each in exceptions] == [
        ("", "ValueError: no such setting"),
        ("Caused by", "KeyError: 'key'"),
    ]


def test_what_was_being_handled_is_no_cause():
    error = ValueError(2)
    error.__context__ = KeyError(1)

    assert [each.relation for each in view(error).exceptions] == ["", "While handling"]


def test_long_chains_are_cut_with_a_count():
    error = ValueError(0)
    for number in range(1, 8):
        error, cause = ValueError(number), error
        error.__cause__ = cause

    assert [each.message for each in view(error).exceptions] == ["7", "6", "5", "4"]
    assert view(error).more_exceptions == 4
    assert len(view(error, full=True).exceptions) == 8
    assert len(view(error, chain_limit=5).exceptions) == 6


def test_earlier_attempts_are_counted_and_the_latest_named():
    attempts = view(*(ConnectionError(n) for n in range(1, 7)))

    assert attempts.attempts_title == "5 earlier attempts failed"
    assert attempts.attempts == tuple((n, f"ConnectionError: {n}") for n in (3, 4, 5))
    assert view(ValueError(1)).attempts_title == ""


def test_members_of_a_group_are_named_and_equal_ones_counted():
    [exception] = view(group_in_cell()).exceptions

    assert exception.members_title == "5 exceptions in the group:"
    assert [
        member.headline.replace("\N{MULTIPLICATION SIGN}", "x") for member in exception.members
    ] == [
        "JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        "3 x TimeoutError: timed out",
        "ExceptionGroup: inner (1 sub-exception)",
    ]
    read, timed_out, inner = (member.exceptions[0] for member in exception.members)
    assert read.open_frames[-1].place == "Cell [8], line 3, in read"
    assert timed_out.open_frames[-1].place == "Cell [8], line 5, in wait"
    assert [member.headline for member in inner.members] == ["KeyError: 'k'"]


def test_members_and_levels_beyond_a_number_are_counted():
    [wide] = view(ExceptionGroup("many", [ValueError(n) for n in range(100)])).exceptions
    assert (len(wide.members), wide.more_members) == (MEMBERS, 100 - MEMBERS)

    error = ValueError("innermost")
    for _ in range(GROUP_LEVELS + 1):
        error = ExceptionGroup("level", [error])
    [exception] = view(error).exceptions
    for _ in range(GROUP_LEVELS):
        exception = exception.members[0].exceptions[0]
    assert (exception.is_group, exception.members, exception.more_members) == (True, (), 1)
    assert exception.members_title == "1 exception in the group:"


def test_in_full_nothing_is_folded():
    [exception] = TracebackView.of(own_failure().result.errors, full=True).exceptions

    assert len(exception.open_frames) == 4
    assert exception.folded_title == ""
