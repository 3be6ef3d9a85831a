"""Output: what a task wrote, bounded."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immediate_tasks_ipy.tasks.output import Output


def test_what_was_written_is_kept_in_order():
    output = Output()
    assert not output
    for text in ("one ", "", "two ", "three"):
        output.write(text)
    assert output
    assert output.text == "one two three"


def test_head_and_tail_are_kept_and_the_middle_is_counted():
    output = Output(limit=10)
    output.write("abcde")
    output.write("fghij")
    assert output.text == "abcdefghij"
    output.write("klm")
    assert output.text == "abcde\n… 3 characters were not kept …\nijklm"
    assert output.dropped == 3


@given(st.lists(st.text(max_size=30)), st.integers(0, 40))
def test_no_more_than_the_limit_is_kept(texts, limit):
    output = Output(limit=limit)
    for text in texts:
        output.write(text)
    written = "".join(texts)
    half = limit // 2
    if len(written) <= 2 * half:
        assert output.text == written
        assert output.dropped == 0
    else:
        head, _, tail = output.text.partition("\n… ")
        assert head == written[:half]
        assert tail.endswith(written[len(written) - half :])
        assert output
        assert output.dropped == len(written) - 2 * half


def test_threads_lose_nothing():
    output = Output()

    def write():
        for _ in range(1000):
            output.write("x")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(output.text) == 8000


@pytest.mark.parametrize("size", [1, 7, 1000, 5000])
def test_pieces_of_any_size_are_bounded(size):
    output = Output(limit=1000)
    for _ in range(50):
        output.write("x" * size)
    assert len(output.text) <= 1000 + len("\n… 9,999,999 characters were not kept …\n")
