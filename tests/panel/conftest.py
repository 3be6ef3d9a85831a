"""A history of its own for each test, and the panel's parts on it, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from immediate_tasks_ipy.panel.feed import Feed, Message
from immediate_tasks_ipy.task_history import Entry, Recorder


class Actions:
    """Callbacks for the buttons that record their calls."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.rerun_keys: list[int] = []

    def rerun(self, entry: Entry) -> str:
        if entry.result.task.name == "refused":
            raise RuntimeError("This one can't be re-run.")
        self.rerun_keys.append(entry.key)
        return f"{entry.result.task.name} is running again"

    def rerun_failed(self, entry: Entry) -> str | None:
        return self.rerun(entry) if entry.key not in self.rerun_keys else None

    def cancel(self, entry: Entry) -> str:
        raise RuntimeError(f"{entry.result.task.name} runs on the main thread: use the stop button")

    def cancel_batch(self, batch: Any) -> str:
        return f"{batch.label} cancelled"

    def resume_batch(self, batch: Any) -> str:
        return f"{batch.label} goes on"

    def clear(self) -> int:
        return self.recorder.clear()

    def copy_batch(self, batch: Any) -> str:
        return f"%enqueue --each items {batch.label}"

    def copy_text(self, entry: Entry) -> str:
        return f"%enqueue {entry.result.task.name}()"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    recorder.connect()
    yield recorder
    recorder.disconnect()


@pytest.fixture
def sent() -> list[Message]:
    """What the feed has sent."""
    return []


@pytest.fixture
def feed(recorder: Recorder, sent: list[Message]) -> Iterator[Feed]:
    """A feed that observes and sends only when a test calls `send_next`."""
    feed = Feed(recorder, sent.append)
    recorder.subscribe(feed)
    yield feed
    feed.stop()


@pytest.fixture
def actions(recorder: Recorder) -> Actions:
    return Actions(recorder)
