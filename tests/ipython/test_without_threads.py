"""Where no thread can be started (Pyodide), or no more: the running loop takes their place."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import SimpleNamespace

import pytest

from immediate_tasks_ipy.tasks import sync, task
from immediate_tasks_ipy.tasks.backends import event_loop
from immediate_tasks_ipy.tasks.backends.event_loop import EventLoopThread
from tests.support.shells import NotebookShell, session

DEFINE = (
    "import asyncio\n"
    "async def fetch(n):\n    await asyncio.sleep(0.15)\n    return 10 // n\n"
    "def twice(n):\n    return 2 * n\n"
)


@pytest.fixture(params=["a platform without threads", "too many threads"])
def threadless(request, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    if request.param == "a platform without threads":
        monkeypatch.setattr(sync, "HAS_THREADS", False)
    # Loops that earlier tests have started are there, and would be used.
    for name in ("service_loop", "background_loop"):
        getattr(event_loop, name)
        monkeypatch.setattr(getattr(event_loop, name), "_loop", None)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    return request.param


def run(*cells):
    """Run cells on one loop, as a kernel does; returns what each came to, and all outputs."""

    async def main():
        with session(NotebookShell) as notebook:
            ran = [await notebook.arun(cell) for cell in (DEFINE, *cells)]
            for _ in range(400):  # callbacks that are due
                await asyncio.sleep(0)
            return ran[1:], notebook.outputs

    return asyncio.run(main())


def test_cards_of_sync_and_async_tasks(threadless):
    ran, _ = run("%enqueue twice(3)", "%enqueue fetch(2)", "%enqueue fetch(0)", "%%enqueue\n1 + 1")

    assert [one.ok for one in ran] == [True] * 4, [one.error for one in ran]
    assert ["SUCCESSFUL" in one.text for one in ran] == [True, True, False, True]
    assert "ZeroDivisionError" in ran[2].text
    # It ran long enough to be shown before its end.
    kinds = [kind for kind, _ in ran[1].messages]
    assert kinds[0] == "display_data"
    assert "update_display_data" in kinds


def test_batches_run_in_turns_on_the_loop(threadless):
    ran, _ = run(
        "%enqueue --each range(3) fetch",
        "%enqueue --each range(3) twice",
        "_.return_values",
    )

    assert "2 successful" in ran[0].text
    assert ran[2].value == [0, 2, 4]


def test_a_background_task_is_waited_for_and_run_again(threadless):
    ran, outputs = run(
        "r = %enqueue --background fetch(5)",
        "%tasks wait",
        "from immediate_tasks_ipy import rerun, wait\ns = rerun(r)\nawait wait(s)",
        "r.return_value, s.return_value",
        "%enqueue --timeout 0.01 fetch(1)",
    )

    assert [one.ok for one in ran] == [True] * 5, [one.error for one in ran]
    assert ran[3].value == (2, 2)
    assert "SUCCESSFUL" in outputs[0]["text/plain"]
    assert "TimeoutError" in ran[4].text


def test_sync_tasks_in_threads_run_on_the_loop_of_a_platform_without(monkeypatch):
    monkeypatch.setattr(sync, "HAS_THREADS", False)

    ran, outputs = run(
        "r = %enqueue --background twice(5)",
        "%tasks wait",
        "%enqueue --each range(3) --concurrency 2 twice",
        "r.return_value, _.return_values",
    )

    assert [one.ok for one in ran] == [True] * 4, [one.error for one in ran]
    assert ran[3].value == (10, [0, 2, 4])
    assert "SUCCESSFUL" in outputs[0]["text/plain"]


def test_an_export_needs_no_hard_links(threadless, tmp_path, monkeypatch):
    monkeypatch.delattr("os.link")

    ran, _ = run("%enqueue twice(3)", f"%tasks export {tmp_path / 'tasks.csv'}")

    assert ran[1].ok, ran[1].error
    assert "twice" in (tmp_path / "tasks.csv").read_text()


def test_no_half_made_loop_is_left_behind(monkeypatch):
    thread = EventLoopThread("refused")
    with monkeypatch.context() as patch:
        patch.setattr(
            threading.Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError("no"))
        )
        with pytest.raises(RuntimeError):
            thread.call_soon(print)
    called = threading.Event()

    thread.call_soon(called.set)

    assert called.wait(60)


@task
async def answer() -> int:
    return 42


async def enqueued():
    return answer.enqueue()


def test_an_async_task_is_enqueued_without_await_where_the_stack_can_be_suspended(monkeypatch):
    def run_sync(coroutine):
        with pytest.raises(StopIteration) as returned:
            coroutine.send(None)
        return returned.value.value

    monkeypatch.setattr(sync, "HAS_THREADS", False)
    ffi = SimpleNamespace(can_run_sync=lambda: True, run_sync=run_sync)
    monkeypatch.setitem(sys.modules, "pyodide", SimpleNamespace(ffi=ffi))
    monkeypatch.setitem(sys.modules, "pyodide.ffi", ffi)

    assert asyncio.run(enqueued()).return_value == 42


def test_elsewhere_the_task_fails_with_what_to_write_instead(monkeypatch):
    monkeypatch.setattr(sync, "HAS_THREADS", False)

    failed = asyncio.run(enqueued())

    assert failed.status == "FAILED"
    assert "await task.aenqueue()" in failed.errors[0].traceback
    assert answer.enqueue().return_value == 42
