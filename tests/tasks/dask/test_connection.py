"""Options, connections that fail, and the end of a session."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap

import pytest

from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.dask import DaskBackend, options
from immediate_tasks_ipy.tasks.base import Task
from immediate_tasks_ipy.tasks.exceptions import InvalidTaskBackend
from tests.support.services import ROOT, free_port
from tests.tasks.dask.cells import finished, hold, running, until


@pytest.fixture
def configured():
    def configure(**options):
        task_backends.configure(
            {
                "dask": {
                    "BACKEND": "immediate_tasks_ipy.tasks.backends.dask.DaskBackend",
                    "OPTIONS": options,
                }
            }
        )
        return task_backends["dask"]

    yield configure
    task_backends["dask"].close()
    task_backends.configure(None)


def test_the_alias_is_always_there():
    assert isinstance(task_backends["dask"], DaskBackend)


def test_a_missing_distributed_is_answered_with_what_to_install(monkeypatch):
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    with pytest.raises(InvalidTaskBackend, match=r'pip install "immediate_tasks_ipy\[dask\]"'):
        DaskBackend("dask", {})


def test_an_unknown_option_is_refused_with_the_known_ones():
    with pytest.raises(InvalidTaskBackend, match=r"no option 'adress'.*'address' \(of a running"):
        DaskBackend("dask", {"OPTIONS": {"adress": "tcp://127.0.0.1:8786"}})


def test_an_address_and_a_client_contradict_each_other():
    with pytest.raises(InvalidTaskBackend, match="'address' and 'client': give one"):
        DaskBackend("dask", {"OPTIONS": {"address": "tcp://127.0.0.1:8786", "client": object()}})


def test_a_refused_connection_fails_the_tasks_and_says_what_to_do(configured):
    address = f"tcp://127.0.0.1:{free_port()}"
    configured(address=address, timeout=0.5)
    results = [Task(func=hold, backend="dask").enqueue("x") for _ in range(3)]
    finished(*results)
    for result in results:
        assert result.errors[0].exception_class is ConnectionError
        assert f"No Dask scheduler answers at {address!r}" in result.errors[0].traceback
        assert "dask scheduler" in result.errors[0].traceback
        assert not result._abandoned
    with pytest.raises(ConnectionError, match="No Dask scheduler answers"):
        _ = task_backends["dask"].client


def test_an_address_that_is_none_fails_the_task(configured):
    configured(address="nonsense://nowhere", timeout=0.5)
    result = Task(func=hold, backend="dask").enqueue("x")
    finished(result)
    assert "nonsense" in result.errors[0].traceback


def test_closing_abandons_what_runs_and_a_later_task_starts_again(configured, tmp_path):
    backend = configured(cluster={"n_workers": 1})
    task = Task(func=hold, backend="dask")
    held = task.enqueue(str(tmp_path / "gate"))
    waiting = task.enqueue(str(tmp_path / "gate"))
    running(held)
    backend.close()
    assert held.status == waiting.status == "FAILED"
    assert held._abandoned
    assert not waiting._abandoned
    assert "was closed" in held.errors[0].traceback
    (tmp_path / "gate").touch()
    again = task.enqueue(str(tmp_path / "gate"))
    finished(again)
    assert again.return_value == "held"


def test_closing_ends_a_connection_that_no_task_has_used(configured):
    backend = configured(cluster={"n_workers": 1})
    client = backend.client
    backend.close()
    backend.close()
    assert client.status == "closed"


def test_a_backend_that_is_configured_away_stops_its_cluster(configured):
    configured(cluster={"n_workers": 1})
    client = task_backends["dask"].client
    result = Task(func=abs_of, backend="dask").enqueue(-1)
    finished(result)
    assert client.status == "running"

    def ended():
        gc.collect()
        return client.status == "closed"

    task_backends.configure(None)
    until(ended, "the end of the cluster")


def abs_of(number):
    return abs(number)


def python(source, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=ROOT,
        check=False,
        **options,
    )


def test_nothing_of_dask_is_imported_before_the_first_task():
    done = python(
        """
        import sys
        from immediate_tasks_ipy.tasks import task, task_backends
        backend = task_backends["dask"]
        heavy = {"dask", "distributed", "cloudpickle", "tornado"}
        print(heavy & sys.modules.keys())
        """
    )
    assert done.stdout == "set()\n", done.stderr


@pytest.mark.parametrize("ending", ["", "import os; backend.close()"])
def test_a_process_with_an_embedded_cluster_ends_by_itself_and_in_silence(ending):
    done = python(
        f"""
        import time
        from immediate_tasks_ipy.tasks import task, task_backends

        @task(backend="dask")
        def double(x):
            print("not in the output of this process")
            return 2 * x

        if __name__ == "__main__":
            backend = task_backends["dask"]
            result = double.enqueue(4)
            while not result.is_finished:
                time.sleep(0.01)
            print(result.return_value)
            {ending}
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "8\n", "")


def test_an_interrupt_of_the_process_group_leaves_the_embedded_workers_alone(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, signal, sys, time
            from immediate_tasks_ipy.tasks import Task
            from tests.tasks.dask.cells import hold

            if __name__ == "__main__":
                signal.signal(signal.SIGINT, lambda *_: print("interrupted"))
                result = Task(func=hold, backend="dask").enqueue(sys.argv[1])
                while result.status != "RUNNING":
                    time.sleep(0.01)
                os.killpg(0, signal.SIGINT)
                open(sys.argv[1], "w").close()
                while not result.is_finished:
                    time.sleep(0.01)
                print(result.return_value, result.attempts)
            """
        )
    )
    done = subprocess.run(
        [sys.executable, script, tmp_path / "gate"],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\nheld 1\n", "")
