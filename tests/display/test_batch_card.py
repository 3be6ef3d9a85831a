from __future__ import annotations

from types import SimpleNamespace

from immediate_tasks_ipy.display.batches.card import batch_card
from tests.display.gallery import batches
from tests.display.reading import Page, read
from tests.display.samples import at, batch, failed, fetched


def lines(name):
    made, now = batches()[name]
    return plain(batch_card(made, now=now)).split("\n")


def plain(html):
    return read(html).replace("\u2003", " ").replace("\N{MULTIPLICATION SIGN}", "x")


def test_a_batch_in_progress_shows_counts_and_time_left():
    text = lines("progress")

    assert text[0] == "◐ fetch(url) x 250 RUNNING: 235 of 250 finished, about 1 s left"
    assert text[1] == "✓ 231 successful  ✕ 4 failed  ◐ 12 running  ○ 3 ready  13.1 tasks/s"
    assert text[2] == "First failures"


def test_failures_come_first_and_are_counted_by_kind():
    text = lines("failures")

    assert text[0] == "✕ fetch(url) x 235 4 FAILED, 231 SUCCESSFUL in 18.4 s"
    title = text.index("Failures: 3 x TimeoutError, 1 x ConnectionError")
    assert text[title + 1] == "3 x TimeoutError: timed out first: …/p/17, after 1.20 s"
    also = next(line for line in text if line.startswith("also "))
    other = next(line for line in text if line.startswith("1 x ConnectionError: "))
    assert title < text.index(also) < text.index(other)
    assert title < text.index("Slowest")


def test_slow_tasks_are_folded_when_all_is_done():
    made, now = batches()["failures"]

    assert Page(batch_card(made, now=now)).details == [True, True, False, False]
    assert "Slowest, and how long tasks took (median 61.0 ms, 95% under 61.0 ms)" in lines(
        "failures"
    )


def test_good_news_is_quiet():
    made, now = batches()["all good"]
    html = batch_card(made, now=now)

    assert lines("all good")[0] == "✓ fetch(url) x 231 231 SUCCESSFUL in 18.4 s"
    assert Page(html).details[0] is False
    assert "rgba(128,128,128,0.4)" in Page(html).styles[0]


def test_an_error_of_the_iterable_is_shown():
    text = lines("stopped")

    assert text[0] == "✕ fetch(url) x 3 STOPPED early: 3 SUCCESSFUL in 1.40 s"
    assert "The batch stopped early: item 4: ValueError: no" in text


def test_nothing_is_estimated_before_it_can_be():
    assert lines("starting")[0] == "◐ fetch(url) x 250 RUNNING: 0 of 250 finished"
    assert lines("generator")[0] == "◐ fetch(url) x 34 so far RUNNING: 30 of 34 finished"
    assert lines("nothing")[0] == "✓ fetch(url) x 0 SUCCESSFUL: nothing to run"


def test_the_estimate_depends_on_now_alone():
    made, _ = batches()["progress"]

    assert "about 1 s left" in read(batch_card(made, now=at(18)))
    assert "about 3 min left" in read(batch_card(made, now=at(2400)))


def test_many_failures_are_cut_with_a_count():
    bad = [fetched(n, error=ValueError(n)) for n in range(400)]
    html = batch_card(batch(total=400, entries=bad, took=9), now=at(9))

    assert "Failures: 400 x ValueError" in plain(html)
    assert "also …/p/1, …/p/2" in read(html)
    assert "…/p/8 and 391 more" in read(html)
    assert len(html.encode()) < 8000


def test_many_kinds_of_failures_are_cut():
    kinds = [type(f"Error{n}", (Exception,), {}) for n in range(9)]
    bad = [failed(kind("x")) for kind in kinds]

    assert "5 x others" in plain(batch_card(batch(entries=bad, took=9), now=at(9)))


def test_slow_tasks_are_named_only_among_others():
    three = [fetched(n) for n in range(3)]

    assert "Slowest" not in read(batch_card(batch(entries=three, took=1), now=at(1)))
    assert "Slowest" in read(batch_card(batch(entries=[*three, fetched(4)], took=1), now=at(1)))


def test_the_bar_has_a_part_for_each_status_and_no_empty_one():
    made, now = batches()["progress"]
    flex = [style for style in Page(batch_card(made, now=now)).styles if "flex:" in style]
    assert [style.partition(" ")[0] for style in flex if style.startswith("flex:")] == [
        "flex:231",
        "flex:4",
        "flex:12",
        "flex:3",
    ]


def test_what_cant_be_shown_says_so():
    html = batch_card(SimpleNamespace(), now=at(0))

    assert read(html) == "○ This batch can't be shown: AttributeError."
