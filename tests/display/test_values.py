from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from enum import IntEnum

import pytest

from immediate_tasks_ipy.display.times import (
    between,
    clock,
    duration,
    elapsed,
    estimate,
    full_date,
)
from immediate_tasks_ipy.display.values import (
    arguments_text,
    call_text,
    clipped_lines,
    preview,
    rendered_output,
)
from immediate_tasks_ipy.task_history import Entry, Origin, Submission
from tests.display.samples import NOON, at, ready, task


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "<0.01 ms"),
        (0.000_004, "<0.01 ms"),
        (0.000_12, "0.12 ms"),
        (0.000_8, "0.80 ms"),
        (0.0481, "48.1 ms"),
        (0.0964, "96.4 ms"),
        (0.009_996, "10.0 ms"),
        (0.25, "0.25 s"),
        (0.9996, "1.00 s"),
        (1.2, "1.20 s"),
        (9.999, "10.0 s"),
        (12.4, "12.4 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7260, "2 h 01 min"),
        (200_000, "2 d 07 h"),
        (-1, "<0.01 ms"),
        (float("nan"), "? s"),
        (float("inf"), "? s"),
    ],
)
def test_durations_have_three_digits_and_a_unit(seconds, text):
    assert duration(seconds) == text


def test_growing_times_do_not_flicker():
    assert elapsed(4.23) == "4.2 s"
    assert elapsed(125) == "2 min 05 s"
    assert elapsed(-3) == "0.0 s"


def test_estimates_claim_no_precision():
    assert [estimate(s) for s in (0.2, 2.3, 75, 200, 8000)] == [
        "1 s",
        "2 s",
        "75 s",
        "3 min",
        "2 h 13 min",
    ]


def test_clock_is_local_to_the_millisecond():
    assert clock(NOON) == "12:00:07.412"
    assert full_date(NOON) == "2026-03-01 12:00:07.412+00:00"


def test_times_without_a_zone_and_at_the_edge_are_shown():
    assert clock(datetime(2026, 3, 1, 14, 3, 7)) == "14:03:07.000"
    assert clock(datetime.max) == "23:59:59.999"
    assert clock(datetime.min) == "00:00:00.000"


def test_time_between_is_never_negative_and_unknown_where_zones_differ():
    assert between(at(1), at(0)) == 0
    assert between(None, at(0)) is None
    assert between(datetime(2026, 3, 1), at(0)) is None


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (5, "5"),
        (-0.5, "-0.5"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("a", '"a"'),
        ('say "hi"\n', '"say \\"hi\\"\\n"'),
        ("\ud800", '"\\ud800"'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("x\u202ey", '"x\\u202ey"'),
        ([], "[]"),
        ({}, "{}"),
        ({"a": [1, 2]}, '{"a": [1, 2]}'),
        ({2: 14, None: 1, True: 2}, "{2: 14, None: 1, True: 2}"),
        ((1, 2), "(1, 2)"),
        (b"ab", "b'ab'"),
        ([[[[[[1]]]]]], "[[[[[…]]]]]"),
        (Level.HIGH, "3"),
        (OrderedDict(a=1), '{"a": 1}'),
        ({"rows": 1204, "shape": [1204, 6], "columns": ["id"] * 6, "missing": {"2": 14}},
         '{"rows": 1204, "shape": [1204, 6], …2 more}'),
    ],
)  # fmt: skip
def test_previews_read_as_python(value, text):
    assert preview(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1000,
        list(range(1000)),
        {str(n): n for n in range(1000)},
        b"\xff" * 1000,
        [["x" * 100] * 100] * 100,
        10**600,
        {"x" * 100: "y" * 100},
        object(),
    ],
)
def test_previews_keep_to_their_limit(value):
    assert len(preview(value)) <= 48


def test_huge_integers_are_shown_by_magnitude():
    assert preview(7**100_000) == "≈6.368e84509"
    assert preview(-(10**5000)) == "-≈1.000e5000"


def test_deep_nesting_is_cut_and_cycles_end():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    cycle = []
    cycle.append(cycle)

    assert preview(deep) == "[[[[[…]]]]]"
    assert preview(cycle) == "[[[[[…]]]]]"


class Hostile:
    def __repr__(self):
        raise SystemExit

    __str__ = __iter__ = __len__ = __html__ = __repr__

    def __getattribute__(self, name):
        raise KeyboardInterrupt


class HostileText(str):
    __slots__ = ()

    def __getitem__(self, index):
        raise ValueError

    __len__ = __str__ = __repr__ = __iter__ = __getitem__


class HostileDict(dict):
    def __iter__(self):
        raise ValueError

    __len__ = items = keys = __getitem__ = __repr__ = __iter__


def test_hostile_values_spoil_only_themselves():
    assert preview(Hostile()) == "<Hostile: can't be shown, SystemExit>"
    assert preview(HostileText("abc")) == '"abc"'
    assert preview(HostileDict(a=1)) == '{"a": 1}'


class Huge(str):
    """Fails the test if more of it is read than a preview needs."""

    __slots__ = ()

    def split(self, *args):
        raise AssertionError

    replace = encode = translate = split


def test_calls_are_named_as_written_in_the_notebook():
    assert call_text(ready(2, 3, submission=Submission(Origin("add(2,\n    3)")))) == "add(2, 3)"
    assert call_text(ready(2, "x", c=None)) == 'add(2, "x", c=None)'
    assert call_text(
        ready(2, submission=Submission(Origin(Huge("f(" + "x" * 10**6 + ")"))))
    ).endswith("…xxxxx)")


def test_a_cut_call_keeps_its_end_where_calls_differ():
    url = "https://example.org/a/very/long/path/that/goes/on/for/ever"
    texts = [
        call_text(ready(f"{url}/{n}", submission=Submission(Origin(f'f("{url}/{n}")'))), 48)
        for n in (17, 58)
    ]

    assert [len(text) for text in texts] == [48, 48]
    assert texts[0].endswith('…r/17")')
    assert texts[1].endswith('…r/58")')


def test_arguments_carry_the_names_of_their_parameters():
    assert arguments_text(ready(2, 3)) == "a = 2, b = 3"
    assert arguments_text(ready(2, b="x")) == 'a = 2, b = "x"'
    assert arguments_text(ready()) == ""


def test_arguments_skip_the_context_and_survive_any_signature():
    def with_context(context, a, *rest):
        pass

    takes = task(with_context, takes_context=True)
    assert arguments_text(ready(1, 2, 3, task_=takes)) == "a = 1, 2, 3"
    assert arguments_text(ready(1, 2, task_=task(print))) == "1, 2"
    assert arguments_text(ready(1, task_=task(Hostile(), name="h"))) == "1"
    assert arguments_text(Entry(1, Broken(), None)) == "can't be shown, TypeError"


class Broken:
    args = kwargs = 5
    task = task()


def test_previews_of_huge_text_read_only_its_start():
    text = Huge("x" * 10**6)

    assert preview(text) == '"' + "x" * 45 + '…"'


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("\x1b[31mred\x1b[0m\n", "red\n"),
        ("\x1b]0;title\x07text", "text"),
        (" 10%|█  |\r 50%|██ |\r100%|███|\ndone\n", "100%|███|\ndone\n"),
        ("half way\r", "half way"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("\x1b[A\x1b[2Ktwo bars\r", "two bars"),
        ("bell\x07 and \u202e override", "bell\\x07 and \\u202e override"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_output_is_shown_as_it_looked_in_the_end(output, shown):
    assert rendered_output(output) == shown


def test_the_end_of_an_output_is_whole_lines_with_a_count_of_the_rest():
    output = "".join(f"line {n}\n" for n in range(100))

    assert clipped_lines(output, 2, 1000) == ("line 98\nline 99", len(output) - 1 - 15)
    assert clipped_lines(output, 50, 20) == ("line 98\nline 99", len(output) - 1 - 15)
    assert clipped_lines("", 2, 1000) == ("", 0)
