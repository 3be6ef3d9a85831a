"""A batch is never lost: bound when it starts, kept however it ends, taken up again."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from IPython.core.error import UsageError

from immediate_tasks_ipy.task_history import current_recorder
from immediate_tasks_ipy.tasks import task_backends
from tests.support.shells import wait_until
from tests.tasks.remote.engines import SUCCESS, HeldBackend, HeldEngine


@pytest.fixture
def prepared(notebook):
    notebook.run(
        "import asyncio, itertools, threading\n"
        "from immediate_tasks_ipy.tasks import task\n"
        "broken, calls = True, []\n"
        "def stop_at_three(n):\n"
        "    calls.append(n)\n"
        "    if broken and n == 3:\n        raise KeyboardInterrupt\n"
        "    return n\n"
        "def invert(n):\n    return 6 // n\n"
        "@task\ndef strict(n):\n    return n"
    )
    return notebook


def test_the_results_are_bound_when_the_batch_starts(prepared):
    prepared.run("seen = []\ndef look(n):\n    seen.append((len(z), len(y)))\n    return n")
    prepared.run("z = %enqueue -o y --each range(3) look")
    assert prepared["seen"] == [(1, 1), (2, 2), (3, 3)]
    assert prepared["z"] is prepared["y"]


@pytest.mark.parametrize(
    "line", ["z = %enqueue --each range(9) {}", "%enqueue -o z --each range(9) {}"]
)
def test_an_interrupted_batch_leaves_what_there_is_and_says_so(prepared, line):
    ran = prepared.run(line.format("stop_at_three"))

    assert isinstance(ran.error, KeyboardInterrupt)
    assert [str(result.status) for result in prepared["z"]] == ["SUCCESSFUL"] * 3 + ["FAILED"]
    assert "INTERRUPTED after" in ran.text
    assert "Interrupted after 3 of 9: 3 results are in z; %tasks resume -1 goes on" in ran.text
    assert "1 cancelled" in ran.text
    prepared["broken"] = False
    assert prepared.run("z.resume().return_values").value == list(range(9))
    assert prepared["calls"] == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8]


def test_what_resumes_shows_the_card_of_the_same_batch(prepared):
    prepared.run("z = %enqueue --each range(9) stop_at_three")
    prepared["broken"] = False
    ran = prepared.run("z.resume();")
    assert "9 SUCCESSFUL in" in ran.text
    assert "interrupted once" in ran.text


def test_without_a_variable_the_card_names_what_has_the_results(prepared):
    ran = prepared.run("%enqueue --each range(9) stop_at_three")
    batch_id = next(iter(current_recorder())).batch.id[:8]
    assert f"3 results are in %tasks value {batch_id}" in ran.text


def test_an_assignment_in_a_function_binds_no_variable_of_the_notebook(prepared):
    prepared.run("def f():\n    inner = get_ipython().run_line_magic('enqueue', "
                 "'--each range(2) invert')\nf()")  # fmt: skip
    assert "inner" not in prepared


def test_a_semicolon_does_not_lose_what_is_assigned(prepared):
    prepared.run("z = %enqueue --each [1, 2] invert;")
    assert prepared["z"].return_values == [6, 3]


def test_an_item_that_is_no_json_is_one_line(prepared):
    sentence = prepared.usage_error("z = %enqueue --each '[1, object(), 2]' strict")
    assert "item 1" in sentence
    assert "object" in sentence
    assert [result.return_value for result in prepared["z"]] == [1]


class DyingEngine(HeldEngine):
    """Runs what it is sent, five jobs; the next it loses with its connection."""

    def __init__(self, backend):
        super().__init__()
        self.backend, self.is_alive = backend, True

    def send(self, job):
        if not self.is_alive:
            raise ConnectionError("The scheduler is gone.")
        self.jobs.append(job)
        if len(self.jobs) != 6:
            self.backend.started(job, "w1", 0.0)
            self.backend.finished(job, SUCCESS)
        else:
            self.is_alive = False
            self.backend.abandon(job, ConnectionError("The connection was lost."))


class DyingBackend(HeldBackend):
    def create_engine(self):
        return DyingEngine(self)


@pytest.mark.parametrize("option", ["", "--background"])
def test_a_batch_whose_engine_dies_is_kept_finished_and_goes_on(terminal, option):
    backend = task_backends["dying"] = DyingBackend("dying", {})
    terminal.run("def double(n): return n * 2")
    line = f"z = %enqueue {option} --backend dying --each range(12) double"
    ran = terminal.run(line)
    wait_until(lambda: terminal["z"].is_finished)
    shown = terminal.run("%tasks show " + terminal["z"].batch.stats.id).out

    if not option:
        assert type(ran.error) is UsageError
        assert "item 6: ConnectionError: The scheduler is gone." in str(ran.error)
    assert [str(result.status) for result in terminal["z"]] == ["SUCCESSFUL"] * 5 + ["FAILED"] * 2
    assert "5 results are in z; %tasks resume -1 goes on" in shown
    assert "%tasks rerun --failed runs the 2 again" in shown

    backend.engine.is_alive = True
    assert terminal.run("%tasks resume -1").ok
    assert [result.is_finished for result in terminal["z"]] == [True] * 12
    assert "goes on" not in terminal.run("%tasks show " + terminal["z"].batch.stats.id).out
    terminal.run("z.rerun_failed()")
    assert terminal["z"].return_values == ["done"] * 12


def test_an_item_that_was_refused_is_counted_when_the_others_have_run(prepared):
    prepared.run("z = %enqueue --json --each [1, {2}, 3] strict")
    ran = prepared.run("%tasks resume -1")
    assert prepared["z"].return_values == [1, 3]
    assert "strict(…) \u00d7 3" in ran.text
    assert "1 not run" in ran.text


def test_failures_are_shown_by_kind_with_the_first_traceback(prepared):
    ran = prepared.run("z = %enqueue --each [1, 0, 2, 0] invert")
    assert "2 \N{MULTIPLICATION SIGN} ZeroDivisionError" in ran.text
    assert "return 6 // n" in ran.html
    assert "%tasks rerun --failed runs the 2 again" in ran.text


def test_failures_run_again_with_a_card(prepared):
    prepared.run("z = %enqueue --each [1, 0, 2] invert")
    prepared.run("def invert(n):\n    return 6 // n if n else 0")
    ran = prepared.run("z.rerun_failed().return_values")
    assert ran.value == [6, 0, 3]
    assert "3 SUCCESSFUL in" in ran.text
    assert current_recorder().results[1].status == "FAILED"
    assert [entry.outcome for entry in current_recorder()][1] == "superseded"
    assert prepared["z"].return_values == [6, 0, 3]


def test_results_are_kept_in_a_file_and_taken_from_there(prepared, tmp_path):
    path = tmp_path / "pages.sqlite"
    first = prepared.run(f"z = %enqueue --resume {path} --each range(9) stop_at_three")
    assert isinstance(first.error, KeyboardInterrupt)
    prepared["broken"] = False
    prepared["calls"].clear()
    second = prepared.run(f"y = %enqueue --resume {path} --each range(9) stop_at_three")
    assert prepared["y"].return_values == list(range(9))
    assert prepared["calls"] == [3, 4, 5, 6, 7, 8]
    assert "3 taken from pages.sqlite" in second.text
    with closing(sqlite3.connect(path)) as database:
        [[count]] = database.execute("SELECT count(*) FROM immediate_tasks_results").fetchall()
    assert count == 9


def test_a_bad_file_is_one_line_and_nothing_runs(prepared, tmp_path):
    (tmp_path / "notes.txt").write_text("no database " * 100)
    sentence = prepared.usage_error(
        f"%enqueue --resume {tmp_path / 'notes.txt'} --each range(9) invert"
    )
    assert "can't keep results" in sentence
    assert prepared.usage_error("%enqueue --resume x.sqlite invert(1)").startswith(
        "--resume goes with --each"
    )
    assert len(current_recorder()) == 0


def test_an_endless_batch_in_the_background_is_cancelled_whole(terminal):
    terminal.run("import asyncio, itertools\nasync def tick(n):\n    await asyncio.sleep(0)")
    terminal.run("z = %enqueue --background --each itertools.count() tick")
    wait_until(lambda: len(terminal["z"]) > 40)
    terminal.run("z.cancel()")
    wait_until(lambda: terminal["z"].is_finished)
    count = len(terminal["z"])
    assert terminal["z"].batch.stats.was_cancelled
    assert len(terminal["z"]) == count


def test_unloading_ends_batches_in_the_background(terminal):
    terminal.run("import asyncio, itertools\nasync def tick(n):\n    await asyncio.sleep(0)")
    terminal.run("z = %enqueue --background --each itertools.count() tick")
    wait_until(lambda: len(terminal["z"]) > 4)
    terminal.run("%unload_ext immediate_tasks_ipy")
    wait_until(lambda: terminal["z"].is_finished)


@pytest.mark.parametrize("prefix", ["", "async "])
def test_a_task_is_tried_again_in_the_same_result(prepared, prefix):
    prepared.run(
        f"tries = []\n{prefix}def flaky(n):\n    tries.append(n)\n    if len(tries) < 3:\n"
        "        raise ConnectionError('no answer')\n    return n"
    )
    ran = prepared.run("%enqueue --retries 3 --backoff 0 flaky(7)")
    assert (ran.value.return_value, ran.value.attempts, len(ran.value.errors)) == (7, 3, 2)
    assert "SUCCESSFUL at attempt 3 in" in ran.text
    assert "1 ✕ ConnectionError: no answer" in ran.text
    assert len(current_recorder()) == 1


def test_items_of_a_batch_are_tried_again_too(prepared):
    prepared.run(
        "tries = []\ndef flaky(n):\n    tries.append(n)\n    if tries.count(n) < 2:\n"
        "        raise ConnectionError\n    return n"
    )
    for options in ("", "--concurrency 3"):
        prepared["tries"].clear()
        ran = prepared.run(f"%enqueue --retries 1 --backoff 0 {options} --each range(4) flaky")
        assert [result.attempts for result in ran.value] == [2] * 4
        assert ran.value.return_values == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--retries -1 invert(1)", "--retries -1: give a whole number, 0 for none"),
        ("--backoff 2 invert(1)", "--backoff goes with --retries: say how often to try again"),
        ("--retries 1 --backoff -1 invert(1)", "--backoff -1: give a number of seconds, 0 for no"),
    ],
)
def test_what_means_nothing_is_refused(prepared, line, sentence):
    assert prepared.usage_error(f"%enqueue {line}").startswith(sentence)
    assert len(current_recorder()) == 0


def test_a_backend_that_can_not_try_again_says_so(prepared):
    prepared.run(
        "%config ImmediateTasks.backends = {'dummy': {'BACKEND': "
        "'immediate_tasks_ipy.tasks.backends.dummy.DummyBackend'}}"
    )
    for line in ("invert(1)", "--each [1] invert"):
        sentence = prepared.usage_error(f"%enqueue -b dummy --retries 2 {line}")
        assert "can't try one again in the same result: leave out --retries" in sentence


def test_a_card_shows_progress_and_child_tasks(prepared):
    prepared.run(
        "from immediate_tasks_ipy.tasks.progress import progress\n"
        "inner = task(invert)\n"
        "def outer():\n    progress(4, 10, 'epoch 4')\n    inner.enqueue(1)\n"
        "    inner.enqueue(0)\n    raise LookupError('gone')"
    )
    ran = prepared.run("%enqueue outer()")
    assert "Progress   4 of 10, epoch 4" in ran.text
    assert "2 child tasks: 1 failed, 1 successful" in ran.text
    assert "✕ invert(0)" in ran.text


def test_the_latest_batch_that_was_ended_early_goes_on_by_a_magic(prepared):
    prepared.run("%enqueue --each range(9) stop_at_three")
    batch_id = next(iter(current_recorder())).batch.id[:8]
    kept = prepared.run(f"%tasks value {batch_id}").value
    assert kept.successful.return_values == [0, 1, 2]
    assert "INTERRUPTED" in prepared.run(f"%tasks show {batch_id}").out
    prepared["broken"] = False

    ran = prepared.run("y = %tasks resume -1")

    assert prepared["y"].return_values == list(range(9))
    assert "interrupted once" in ran.text
    assert prepared.usage_error("%tasks resume").startswith("There is nothing to resume")
    assert "nothing left to run" in prepared.usage_error(f"%tasks resume {batch_id}")
    assert prepared.usage_error("%tasks resume zzz").startswith("No batch's id begins with 'zzz'")


def test_waiting_waits_for_all_of_a_batch_in_the_background(terminal):
    terminal.run("import asyncio\nasync def tick(n):\n    await asyncio.sleep(0)\n    return n")
    terminal.run("z = %enqueue --background --concurrency 2 --each range(60) tick")
    terminal.run("%tasks wait")
    assert terminal["z"].return_values == list(range(60))


def endless(terminal):
    """Start a batch without an end in the background; returns the beginning of its id."""
    terminal.run("import asyncio, itertools\nasync def tick(n):\n    await asyncio.sleep(600)")
    terminal.run("z = %enqueue --background --concurrency 5 --each itertools.count() tick")
    wait_until(lambda: len(terminal["z"]) == 5)
    return terminal["z"].batch.stats.id[:8]


def test_cancelling_an_item_leaves_the_rest_of_its_batch(terminal):
    batch_id = endless(terminal)
    item = terminal["z"][-1]
    ran = terminal.run("%tasks cancel -1")
    how = f"Its batch goes on; %tasks cancel {batch_id} ends all of it."
    assert ran.out.strip() == f"tick cancelled. {how}"
    wait_until(lambda: len(terminal["z"]) == 6)  # the next item has its place
    assert [result.is_finished for result in terminal["z"]] == [False] * 4 + [True, False]
    assert terminal.usage_error(f"%tasks cancel {item.id}").endswith(how)

    assert "tick(…) cancelled: 5 tasks were in flight" in terminal.run("%tasks cancel").out
    wait_until(lambda: terminal["z"].is_finished)


def test_a_batch_is_cancelled_by_its_id(terminal):
    batch_id = endless(terminal)
    ran = terminal.run(f"%tasks cancel {batch_id}")
    assert "tick(…) cancelled: 5 tasks were in flight, 5 were enqueued" in ran.out
    wait_until(lambda: terminal["z"].is_finished)


def test_failures_that_wait_to_run_again_are_not_run_by_another(prepared):
    prepared.run("%enqueue --each [0, 0, 0] invert")
    prepared.run(
        "runs = []\n"
        "def invert(n):\n"
        "    runs.append(n)\n"
        "    if len(runs) == 1:\n        get_ipython().run_line_magic('tasks', 'rerun --failed')\n"
    )
    assert "3 SUCCESSFUL" in prepared.run("%tasks rerun --failed").text
    assert prepared["runs"] == [0, 0, 0]


def test_the_card_counts_the_items_that_there_were(prepared):
    prepared.run(
        "items = [0]\ndef grow(n):\n    items.extend([n] * (len(items) < 4))\n    return n"
    )
    assert "grow(…) \u00d7 4  4 SUCCESSFUL" in prepared.run("%enqueue --each items grow").text
    prepared.run(
        "class Guess:\n    def __len__(self):\n        return 9\n"
        "    def __iter__(self):\n        return iter([1, 2])"
    )
    ran = prepared.run("%enqueue --each Guess() grow")
    assert "grow(…) \u00d7 2  2 SUCCESSFUL" in ran.text
    assert "not run" not in ran.text
