"""Starting processes that the stop button leaves alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def interrupts_blocked(*trackers: Callable[[], object]) -> Iterator[None]:
    """Have the threads and processes that are started here, and theirs, get no SIGINT.

    The stop button, and Ctrl-C, send it to the whole process group: it is for
    the notebook's own code, and would end every worker. `trackers` make sure that other
    resource trackers run than the standard library's.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started later, within this, they would unblock the signal again.
    for ensure_running in (resource_tracker.ensure_running, *trackers):
        ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
