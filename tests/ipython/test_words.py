"""Words of a line: quotes come off, brackets hold together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from immediate_tasks_ipy.ipython.planning.words import read_word


@pytest.mark.parametrize(
    ("line", "word", "rest"),
    [
        ("urls fetch", "urls", " fetch"),
        ("  urls fetch", "urls", " fetch"),
        ('"url in urls" fetch(url)', "url in urls", " fetch(url)"),
        ("'a b' c", "a b", " c"),
        ('--name="two words" x', "--name=two words", " x"),
        ("range(18, 40) fetch", "range(18, 40)", " fetch"),
        ("['a b', \"c]\"] fetch", "['a b', \"c]\"]", " fetch"),
        ("{'k': (1, [2, 3])} f", "{'k': (1, [2, 3])}", " f"),
        ("a) b", "a)", " b"),
        (r'"say \"hi\"" x', 'say "hi"', " x"),
    ],
)
def test_a_word_ends_where_a_reader_would_end_it(line: str, word: str, rest: str) -> None:
    read = read_word(line, 0)
    assert read is not None
    assert (read.value, line[read.end :]) == (word, rest)


def test_there_is_no_word_at_the_end() -> None:
    assert read_word("  ", 0) is None
    assert read_word("abc", 3) is None


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("'open", "quote"), ("range(1, 2", r"bracket .* \) is missing"), ("[1, {2]", "bracket")],
)
def test_what_is_not_closed_is_said(line: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_word(line, 0)


@given(st.text())
def test_any_line_is_read_or_answered(line: str) -> None:
    position = 0
    try:
        while word := read_word(line, position):
            assert word.end > position
            position = word.end
    except UsageError:
        pass
