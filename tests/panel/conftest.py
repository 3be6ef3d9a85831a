"""A history of its own for each test, and the panel's parts on it, without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from immediate_tasks_ipy.panel.feed import Feed, Message
from immediate_tasks_ipy.task_history import Entry, TaskHistory


class Actions:
    """The deeds behind the buttons, noted down."""

    def __init__(self, history: TaskHistory) -> None:
        self.history = history
        self.rerun_keys: list[int] = []

    def rerun(self, entry: Entry) -> str:
        if entry.result.task.name == "refused":
            raise RuntimeError("This one can't be re-run.")
        self.rerun_keys.append(entry.key)
        return f"{entry.result.task.name} is running again"

    def cancel(self, entry: Entry) -> str:
        raise RuntimeError(f"{entry.result.task.name} runs on the main thread: use the stop button")

    def clear(self) -> int:
        return self.history.clear()

    def copy_text(self, entry: Entry) -> str:
        return f"%enqueue {entry.result.task.name}()"


@pytest.fixture
def history() -> Iterator[TaskHistory]:
    history = TaskHistory()
    history.connect()
    yield history
    history.disconnect()


@pytest.fixture
def sent() -> list[Message]:
    """What the feed has sent."""
    return []


@pytest.fixture
def feed(history: TaskHistory, sent: list[Message]) -> Iterator[Feed]:
    """A feed that observes and sends only when a test calls `send_next`."""
    feed = Feed(history, sent.append)
    history.subscribe(feed)
    yield feed
    feed.stop()


@pytest.fixture
def actions(history: TaskHistory) -> Actions:
    return Actions(history)
