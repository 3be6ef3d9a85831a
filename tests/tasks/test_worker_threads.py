"""Threads that are used again: none waits for another, and nothing of a call stays."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref

import pytest

from immediate_tasks_ipy.tasks.threads import worker_threads as module
from immediate_tasks_ipy.tasks.threads.worker_threads import WorkerThreads
from tests.tasks.conditions import until


@pytest.fixture
def threads(monkeypatch):
    """Return threads of this test's own, which wait for the next call as long as it takes."""
    monkeypatch.setattr(module, "IDLE", 60)
    pool = WorkerThreads()
    yield pool
    monkeypatch.setattr(module, "IDLE", 0)
    # Each takes one more call, and finds no other.
    while pool._idle:
        pool.start(lambda: None, "last")


def call(threads, name="call"):
    """Make a call in a thread; return that thread's identity, daemon flag and name."""
    told = []

    def tell():
        thread = threading.current_thread()
        told.append((thread.ident, thread.daemon, thread.name))

    threads.start(tell, name)
    until(lambda: told and threads._idle)
    return told[0]


def test_a_thread_that_is_free_makes_the_next_call_by_its_name(threads):
    ident, is_daemon, name = call(threads, "first")
    assert is_daemon
    assert name == "first"
    assert call(threads, "second") == (ident, True, "second")


def test_no_call_waits_for_another(threads):
    gate, entered = threading.Event(), threading.Semaphore(0)

    def hold():
        entered.release()
        gate.wait()

    for _ in range(40):
        threads.start(hold, "held")
    for _ in range(40):
        entered.acquire()
    gate.set()
    until(lambda: len(threads._idle) == 40)


def test_a_thread_goes_on_after_a_call_that_raises_and_says_so(threads, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    ident = call(threads)[0]
    threads.start(lambda: sys.exit(3), "leaves")
    until(lambda: reported and threads._idle)
    assert reported[0].exc_type is SystemExit
    assert reported[0].thread.ident == ident
    assert call(threads)[0] == ident


def test_nothing_of_a_call_is_kept_by_its_thread(threads):
    class Data:
        pass

    data = Data()
    reference = weakref.ref(data)
    threads.start(lambda held=data: None, "call")
    del data
    until(lambda: threads._idle)
    gc.collect()
    assert reference() is None


def test_a_thread_with_nothing_to_do_ends(monkeypatch):
    monkeypatch.setattr(module, "IDLE", 0)
    threads = WorkerThreads()
    ran = []
    threads.start(lambda: ran.append(threading.current_thread()), "short")
    until(lambda: ran and not ran[0].is_alive())
    assert not threads._idle


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This platform does not fork.")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_starts_threads_of_its_own():
    ready = threading.Event()
    module.worker_threads.start(ready.set, "in the parent")
    ready.wait()
    child = os.fork()
    if not child:
        ran = threading.Event()
        module.worker_threads.start(ran.set, "in the child")
        os._exit(0 if ran.wait(60) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_no_thread_is_used_again_where_threads_are_told_apart_by_their_starters(
    threads, monkeypatch
):
    """As by ipykernel 6: what a thread of a task prints would appear below an earlier cell."""
    run = threading.Thread.run

    def noted(thread):
        run(thread)

    monkeypatch.setattr(threading.Thread, "run", noted)
    made = []
    for _ in range(3):
        threads.start(lambda: made.append(threading.current_thread()), "once")
        until(lambda: made and not made[-1].is_alive())
        assert not threads._idle
    assert len(set(made)) == 3
