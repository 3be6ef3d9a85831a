"""`--each` from the magic: what the items are, how they are bound, and what comes of them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from immediate_tasks_ipy.task_history import current_recorder
from tests.support.shells import wait_until


@pytest.fixture
def prepared(notebook):
    notebook.run(
        "import asyncio, threading, time\n"
        "def double(n):\n    print('item', n)\n    return 2 * n\n"
        "async def adouble(n):\n    await asyncio.sleep(0)\n    return double(n)\n"
        "def pick(*args, **kwargs):\n    return [list(args), kwargs]"
    )
    return notebook


@pytest.mark.parametrize("name", ["double", "adouble"])
@pytest.mark.parametrize("items", ["range(5)", "'[0, 1, 2, 3, 4]'", "'(n for n in range(5))'"])
def test_a_bare_name_gets_each_item_as_its_one_argument(prepared, name, items):
    ran = prepared.run(f"%enqueue --each {items} {name}")

    assert ran.value.return_values == [0, 2, 4, 6, 8]
    assert [result.args for result in ran.value] == [[n] for n in range(5)]


@pytest.mark.parametrize(
    ("each", "call", "expected"),
    [
        ("n in range(2)", "pick(n, timeout=3)", [[[0], {"timeout": 3}], [[1], {"timeout": 3}]]),
        ("row in [{'a': 1}]", "pick(**row)", [[[], {"a": 1}]]),
        ("pair in [(1, 2)]", "pick(*pair)", [[[1, 2], {}]]),
        ("a, b in [(1, 2)]", "pick(b, a)", [[[2, 1], {}]]),
        ("a, *rest in [(1, 2, 3)]", "pick(rest)", [[[[2, 3]], {}]]),
        ("n in range(2)", "pick(n + offset)", [[[10], {}], [[11], {}]]),
    ],
)
def test_a_bound_name_is_used_in_the_call(prepared, each, call, expected):
    prepared["offset"] = 10
    for code in (f'%enqueue --each "{each}" {call}', f'%%enqueue --each "{each}"\n{call}'):
        assert prepared.run(code).value.return_values == expected


def test_a_bound_name_does_not_leak_into_the_notebook(prepared):
    prepared.run('%enqueue --each "url in range(2)" double(url)')
    assert "url" not in prepared


def test_the_body_may_define_the_function(prepared):
    ran = prepared.run("%%enqueue --each range(3)\nx = 3\ndef triple(n):\n    return x * n")
    assert ran.value.return_values == [0, 3, 6]

    ran = prepared.run('%%enqueue --each "n in range(2)" six(n)\ndef six(n):\n    return 6 * n')
    assert ran.value.return_values == [0, 6]


def test_an_async_generator_is_read(prepared):
    prepared.run("async def numbers():\n    for n in range(3):\n        await asyncio.sleep(0)\n"
                 "        yield n")  # fmt: skip
    for name in ("adouble", "double"):
        assert prepared.run(f"%enqueue --each numbers() {name}").value.return_values == [0, 2, 4]


def test_results_keep_the_order_of_the_items(prepared):
    prepared.run(
        "async def slow_first(n):\n    await asyncio.sleep(0 if n else 0.02)\n    return n"
    )
    assert prepared.run("%enqueue --each range(4) slow_first").value.return_values == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("option", "most"), [("", 32), ("--concurrency 3", 3), ("--concurrency 1", 1)]
)
def test_concurrency_bounds_async_tasks(prepared, option, most):
    prepared.run(
        "running, peak = 0, 0\nasync def count(n):\n    global running, peak\n    running += 1\n"
        "    peak = max(peak, running)\n    for _ in range(5):\n        await asyncio.sleep(0)\n"
        "    running -= 1"
    )
    prepared.run(f"%enqueue {option} --each range(50) count")
    assert prepared["peak"] == most


def test_sync_functions_run_in_place_one_after_the_other(prepared):
    prepared.run("def where(n):\n    return threading.current_thread() is threading.main_thread()")
    assert prepared.run("%enqueue --each range(3) where").value.return_values == [True] * 3


def test_sync_functions_with_concurrency_run_in_that_many_threads(prepared):
    prepared.run("barrier = threading.Barrier(3)\ndef meet(n):\n    barrier.wait(30)\n    return n")
    ran = prepared.run("%enqueue --concurrency 3 --each range(6) meet")
    assert ran.value.return_values == list(range(6))


def test_there_is_one_card_and_the_output_is_moved_to_the_tasks(prepared):
    ran = prepared.run("%enqueue --each range(3) adouble")

    assert len(ran.outputs) == 1
    assert ran.out == ""
    assert [entry.output for entry in current_recorder()] == ["item 0\n", "item 1\n", "item 2\n"]


def test_failures_stand_first_and_do_not_stop_the_rest(prepared):
    prepared.run("def invert(n):\n    return 6 // n")

    ran = prepared.run("%enqueue --each [1, 0, 2] invert")

    assert [str(result.status) for result in ran.value] == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    assert "\N{MULTIPLICATION SIGN} ZeroDivisionError" in ran.text
    assert len(ran.value.failed) == 1
    assert ran.value.successful.return_values == [6, 3]


def test_failed_ones_are_run_again(prepared):
    prepared.run("def invert(n):\n    return 6 // n")
    prepared.run("r = %enqueue --each [1, 0, 2] invert")
    prepared.run("def invert(n):\n    return 6 // n if n else 0")

    assert prepared.run("r.rerun_failed().return_values").value == [6, 0, 3]


def test_timeout_fails_what_takes_longer(prepared):
    prepared.run("async def sleep(n):\n    await asyncio.sleep(60 * n)\n    return n")

    ran = prepared.run("%enqueue --timeout 0.05 --each [0, 1, 0] sleep")

    assert [str(r.status) for r in ran.value] == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    assert ran.value[1].errors[0].exception_class_path == "builtins.TimeoutError"


def test_an_iterable_that_raises_is_reported_with_the_items_index(prepared):
    prepared.run("def broken():\n    yield 1\n    yield 2\n    raise KeyError('page 3')")

    ran = prepared.run("r = %enqueue --each broken() double")

    assert "item 2" in f"{ran.error}{ran.text}"
    assert "page 3" in f"{ran.error}{ran.text}"
    assert [entry.result.return_value for entry in current_recorder()] == [2, 4]


def test_an_argument_that_is_no_json_is_reported_with_the_items_index(prepared):
    ran = prepared.run("r = %enqueue --json --each '[1, object(), 2]' double")
    assert "item 1: argument 1 of double is an object" in f"{ran.error}{ran.text}"


def test_raise_raises_the_first_failure(prepared):
    prepared.run("def invert(n):\n    return 6 // n")
    assert type(prepared.run("%enqueue --raise --each [1, 0] invert").error) is ZeroDivisionError


def test_out_and_semicolon_work_for_batches(prepared):
    ran = prepared.run("%enqueue -o r --each range(2) double;")

    assert ran.value is None
    assert prepared["r"].return_values == [0, 2]
    assert len(ran.outputs) == 1


def test_an_empty_iterable_is_an_empty_batch(prepared):
    for name in ("double", "adouble"):
        ran = prepared.run(f"%enqueue --each [] {name}")
        assert ran.ok, ran.error
        assert list(ran.value) == []


def test_options_of_the_line_go_to_every_task(prepared):
    ran = prepared.run("%enqueue -p 5 --each range(2) double")
    assert [result.task.priority for result in ran.value] == [5, 5]


def test_a_batch_in_the_background_fills_its_results(terminal):
    terminal["gate"] = gate = threading.Event()
    terminal.run("import asyncio\nasync def held(n):\n    while not gate.is_set():\n"
                 "        await asyncio.sleep(0.005)\n    return n")  # fmt: skip

    ran = terminal.run("r = %enqueue --background --each range(3) held")

    assert ran.ok, ran.error
    assert not any(result.is_finished for result in terminal["r"])
    gate.set()
    wait_until(lambda: len(terminal["r"]) == 3 and all(x.is_finished for x in terminal["r"]))
    assert terminal["r"].return_values == [0, 1, 2]


async def test_a_batch_is_awaited_on_the_running_loop(prepared):
    prepared["loops"] = loops = []
    await prepared.arun("async def note(n):\n    loops.append(asyncio.get_running_loop())")
    await prepared.arun("%enqueue --each range(2) note")
    assert loops == [asyncio.get_running_loop()] * 2


def test_a_slow_batch_is_seen_running_in_one_card(notebook):
    notebook["seen"] = lambda: any("RUNNING" in str(data) for data in notebook.outputs)
    notebook.run("import asyncio\nasync def until_seen(n):\n    while not seen():\n"
                 "        await asyncio.sleep(0.005)")  # fmt: skip

    ran = notebook.run("%enqueue --each range(3) until_seen")

    assert {kind for kind, _ in ran.messages[1:]} == {"update_display_data"}
    assert len(ran.outputs) == 1
    assert "RUNNING</b>" not in ran.html


def test_thousands_of_tasks_are_few_messages(prepared):
    ran = prepared.run("%enqueue --each range(2000) double")

    assert len(ran.value) == 2000
    assert len(ran.outputs) == 1
    # At most ten a second, however long the machine took.
    assert len(ran.messages) <= 2 + 10 * _seconds(ran)


def _seconds(ran):
    first, last = ran.value[0].enqueued_at, ran.value[-1].finished_at
    return (last - first).total_seconds() + 1


DUMMY = (
    "%config ImmediateTasks.backends = {'dummy': {'BACKEND': "
    "'immediate_tasks_ipy.tasks.backends.dummy.DummyBackend'}}"
)


def test_waiting_for_a_backend_that_never_tells_is_refused_as_for_one_task(notebook):
    notebook.run(f"{DUMMY}\ndef double(x):\n    return 2 * x")

    for line in ("--each [1, 2] double", "--each 'x in [1, 2]' double(x)"):
        sentence = notebook.usage_error(f"%enqueue -b dummy --wait {line}")
        assert sentence == "DummyBackend never reports that a task has finished: leave out --wait"
    assert len(current_recorder()) == 0


def test_a_timeout_that_the_backend_cannot_keep_is_refused_as_for_one_task(notebook):
    notebook.run(f"{DUMMY}\ndef double(x):\n    return 2 * x")

    sentence = notebook.usage_error("%enqueue -b dummy --timeout 1 --each [1, 2] double")
    assert sentence == "DummyBackend can't stop a task once it is enqueued: leave out --timeout"
    assert len(current_recorder()) == 0
