"""Notebook functions and cells take and return any object; `--json` has them strict."""

from __future__ import annotations

import json

import pytest

from immediate_tasks_ipy.task_history import current_recorder

BY = "\u00d7"
SETUP = """
import dataclasses, datetime
from immediate_tasks_ipy.tasks import task
@dataclasses.dataclass
class Point:
    x: int
def move(point, by=1):
    return Point(point.x + by)
async def amove(point, by=1):
    return Point(point.x + by)
@task
def strict(value=None):
    return {"n": [value, {1}]}
"""


@pytest.fixture
def prepared(notebook):
    assert notebook.run(SETUP).ok
    return notebook


@pytest.mark.parametrize("code", [
    "%enqueue move(Point(1))",
    "%enqueue amove(Point(1))",
    "%enqueue --background move(Point(1))",
    "%%enqueue move(Point(1))\npass",
    "%%enqueue\nmove(Point(1))",
    "%%enqueue\nawait amove(Point(1))",
    "%%enqueue\ndef made():\n    return move(Point(1))",
])  # fmt: skip
def test_a_function_and_a_cell_take_and_return_any_object(prepared, code):
    ran = prepared.run(code)
    prepared.run("%tasks wait")

    assert ran.value.status == "SUCCESSFUL"
    assert ran.value.return_value.x == 2
    assert prepared.run("%tasks value -1").value is ran.value.return_value


@pytest.mark.parametrize("function", ["move", "amove"])
@pytest.mark.parametrize("options", ["", "--concurrency 2 "])
def test_a_batch_does_so_item_by_item(prepared, function, options):
    prepared.run("points = [Point(n) for n in range(3)]")
    results = prepared.run(f"%enqueue {options}--each points {function}").value

    assert [point.x for point in results.return_values] == [1, 2, 3]
    assert all(result.args[0] is point for result, point in zip(results, prepared["points"]))  # noqa: B905


def test_a_rerun_takes_the_same_objects(prepared):
    prepared.run("p = Point(1)\nr = %enqueue move(p)")
    prepared.run("def move(point, by=1):\n    return Point(point.x + 10)")

    again = prepared.run("%tasks rerun -1").value

    assert again.args[0] is prepared["p"]
    assert again.return_value.x == 11


def test_the_card_says_what_a_queue_would_need(prepared):
    ran = prepared.run("%enqueue move(Point(1))")

    assert "kept as it is" in ran.html
    assert "a queue would need `dataclasses.asdict(…)`" in ran.html
    assert "Point(x=2)" in ran.html
    assert "Point" in ran.text
    assert "a queue would need" in ran.text


def test_a_part_of_a_container_is_named_in_the_tree(prepared):
    prepared.run("def nested():\n    return {'rows': [1, {2}], 'more': list(range(99))}")
    html = prepared.run("%enqueue nested()").html
    assert "a queue would need `list(…)` in place of [&#x27;rows&#x27;][1], a set" in html


def test_a_cells_live_value_is_displayed_as_jupyter_would(prepared):
    ran = prepared.run("%%enqueue\nPoint(7)")

    assert ran.outputs[0]["text/plain"] == "Point(x=7)"
    assert "SUCCESSFUL" in ran.outputs[1]["text/html"]
    assert ran.value.return_value.x == 7


@pytest.mark.parametrize("code", ["%enqueue --json move(Point(1))", "%enqueue strict(Point(1))"])
def test_a_strict_argument_is_a_usage_error_that_names_it(prepared, code):
    assert prepared.usage_error(code).endswith(
        "is a Point, which JSON can't hold: pass `dataclasses.asdict(…)`"
    )
    assert len(current_recorder()) == 0


def test_a_strict_return_value_says_which_part_what_to_write_and_where_it_is(prepared):
    ran = prepared.run("%enqueue strict(1)")

    assert ran.value.status == "FAILED"
    expected = "Its return value can't be stored: `result['n'][1]` is a set. Return `list(…)`."
    where = f"The task ran; %tasks value {ran.value.id[:8]} has what it returned."
    for text in (ran.text, prepared.run("%tasks show -1").out):
        assert expected in " ".join(text.split())
        assert where in text
    assert where in ran.html
    assert prepared.run("%tasks value -1").value == {"n": [1, {1}]}


@pytest.mark.parametrize("code", [
    "%enqueue --json move(Point)",
    "%%enqueue --json\n{1}",
    "%%enqueue --json\nawait amove(Point(1))",
    "%enqueue --json --each [Point] move",
])  # fmt: skip
def test_json_makes_notebook_functions_strict(prepared, code):
    prepared.run("move = lambda point: {1}")
    ran = prepared.run(code)
    assert not ran.ok or ran.value.status == "FAILED"
    if ran.ok:
        assert "can't be stored" in " ".join(ran.text.split())


def test_the_setting_makes_all_of_them_strict(prepared):
    prepared.run("%config ImmediateTasks.values = 'json'")
    assert prepared.run("%%enqueue\n{1}").value.status == "FAILED"

    prepared.run("%config ImmediateTasks.values = 'live'")
    assert prepared.run("%%enqueue\n{1}").value.return_value == {1}


def test_every_item_of_a_strict_batch_keeps_its_value(prepared):
    prepared.run("r = %enqueue --each range(30) strict")

    part = "`result['n'][1]` is a set. Return `list(…)`."
    assert prepared.run("%tasks list 3").out.count(part) == 3
    for index, result in enumerate(prepared["r"]):
        assert result.status == "FAILED"
        assert current_recorder().raw_value(result) == {"n": [index, {1}]}


def test_an_item_that_a_strict_task_cannot_take_is_named_in_one_sentence(prepared):
    ran = prepared.run("r = %enqueue --each [1,{2}] strict")

    assert "item 1: argument 1 of strict is a set" in str(ran.error)


def test_a_generator_is_consumed_by_the_task_and_no_one_else(prepared):
    prepared.run("def total(numbers):\n    return sum(numbers)\ng = (n for n in range(5))")
    assert prepared.run("%enqueue total(g)").value.return_value == 10

    assert "argument 1 of total is a generator" in prepared.usage_error("%tasks rerun -1")


def test_what_a_generator_function_yields_is_the_tasks_work(prepared):
    prepared.run(
        "def numbers(n):\n    for i in range(n):\n        print('at', i)\n        yield i\n"
        "async def anumbers(n):\n    for i in range(n):\n        yield {i}"
    )
    ran = prepared.run("%enqueue numbers(3)")
    assert ran.value.return_value == [0, 1, 2]
    assert ran.out == "at 0\nat 1\nat 2\n"
    assert prepared.run("%enqueue anumbers(2)").value.return_value == [{0}, {1}]


def test_a_coroutine_that_was_not_awaited_is_refused(prepared):
    prepared.run("def forgets():\n    return amove(Point(1))")
    ran = prepared.run("%enqueue forgets()")
    assert ran.value.status == "FAILED"
    assert "is a coroutine" in ran.text


def test_history_memory_drops_the_oldest_live_values_and_keeps_the_latest(prepared):
    prepared.run("def block():\n    return bytes([255]) * 2**20\ndef one():\n    return 1")
    prepared.run("%enqueue one();")
    for _ in range(4):
        prepared.run("r = %enqueue block()")
    assert len(current_recorder()) == 5

    prepared.run("%config ImmediateTasks.history_memory = 3")

    kept = [entry.result.task.name for entry in current_recorder()]
    assert kept == ["one", "block", "block"]
    prepared.run("r = %enqueue block()")
    assert [entry.result.task.name for entry in current_recorder()] == kept
    assert len(prepared["r"].return_value) == 2**20


def test_live_values_are_their_repr_in_exports_and_themselves_in_frames(prepared, tmp_path):
    pytest.importorskip("pandas")
    prepared.run("r = %enqueue move(Point(1))")
    for suffix in ("json", "jsonl", "csv"):
        prepared.run(f"%tasks export {tmp_path}/out.{suffix}")
        assert "Point(x=2)" in (tmp_path / f"out.{suffix}").read_text()
    [record] = json.loads((tmp_path / "out.json").read_text())
    assert record["args"] == ["Point(x=1)"]
    prepared.run("import immediate_tasks_ipy\nframe = immediate_tasks_ipy.history.to_frame()")
    assert prepared["frame"]["return_value"][0] is prepared["r"].return_value


def test_arrays_and_frames_are_shown_by_shape_and_first_rows(prepared):
    pytest.importorskip("pandas")
    prepared.run(
        "import numpy, pandas\n"
        "def table(n):\n"
        "    return pandas.DataFrame({'a': range(n), 'b': ['<i>x</i>'] * n})\n"
        "def array():\n    return numpy.zeros((30, 4))"
    )
    ran = prepared.run("%enqueue table(1000)")
    assert f"DataFrame 1,000 {BY} 2" in ran.text
    assert f"1,000 rows {BY} 2 columns" in ran.html
    assert "<td" in ran.html
    assert "&lt;i&gt;x" in ran.html
    assert "<i>x" not in ran.html
    assert "a queue would need `….to_dict(" in ran.html

    array = prepared.run("%enqueue array()")
    assert f"ndarray 30 {BY} 4 float64" in array.html
    assert "[[0., 0., 0., 0.]," in array.text
    prepared.run("results = %enqueue --each range(1,4) table")
    prepared.run("frame = results.to_frame()")
    assert [len(one) for one in prepared["frame"]["return_value"]] == [1, 2, 3]


def test_a_value_whose_representation_raises_spoils_its_own_row_only(prepared):
    prepared.run(
        "class Bad:\n    def __repr__(self):\n        raise LookupError\n"
        "    shape = property(__repr__)\ndef bad():\n    return Bad()"
    )
    ran = prepared.run("%enqueue bad()")
    assert ran.value.status == "SUCCESSFUL"
    assert "be shown, LookupError" in ran.html
    assert "can't be shown" in prepared.run("%tasks list").out


def test_a_proxy_without_an_object_is_a_value_like_any_other(prepared):
    """As werkzeug's outside of a request: whatever is asked of one raises, its class too."""
    prepared.run(
        "class Proxy:\n    def __getattribute__(self, name):\n        raise RuntimeError\n"
        "def echo(value):\n    return value\n"
    )
    for code in ("echo(Proxy())", "--each [1, Proxy()] echo"):
        ran = prepared.run(f"z = %enqueue {code}\nz")
        assert ran.ok, ran.error
        assert "FAILED" not in ran.text
    assert "FAILED" not in prepared.run("%%enqueue\nProxy()").text
    assert prepared.run("%tasks rerun -1").ok
    frame = prepared.run("z.to_frame()").value
    assert [type(value).__name__ for value in frame["value"]] == ["int", "Proxy"]


def test_a_tuple_that_is_live_is_a_tuple_in_a_frame(prepared):
    prepared.run("def count(pair, *more):\n    return len(pair)")
    prepared.run('z = %enqueue --each "n in [1]" count((n, {2}), 3, 4)')
    frame = prepared["z"].to_frame()
    assert (frame["pair"][0], frame["more"][0]) == ((1, {2}), [3, 4])
