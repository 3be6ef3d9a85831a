"""What this package attaches to a Dask worker, so that tasks can run there."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...remote.worker import runner
from .capture import capture_streams, captured_output, release_streams
from .chunk import PATIENCE, Chunk
from .live_output import LiveOutput
from .reporter import Reporter, add_worker, remove_worker, reporter_of

#: Bytes up to which an outcome travels as an event; a larger one is fetched.
EVENT_LIMIT = 4_096

_current_worker: Callable[[], Any]
_dumps: Callable[[Any], bytes] = pickle.dumps


def attach(
    worker: Any,
    current_worker: Callable[[], Any],
    dumps: Callable[[Any], bytes],
    *,
    echo: bool = True,
) -> None:
    """Get this process ready to run tasks for `worker`. Called once by each that starts.

    `current_worker` returns the worker whose thread calls it; `dumps` pickles
    values and exceptions. With `echo`, what tasks write also goes to the worker's own log.
    """
    global _current_worker, _dumps
    _current_worker, _dumps = current_worker, dumps
    add_worker(worker)
    capture_streams(echo=echo)


def detach(worker: Any) -> None:
    """Undo `attach`; the last worker of the process gives the streams back."""
    if not remove_worker(worker):
        release_streams()


def run(chunk: bytes, code: bytes | None = None) -> dict[str, bytes]:
    """Run tasks one after the other; returns their pickled outcomes by the ids of their results.

    Each one's start and end are reported as they come. A task that has not begun when those
    before it have taken longer than short ones do is given back, and reported, too. `code` is
    the pickled function, if it is not in the payloads.
    """
    payloads = pickle.loads(chunk)  # noqa: S301  (from the notebook that may run any code here)
    worker = _current_worker()
    host = DaskHost(worker.address, reporter_of(worker))
    topic = pickle.loads(payloads[0][1])["topic"]  # noqa: S301
    tasks = Chunk(payloads, lambda result_id: host.send(topic, "returned", result_id, None))
    if len(payloads) > 1:
        host.call_later(PATIENCE, tasks.give_back)
    outcomes = {}
    while (task := tasks.take()) is not None:
        result_id, payload = task
        outcomes[result_id] = data = _run_one(payload, code, host)
        if len(data) > EVENT_LIMIT:
            # It is fetched, which has to wait for the end of the chunk.
            tasks.give_back()
    return outcomes


def _run_one(payload: bytes, code: bytes | None, host: DaskHost) -> bytes:
    job = pickle.loads(payload)  # noqa: S301
    outcome = runner.run(job, job["code"] if code is None else code, host)
    data = runner.pickled(outcome, host)
    host.report(job, "finished", data if len(data) <= EVENT_LIMIT else None)
    return data


class DaskHost:
    """A worker as the runner sees it; see `runner.Host`."""

    cure = (
        "install it there, or send its file with "
        "task_backends[{backend!r}].client.upload_file('{module}.py')"
    )

    def __init__(self, address: str, reporter: Reporter) -> None:
        self.name = address
        self._reporter = reporter

    def dumps(self, value: Any) -> bytes:
        return _dumps(value)

    def report(self, job: dict[str, Any], kind: str, detail: Any) -> None:
        self.send(job["topic"], kind, job["id"], detail)

    def send(self, topic: str, kind: str, result_id: str, detail: Any) -> None:
        """Let the notebook that listens to a topic know what has happened."""
        self._reporter.send(topic, kind, result_id, detail)

    @contextmanager
    def capturing(self, job: dict[str, Any]) -> Iterator[Callable[[], str]]:
        """Report what is written as it comes; yields what returns the rest of it."""
        output = LiveOutput(lambda text: self.report(job, "output", text), self.call_later)
        with captured_output(output):
            yield output.rest

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call on the worker's loop, which `callback` must not block."""
        self._reporter.call_later(seconds, callback)
