"""One of every kind of card, for the tests that hold for all of them."""

from __future__ import annotations

from types import SimpleNamespace

from immediate_tasks_ipy.display.batches.card import batch_card
from immediate_tasks_ipy.display.card import card
from immediate_tasks_ipy.task_history import Origin, Output, Submission
from tests.display.samples import (
    at,
    batch,
    change,
    failed,
    fetched,
    raised_in_cell,
    ready,
    recorded,
    running,
    successful,
    task,
)

CELL = """\
import json
def fetch(url, timeout=1.2):
    for line in [url]:
        return len(json.loads(line))
"""
PROFILE = {
    "rows": 1204,
    "shape": [1204, 6],
    "columns": ["id", "name", "price", "stock", "added", "tags"],
    "missing": {2: 14, 5: 3},
}
KEYS = "a stored backend would return str keys"
PROFILE_CHANGES = (
    change(("return_value", "shape"), "tuple", "list"),
    change(("return_value", "missing"), "int key", KEYS),
    change(("return_value", "missing"), "int key", KEYS),
)


def called(label, **more):
    return Submission(Origin(label), **more)


def moved(text, label="crawl()"):
    output = Output()
    output.write(text)
    return Submission(Origin(label), output=output, output_redirected=True)


def chained():
    try:
        try:
            {}["key"]
        except KeyError as error:
            raise ValueError("no such setting\nlook at line two") from error
    except ValueError as error:
        error.add_note("a note of the user")
        return error


def recursive():
    def down(n):
        return down(n + 1)

    try:
        down(0)
    except RecursionError as error:
        return error


def grouped():
    try:
        raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])
    except ExceptionGroup as error:
        return error


GROUP_CELL = """\
import json
def read(text):
    return json.loads(text)
def wait(seconds):
    raise TimeoutError("timed out")
def gather():
    errors = []
    for call in [lambda: read("x"), lambda: wait(1), lambda: wait(2), lambda: wait(3)]:
        try:
            call()
        except Exception as error:
            errors.append(error)
    try:
        raise ExceptionGroup("inner", [KeyError("k")])
    except ExceptionGroup as error:
        errors.append(error)
    raise ExceptionGroup("4 of 5 failed", errors)
"""


def group_in_cell():
    """A group raised in a cell: equal members, a nested group, frames of the user and others."""
    return raised_in_cell(GROUP_CELL, "gather()", number=8)


def misspelt():
    try:
        compile("a b", "settings.py", "exec")
    except SyntaxError as error:
        return error


def own_failure():
    url = "https://example.org/slow"
    error = raised_in_cell(CELL, f'fetch("{url}")')
    function = task(lambda url, timeout=1.2: None, name="fetch")
    return failed(error, url, submission=called(f'fetch("{url}")'), task_=function)


def several_attempts():
    entry = failed(ConnectionError("third"), submission=called("fetch()"))
    entry.result.worker_ids = ["tcp://a:1", "tcp://b:1", "tcp://c:1"]
    earlier = [recorded(ConnectionError("first")), recorded(ConnectionError("second"))]
    entry.result.errors = earlier + entry.result.errors
    entry.transitions = [
        ("READY", at(0)),
        ("RUNNING", at(0.8)),
        ("READY", at(3)),
        ("RUNNING", at(3.2)),
        ("FAILED", at(9)),
    ]
    return entry


def given_up():
    entry = failed(TimeoutError("given up after 3 s"), submission=called("cell [7]"))
    entry.result._abandoned = True
    return entry


def entries():
    gpu = task(queue_name="gpu", priority=10)
    return {
        "scalar": successful(5, 2, 3, submission=called("add(2, 3)")),
        "nested": successful(
            PROFILE,
            "prices.csv",
            took=0.0481,
            changes=PROFILE_CHANGES,
            submission=called("profile()"),
        ),
        "long list": successful([{"id": n, "name": "x" * n} for n in range(100)]),
        "long text": successful("lorem ipsum <b> " * 1000),
        "huge integer": successful(7**10_000),
        "ready": ready(2, 3),
        "running": running("https://example.org", submission=called("crawl()")),
        "background": running(submission=moved("half way\n", 'train("ridge")'), task_=gpu),
        "moved output": successful(12, took=3.2, submission=moved("GET /\n" * 900)),
        "note": successful(None, submission=called("plot(x)", note="Shown and not stored.")),
        "failed in a cell": own_failure(),
        "failed below": failed(chained(), 1, 2),
        "recursion": failed(recursive()),
        "group": failed(grouped()),
        "group in a cell": failed(group_in_cell()),
        "syntax error": failed(misspelt()),
        "given up": given_up(),
        "attempts": several_attempts(),
        "arguments changed": successful(3, [1], changes=[change(("args", 0), "tuple", "list")]),
    }


def batches():
    slow = [fetched(9, 1.18), fetched(77, 1.02, 18944), fetched(140, 0.98, 31007)]
    good = [fetched(number) for number in range(300, 528)] + slow
    bad = [fetched(n, 1.2, error=TimeoutError("timed out")) for n in (17, 58, 204)]
    bad.append(fetched(131, 0.0964, error=ConnectionError("<b>refused</b>")))
    return {
        "progress": (batch(total=250, entries=good + bad, running=12), at(18)),
        "failures": (batch(total=235, entries=good + bad, took=18.4), at(18.4)),
        "all good": (batch(total=231, entries=good, took=18.4), at(18.4)),
        "stopped": (batch(entries=good[:3], took=1.4, error="item 4: ValueError: no"), at(2)),
        "starting": (batch(total=250, running=32), at(0.4)),
        "nothing": (batch(total=0, took=0.0), at(0.4)),
        "generator": (batch(entries=good[:30], running=4), at(2.4)),
    }


def cards():
    """Every card by name, as HTML."""
    made = {name: card(entry, now=at(4.2)) for name, entry in entries().items()}
    made |= {f"batch, {name}": batch_card(b, now=now) for name, (b, now) in batches().items()}
    made["unshowable"] = card(SimpleNamespace(), now=at(0))
    return made
