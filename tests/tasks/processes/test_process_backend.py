"""Tasks in processes of this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from immediate_tasks_ipy.tasks import TaskContext, task, task_backends
from immediate_tasks_ipy.tasks.backends.processes import ProcessBackend, pool
from immediate_tasks_ipy.tasks.backends.processes import backend as module
from immediate_tasks_ipy.tasks.backends.remote.durations import Durations
from immediate_tasks_ipy.tasks.backends.retries import RetryPolicy, offered
from immediate_tasks_ipy.tasks.base import Task
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, InvalidTaskBackend
from immediate_tasks_ipy.tasks.notebook_task import NotebookTask
from immediate_tasks_ipy.tasks.progress import progress, track
from immediate_tasks_ipy.tasks.signals import task_output, task_progress
from tests.support.services import ROOT
from tests.tasks.dask.cells import cell, finished, hold, running, until

pytestmark = pytest.mark.usefixtures("backend")


def process_task(function, **options):
    return Task(func=function, backend="processes", **options)


def run(function, *args, **kwargs):
    result = process_task(function).enqueue(*args, **kwargs)
    finished(result)
    return result


def pid():
    return os.getpid()


async def pid_later():
    await asyncio.sleep(0)
    return os.getpid()


def add(left, right):
    return left + right


# -- outcomes ----------------------------------------------------------------


def test_a_task_runs_in_another_process_whose_id_its_result_has():
    for function in (pid, pid_later):
        result = run(function)
        assert result.return_value != os.getpid()
        assert result.worker_ids == [f"process {result.return_value}"]


def test_a_function_of_a_cell_takes_its_variables_along_as_they_are_then():
    namespace = cell("def scaled(x):\n    return x * factor", factor=10)
    assert run(namespace["scaled"], 4).return_value == 40
    namespace["factor"] = 100
    assert run(namespace["scaled"], 4).return_value == 400


def test_a_failure_shows_the_lines_of_the_cell():
    namespace = cell("def look(data):\n    return data['missing']  # here")
    text = run(namespace["look"], {}).errors[0].traceback
    assert text.startswith('Traceback (most recent call last):\n  File "/tmp/ipykernel_1/')
    assert "    return data['missing']  # here\n" in text
    assert text.endswith("KeyError: 'missing'\n")


def test_a_large_variable_is_sent_to_each_worker_once():
    namespace = cell("def pick(i):\n    return table[i]", table=list(range(100_000)))
    task_ = process_task(namespace["pick"])
    results = [task_.enqueue(i) for i in range(20)]
    assert len({id(job.function) for job in _jobs(results)}) <= 1
    finished(*results)
    assert [r.return_value for r in results] == list(range(20))
    namespace["table"].append("new")
    later = task_.enqueue(100_000)
    finished(later)
    assert later.return_value == "new"


def _jobs(results):
    ids = {result.id for result in results}
    workers = task_backends["processes"].engine._assignment.workers
    jobs = [job for worker in workers for job in list(worker.jobs.values())]
    return [job for job in jobs if job.result.id in ids]


def test_a_task_sees_its_context_and_uses_other_tasks():
    namespace = cell(
        "def use(context: TaskContext, x):\n    return [context.attempt, double.call(x)]",
        TaskContext=TaskContext,
        double=cell("@task\ndef double(x):\n    return 2 * x", task=task)["double"],
    )
    result = process_task(namespace["use"], takes_context=True).enqueue(4)
    finished(result)
    assert result.return_value == [1, 8]


def test_a_task_reads_results_and_can_not_enqueue_from_there():
    source = """
        def read():
            return [earlier.status, earlier.return_value]

        def enqueue():
            other.enqueue(1)
    """
    other = cell("@task\ndef other(x):\n    return x", task=task)["other"]
    namespace = cell(source, earlier=run(add, 1, 2), other=other)
    assert run(namespace["read"]).return_value == ["SUCCESSFUL", 3]
    text = run(namespace["enqueue"]).errors[0].traceback
    assert "can't enqueue another one" in text
    assert "other.call(" in text


def test_what_has_changed_around_the_notebook_is_known_to_the_workers(tmp_path, monkeypatch):
    run(pid)
    (tmp_path / "beside.py").write_text("def where():\n    return 'beside'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TASKS_TEST", "set later")
    monkeypatch.chdir(tmp_path)
    import beside

    namespace = cell(
        "def look():\n    import os\n    return [where(), os.environ['TASKS_TEST'], os.getcwd()]",
        where=beside.where,
    )
    assert run(namespace["look"]).return_value == ["beside", "set later", str(tmp_path)]


def test_a_variable_that_can_not_be_pickled_is_refused_by_name():
    namespace = cell("def locked():\n    return lock", lock=threading.Lock())
    with pytest.raises(InvalidTask, match=r"variable 'lock' can't be pickled"):
        process_task(namespace["locked"]).enqueue()


def test_live_values_travel_by_pickle_and_strict_ones_are_refused():
    namespace = cell(
        """
        class Point:
            def __init__(self, x):
                self.x = x

        def move(point, by):
            return {Point(point.x + by), point}
        """
    )
    point = namespace["Point"](1)
    live = NotebookTask(func=namespace["move"], backend="processes").enqueue(point, 2)
    point.x = 100  # later than it was sent
    finished(live)
    assert {type(value) for value in live.return_value} == {namespace["Point"]}
    assert {value.x for value in live.return_value} == {1, 3}
    assert live.args[0] is point
    strict = run(cell("def collect():\n    return {1}")["collect"])
    assert strict.errors[0].traceback.startswith("TypeError: Unsupported type: <class 'set'>\n")
    assert "Its return value can't be stored" in strict.errors[0].traceback


def test_an_argument_or_a_value_that_can_not_be_pickled_is_named(transitions):
    lock = threading.Lock()
    task_ = NotebookTask(func=cell("def use(x):\n    return x")["use"], backend="processes")
    with pytest.raises(InvalidTask, match=r"its argument args\[0\] can't be pickled"):
        task_.enqueue(lock)
    with pytest.raises(InvalidTask, match=r"its argument x can't be pickled"):
        task_.enqueue(x=lock)
    assert transitions == []
    make = cell("def make():\n    import threading\n    return threading.Lock()")["make"]
    result = NotebookTask(func=make, backend="processes").enqueue()
    finished(result)
    assert "_thread.lock can't be pickled" in result.errors[0].traceback


# -- output ------------------------------------------------------------------


def speak(gate):
    print("printed")
    print("whispered", file=sys.stderr)
    os.write(1, b"written\n")
    subprocess.run(["echo", "by a child"], check=True)
    threading.Thread(target=print, args=("in a thread",)).start()
    hold(gate)
    print("at the end", end="")


def test_all_that_a_task_writes_arrives_while_it_runs(tmp_path, recorder):
    result = process_task(speak).enqueue(str(tmp_path / "gate"))
    until(lambda: recorder.entry_of(result).output.count("\n") == 5, "the output")
    assert result.status == "RUNNING"
    (tmp_path / "gate").touch()
    finished(result)
    lines = recorder.entry_of(result).output.splitlines()
    assert lines[:4] == ["printed", "whispered", "written", "by a child"]
    assert lines[4:] == ["in a thread", "at the end"]


def say(number):
    print(number)


def test_output_is_of_its_own_task_and_precedes_its_end():
    written = {}

    def receive(task_result, text, **_):
        assert not task_result.is_finished
        written[task_result.id] = written.get(task_result.id, "") + text

    task_output.connect(receive)
    results = [process_task(say).enqueue(number) for number in range(20)]
    finished(*results)
    assert [written[result.id] for result in results] == [f"{number}\n" for number in range(20)]


def test_progress_arrives_while_a_task_runs(tmp_path, recorder):
    namespace = cell(
        """
        def work(context: TaskContext, gate):
            for _ in track(range(3), text="items"):
                pass
            context.progress(4, 10, "more")
            progress(5, 10, "half")
            hold(gate)
        """,
        TaskContext=TaskContext, track=track, progress=progress, hold=hold,
    )  # fmt: skip
    reports = []

    def receive(done, total, text, **_):
        reports.append((done, total, text))

    task_progress.connect(receive)
    task_ = process_task(namespace["work"], takes_context=True)
    result = task_.enqueue(str(tmp_path / "gate"))
    until(lambda: reports, "the first report")
    assert reports[0] == (0, 3, "items")
    (tmp_path / "gate").touch()
    finished(result)
    assert result.status == "SUCCESSFUL", result.errors
    assert reports[-1] == (5, 10, "half")


# -- ends ----------------------------------------------------------------------


def test_cancelling_ends_the_process_and_what_it_started_and_no_neighbour(tmp_path, backend):
    result = process_task(start_child).enqueue(str(tmp_path / "child"))
    neighbour = process_task(hold).enqueue(str(tmp_path / "gate"))
    running(neighbour)
    until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    child = int((tmp_path / "child").read_text())
    worker = int(result.worker_ids[0].split()[1])
    backend.cancel(result, error=TimeoutError("after 1 s"))
    assert result.errors[0].exception_class is TimeoutError
    assert not result._abandoned
    until(lambda: not is_alive(worker) and not is_alive(child), "their end")
    assert run(add, 1, 2).return_value == 3
    (tmp_path / "gate").touch()
    finished(neighbour)
    assert neighbour.return_value == "held"


def start_child(path):
    child = subprocess.Popen(["sleep", "600"])
    Path(path).write_text(str(child.pid))
    while True:
        pass


def is_alive(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_waiting_task_that_is_cancelled_never_runs(tmp_path, backend):
    held = [process_task(hold).enqueue(str(tmp_path / name)) for name in ("one", "two")]
    waiting = process_task(hold).enqueue(str(tmp_path / "never"))
    for result in held:
        running(result)
    backend.cancel(waiting)
    (tmp_path / "one").touch()
    (tmp_path / "two").touch()
    finished(*held)
    run(add, 1, 2)
    assert not (tmp_path / "never.begun").exists()


def exit_with(code):
    os._exit(code)


def crash():
    import faulthandler

    faulthandler._sigsegv()


def be_killed():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        (exit_with, [7], "ended itself with exit code 7"),
        (crash, [], "crashed (SIGSEGV)"),
        (be_killed, [], "was killed (SIGKILL), as the system does when memory runs out"),
    ],
)
def test_a_process_that_dies_fails_its_task_and_no_other(function, args, message, recorder):
    others = [process_task(add).enqueue(number, 1) for number in range(10)]
    result = process_task(function).enqueue(*args)
    others += [process_task(add).enqueue(number, 1) for number in range(10, 20)]
    finished(result, *others)
    assert message in result.errors[0].traceback
    assert not result._abandoned
    assert [other.return_value for other in others] == list(range(1, 21))
    if function is crash:
        assert "Segmentation fault" in recorder.entry_of(result).output


def die_at_first(context, ways):
    if context.attempt <= len(ways):
        exit_with(7) if ways[context.attempt - 1] == "exit" else be_killed()
    return context.attempt


@pytest.mark.parametrize(("retries", "status"), [(2, "SUCCESSFUL"), (1, "FAILED")])
def test_an_attempt_that_ends_its_process_counts_and_keeps_its_error(retries, status, recorder):
    other = process_task(add).enqueue(1, 1)
    with offered(RetryPolicy(retries, backoff=0)):
        result = process_task(die_at_first, takes_context=True).enqueue(["exit", "kill"])
    finished(result, other)

    assert (result.status, result.attempts) == (status, retries + 1)
    assert len(set(result.worker_ids)) == retries + 1
    for error, message in zip(
        result.errors, ["ended itself with exit code 7", "was killed (SIGKILL)"], strict=True
    ):
        assert message in error.traceback
    assert status == "FAILED" or result.return_value == 3
    assert other.return_value == 2
    assert recorder.entry_of(result).result is result


def test_priorities_order_what_waits(tmp_path, monkeypatch):
    # Those known to be short are with their worker already, up to a moment's work.
    monkeypatch.setattr(Durations, "per_shipment", lambda _durations, _job: 1)
    held = [process_task(hold).enqueue(str(tmp_path / "gate")) for _ in range(2)]
    for result in held:
        running(result)
    low = [process_task(add, priority=-10).enqueue(i, 0) for i in range(4)]
    high = [process_task(add, priority=10).enqueue(i, 0) for i in range(4)]
    (tmp_path / "gate").touch()
    finished(*low, *high)
    started = sorted([*low, *high], key=lambda result: result.started_at)
    by_worker: dict[str, list[int]] = {}
    for result in started:
        by_worker.setdefault(result.worker_ids[0], []).append(result.task.priority)
    # Which of two workers begins first is the machine's affair.
    assert started[0] in high
    assert all(order == sorted(order, reverse=True) for order in by_worker.values())


def test_a_worker_that_can_not_start_fails_what_waits(monkeypatch):
    backend = ProcessBackend("processes", {})
    task_backends["processes"] = backend
    monkeypatch.setattr(pool.WorkerProcess, "__init__", _refuse)
    result = run(add, 1, 2)
    assert "no more processes" in result.errors[0].traceback
    backend.close()


def _refuse(self):
    raise OSError("no more processes")


# -- the backend ---------------------------------------------------------------


def test_the_alias_is_always_there():
    task_backends.configure(None)
    assert isinstance(task_backends["processes"], ProcessBackend)


@pytest.mark.parametrize("library", ["loky", "cloudpickle"])
def test_a_missing_library_is_answered_with_what_to_install(monkeypatch, library):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == library else True)
    with pytest.raises(InvalidTaskBackend, match=r'pip install "immediate_tasks_ipy\[processes\]"'):
        ProcessBackend("processes", {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"worker": 2}, "no option 'worker'. OPTIONS may hold 'workers'"),
        ({"workers": 0}, "is 0: give a whole number"),
        ({"workers": "two"}, "is 'two': give a whole number"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InvalidTaskBackend, match=message):
        ProcessBackend("processes", {"OPTIONS": options})


def test_closing_ends_the_processes_and_a_later_task_starts_others(tmp_path):
    backend = ProcessBackend("processes", {"OPTIONS": {"workers": 1}})
    task_backends["processes"] = backend
    held = process_task(hold).enqueue(str(tmp_path / "gate"))
    waiting = process_task(hold).enqueue(str(tmp_path / "gate"))
    running(held)
    worker = int(held.worker_ids[0].split()[1])
    backend.close()
    backend.close()
    assert "was closed" in held.errors[0].traceback
    assert waiting.status == "FAILED"
    assert not is_alive(worker)
    again = run(pid)
    assert again.return_value != worker
    backend.close()


ORPHANED = """
    import os, sys, time
    from immediate_tasks_ipy.tasks import task

    @task(backend="processes")
    def busy():
        while True:
            pass

    result = busy.enqueue()
    while result.status != "RUNNING":
        time.sleep(0.01)
    print(result.worker_ids[0].split()[1], flush=True)
    {ending}
"""


@pytest.mark.parametrize("ending", ["", "os.kill(os.getpid(), 9)"], ids=["exit", "kill"])
def test_however_the_notebooks_process_ends_nothing_is_left_and_nothing_said(ending):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ORPHANED).format(ending=ending)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == (-9 if ending else 0)
    until(lambda: not is_alive(int(done.stdout)), "the end of the worker")


def test_an_interrupt_of_the_process_group_leaves_the_workers_alone(tmp_path, backend):
    result = process_task(hold).enqueue(str(tmp_path / "gate"))
    running(result)
    worker = int(result.worker_ids[0].split()[1])
    assert os.getpgid(worker) == worker
    os.kill(worker, signal.SIGINT)
    (tmp_path / "gate").touch()
    finished(result)
    assert result.return_value == "held"
