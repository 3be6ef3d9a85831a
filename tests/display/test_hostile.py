"""Whatever a task supplies, a card is a card: never an exception, never foreign markup."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from immediate_tasks_ipy.display.batches.card import batch_card
from immediate_tasks_ipy.display.batches.text import batch_text
from immediate_tasks_ipy.display.card import CAP, card
from immediate_tasks_ipy.display.text import line, text
from immediate_tasks_ipy.display.tracebacks import frames
from immediate_tasks_ipy.display.values import preview
from immediate_tasks_ipy.task_history import Origin, Output, Submission
from tests.display.reading import Page, read
from tests.display.samples import (
    Error,
    at,
    batch,
    change,
    failed,
    ready,
    recorded,
    running,
    successful,
    task,
)

NOW = at(4.2)
#: No card of a batch is larger, whatever it shows; that of a task is held to `CAP`.
HARD_CAP = 20_000

MARKUP = [
    "<script>alert(1)</script>",
    "</code></td></div><img src=x onerror=alert(1)>",
    '" style="position:fixed" onclick="x',
    "'><b>&amp;&lt;&#60;",
    "<!-- -->",
    "]]>",
    "&nbsp;\x00\x1b[2J\ud800\udc00\u202e",
    'Traceback (most recent call last):\n  File "x", line 1, in <b>\n    <i>\n',
]

JOINTS = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
]

texts = st.one_of(
    st.sampled_from(MARKUP),
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.builds(lambda part, count: part * count, st.sampled_from(MARKUP), st.integers(1, 400)),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(1000, 5000).map(lambda n: 10**n),
    st.floats(),
    texts,
    st.binary(max_size=60),
)
keys = st.one_of(texts, st.integers(), st.none(), st.booleans(), st.floats(), st.tuples(texts))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=30),
        st.dictionaries(keys, inner, max_size=30),
        st.tuples(inner, inner),
    ),
    max_leaves=60,
)
labels = st.one_of(st.none(), texts)
changes = st.lists(
    st.builds(
        change,
        st.tuples(
            st.sampled_from(["return_value", "args", "kwargs"]), st.one_of(st.integers(0, 3), texts)
        ),
        texts,
        texts,
    ),
    max_size=20,
)


@st.composite
def tracebacks(draw):
    """Text in Python's own format, with anything in all its places."""
    line = texts.map(lambda text: " ".join(text.splitlines()))
    places = st.sampled_from(["", "/usr/lib/python3.11/", "<ipython-input-3-", "/srv/app/"])
    parts = []
    for _ in range(draw(st.integers(1, 5))):
        lines = ["Traceback (most recent call last):"]
        for _ in range(draw(st.integers(0, 8))):
            number = draw(st.integers(1, 10**9))
            name = draw(places) + draw(line)
            lines.append(f'  File "{name}", line {number}, in {draw(line)}')
            lines += [f"    {draw(line)}", "    ~~^^"][: draw(st.integers(0, 2))]
            lines += ["  [Previous line repeated 7 more times]"] * draw(st.integers(0, 1))
        lines.append(f"{draw(st.sampled_from(['ValueError', '<b>']))}: {draw(texts)}")
        parts.append("\n".join(lines) + "\n")
    joint = draw(st.sampled_from(JOINTS))
    whole = f"\n{joint}\n\n".join(parts)
    for level in range(draw(st.integers(0, 4)), 0, -1):
        edge = "  " * level
        own = f"{edge}+ Exception Group {lines[0]}\n{edge}| {draw(line)}: {draw(texts)}\n"
        members = [f"{edge}  +---- {n} ----\n" for n in range(1, draw(st.integers(2, 12)))]
        inner = whole if level < 4 and "+ Exc" in whole else _edged(whole, f"{edge}  | ")
        whole = own + "".join(f"{above}{inner}\n" for above in members) + f"{edge}  +--------\n"
    return whole


def _edged(text, edge):
    return "".join(f"{edge}{each}\n" for each in text.split("\n"))


@st.composite
def submissions(draw):
    output = Output()
    output.write(draw(texts))
    return Submission(
        Origin(draw(labels)),
        output=output,
        output_redirected=draw(st.booleans()),
        note=draw(st.one_of(st.none(), texts)),
    )


@st.composite
def entries(draw, kinds=(ready, running, successful, failed)):
    name = draw(texts)
    made = task(name=name, queue_name=draw(texts), priority=draw(st.integers(-100, 100)))
    how = {"submission": draw(st.one_of(st.none(), submissions())), "task_": made}
    args = draw(st.lists(values, max_size=4))
    kwargs = draw(st.dictionaries(texts, values, max_size=3))
    kind = draw(st.sampled_from(kinds))
    if kind is successful:
        entry = successful(draw(values), *args, changes=draw(changes), **how)
    elif kind is failed:
        entry = failed(Error(draw(texts), draw(st.one_of(texts, tracebacks()))), *args, **how)
        entry.result.errors += [recorded(ValueError(draw(texts)))] * draw(st.integers(0, 3))
    else:
        entry = kind(*args, **how)
    entry.result.kwargs = kwargs
    entry.result.id = draw(texts)
    entry.result.backend = draw(texts)
    entry.result.worker_ids = draw(st.lists(texts, max_size=4))
    return entry


many = settings(
    max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@many
@given(entries())
def test_a_card_and_the_text_of_anything_are_well_formed_and_bounded(entry):
    # Both of each entry: making one up takes longer than showing it.
    html = card(entry, now=NOW)
    Page(html)
    assert "This task can't be shown" not in html
    assert len(html.encode()) <= CAP
    json.dumps(html).encode()

    for shown in (line(entry, now=NOW), text(entry, now=NOW), text(entry, now=NOW, full=True)):
        assert "This task can't be shown" not in shown
        assert all(each.isprintable() or each in "\n\t" for each in shown if ord(each) < 0xA0)
        shown.encode()
    assert len(text(entry, now=NOW)) < HARD_CAP


@settings(many, max_examples=25)
@given(st.lists(entries(kinds=(successful, failed)), max_size=4), texts)
def test_a_batch_of_anything_is_well_formed_and_bounded(members, label):
    for key, member in enumerate(members):
        member.key = key
    made = batch(label, entries=members, took=3.0, error=label)

    html = batch_card(made, now=NOW)
    Page(html)
    assert "This batch can't be shown" not in html
    assert len(html.encode()) < HARD_CAP
    batch_text(made, now=NOW).encode()


@many
@given(st.one_of(texts, tracebacks()))
def test_any_text_is_read_as_a_traceback(supplied):
    for segment in frames(supplied):
        assert segment.headline.encode() is not None
        assert segment.message.encode() is not None


@many
@given(values, st.integers(8, 200))
def test_a_preview_of_anything_keeps_to_its_limit(value, limit):
    shown = preview(value, limit)

    assert len(shown) <= max(limit, 24)
    assert "\n" not in shown
    shown.encode()


class Rude:
    """Raises whatever is done to it."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError

    __str__ = __iter__ = __len__ = __bool__ = __hash__ = __eq__ = __repr__


BAD = {
    "rude": Rude,
    "none": lambda: None,
    "list of rude": lambda: [Rude()],
    "markup": lambda: "<b>",
    "number": lambda: 5,
    "dict of rude": lambda: {"a": Rude()},
}


@pytest.mark.parametrize("field", list(vars(successful(1).result)))
@pytest.mark.parametrize("bad", list(BAD))
@pytest.mark.parametrize(
    "make", [ready, running, lambda: successful(1), lambda: failed("<b>x")], ids="abcd"
)
def test_a_broken_result_spoils_only_its_own_card(make, field, bad):
    entry = make()
    setattr(entry.result, field, BAD[bad]())

    Page(card(entry, now=NOW))
    for shown in (line(entry, now=NOW), text(entry, now=NOW)):
        assert shown


def test_values_of_100_mb_cost_no_more_than_what_is_shown():
    big = "x" * 100_000_000
    submission = Submission(Origin(big), note=big, output=Output(), output_redirected=True)
    submission.output.write(big)
    entry = successful([big, {big: big}], big, submission=submission, changes=[])
    broken = failed(Error(big, big), big, submission=submission)

    for each in (entry, broken):
        assert len(card(each, now=NOW)) <= CAP
        assert len(text(each, now=NOW)) < HARD_CAP


def test_what_is_too_large_is_left_out_with_a_note():
    ampersands = "&" * 200
    frame = f'  File "/srv/app/{ampersands}", line 1, in {ampersands}\n    {ampersands}\n'
    library = frame.replace("/srv/app/", "/usr/lib/python3.11/")
    one = f"Traceback (most recent call last):\n{frame * 2}{library * 9}ValueError: {'&' * 5000}\n"
    several = f"\n{JOINTS[0]}\n\n".join([one.replace("line 1", f"line {n}") for n in range(1, 6)])

    html = card(
        failed(Error("ValueError", several), submission=Submission(note="&" * 900)), now=NOW
    )

    assert len(html.encode()) <= CAP
    assert "left out to keep the notebook small: %tasks show 7b1e4c02" in read(html)


def test_deep_nesting_is_shown_to_a_level():
    deep = {"leaf": 1}
    for _ in range(50_000):
        deep = {"next": deep}

    html = card(successful(deep), now=NOW)
    assert "{…}" in read(html)
    assert len(html) < 8000
    assert len(text(successful(deep), now=NOW, full=True)) < 8000


def test_a_task_named_as_markup_is_text():
    name = "<img src=x onerror=alert(1)>"
    entry = successful(
        name, name, submission=Submission(Origin(name), note=name), task_=task(name=name)
    )

    html = card(entry, now=NOW)
    assert "<img" not in html
    assert name in read(html)


def test_an_object_that_is_no_result_at_all_is_named():
    html = card(SimpleNamespace(result=Rude()), now=NOW)

    assert "can't be shown: RuntimeError" in read(html)
