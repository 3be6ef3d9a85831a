"""What runs in a worker process."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import current_process
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from immediate_tasks_ipy.tasks.backends.remote.worker import runner

from .surroundings import Surroundings

#: Seconds between two looks whether the notebook's process is still there.
PARENT_INTERVAL = 5.0


class Message(NamedTuple):
    """A task that is to be run, as it comes from the notebook."""

    #: The id of its result.
    result_id: str
    payload: bytes
    #: Its function, if this process has not got it yet.
    code: bytes | None
    #: What has changed around.
    surroundings: Surroundings | None

    @property
    def brings_more(self) -> bool:
        """Whether later tasks need what comes with it."""
        return self.code is not None or self.surroundings is not None


def main(connection: Connection, output: Connection, boundary: bytes) -> None:
    """Run the tasks that come by `connection`, and report what becomes of them, until its end.

    What is written, by this process or by those that it starts, goes to `output`; `boundary`
    follows it at the end of each task.
    """
    _detach_from_terminal()
    _redirect(output)
    host = ProcessHost(connection, partial(_write_bytes, output, boundary))
    threading.Thread(target=host.read, name="tasks from the notebook", daemon=True).start()
    host.send("ready", None, None)
    while True:
        host.run_next()


def _detach_from_terminal() -> None:
    """Leave the stop button and Ctrl-C to the notebook, and be a group that can be ended."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    if hasattr(signal, "pthread_sigmask"):
        # It was blocked while this process started. A handler, since programs that are started
        # from here would inherit that the signal is ignored.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # The notebook ends it; as a daemon it could start no process of its own.
    current_process()._config["daemon"] = False  # type: ignore[attr-defined]


def _redirect(output: Connection) -> None:
    """Have everything that is written go to the notebook, by whatever means it is written."""
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115  (for good)
    if sys.platform == "win32":
        sys.stdout = sys.stderr = _ConnectionStream(output)  # type: ignore[assignment]
        return
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", write_through=True)
        setattr(sys, name, stream)
    # A crash says where it happened.
    faulthandler.enable()


def _write_bytes(output: Connection, data: bytes) -> None:
    if sys.platform == "win32":
        output.send_bytes(data)
    else:
        os.write(output.fileno(), data)


class _ConnectionStream:
    """A text stream where connections are no file descriptors."""

    encoding = "utf-8"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, text: str) -> int:
        self._connection.send_bytes(text.encode("utf-8", "replace"))
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


class ProcessHost:
    """This process as the runner sees it; see `runner.Host`."""

    #: It has the notebook's own modules.
    cure = ""

    def __init__(self, connection: Connection, end_output: Callable[[], None]) -> None:
        """`end_output` is called when a task writes no more."""
        self.name = f"process {os.getpid()}"
        self._connection = connection
        self._end_output = end_output
        self._parent = os.getppid()
        self._sending = threading.Lock()
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def run_next(self) -> None:
        """Wait for a task, run it, and report its outcome."""
        message = self._messages.get()
        if message.surroundings is not None:
            message.surroundings.take()
        job = pickle.loads(message.payload)  # noqa: S301  (from the notebook)
        outcome = runner.run(job, job["code"] if message.code is None else message.code, self)
        self.send("finished", job["id"], runner.pickled(outcome, self))

    def read(self) -> None:
        """Receive tasks for as long as the notebook's process lives; in a thread of its own.

        A task may run meanwhile, or block for ever: this process ends all the same.
        """
        with contextlib.suppress(EOFError, OSError):
            while True:
                if self._connection.poll(PARENT_INTERVAL):
                    message = self._connection.recv()
                    if message is None:
                        self._give_back()
                    else:
                        self._messages.put(message)
                elif os.getppid() != self._parent:
                    break
        _end()

    def _give_back(self) -> None:
        """Return the tasks that have not begun, but for those that bring what others need."""
        waiting: list[Message] = []
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.append(self._messages.get_nowait())
        for message in waiting:
            if message.brings_more:
                self._messages.put(message)
        returned = [message.result_id for message in waiting if not message.brings_more]
        self.send("returned", None, returned)

    def send(self, kind: str, result_id: str | None, detail: Any) -> None:
        """Send a message to the notebook; from any thread."""
        try:
            with self._sending:
                self._connection.send((kind, result_id, detail))
        except OSError:
            _end()

    # -- see runner.Host ---------------------------------------------------

    def dumps(self, value: Any) -> bytes:
        import cloudpickle

        data: bytes = cloudpickle.dumps(value)
        return data

    def report(self, job: dict[str, Any], kind: str, detail: Any) -> None:
        self.send(kind, job["id"], detail)

    @contextmanager
    def capturing(self, job: dict[str, Any]) -> Iterator[Callable[[], str]]:  # noqa: ARG002
        """All that this process writes is its one task's: nothing is left for the end."""
        try:
            yield str
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            self._end_output()


def _end() -> None:
    """End this process, and what its tasks have started."""
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
