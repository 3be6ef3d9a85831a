"""Threads that a test can wait for: they end with their call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from immediate_tasks_ipy.tasks import sync
from immediate_tasks_ipy.tasks.threads import worker_threads
from tests.support.services import PATIENCE


@contextmanager
def own_threads() -> Iterator[None]:
    """Tasks run in threads of their own meanwhile, which have ended when this does."""
    before = set(threading.enumerate())
    with (
        mock.patch.object(worker_threads, "IDLE", 0),
        mock.patch.object(sync, "worker_threads", worker_threads.WorkerThreads()),
    ):
        try:
            yield
        finally:
            for thread in set(threading.enumerate()) - before:
                thread.join(PATIENCE)
