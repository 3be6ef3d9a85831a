"""What the feed sends: batched, numbered, complete, and bounded."""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar

import pytest

from immediate_tasks_ipy.panel import feed as feed_module
from immediate_tasks_ipy.panel.feed import BUSY_ROWS, SAVED_ROWS, Feed
from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks.backends.event_loop import Timer, service_loop
from tests.panel.tasks import add, echo, fail


def drain(feed):
    """Send until there is nothing to say."""
    while feed._dirty or feed._dropped or feed._snapshots:
        feed.send_next()


def test_a_task_that_changes_three_times_between_messages_is_sent_once(feed, sent):
    add.enqueue(2, 3)
    drain(feed)

    [message] = sent
    assert message["kinds"] == [["add", "default", 0, "default"]]
    [row] = message["new"]
    key, status, kind, arguments, enqueued, started, worker, finished, result = row
    assert (key, status, kind, arguments, worker, result) == (1, 2, 0, "2, 3", 0, "5")
    assert len(message["workers"]) == 1
    assert enqueued <= 0 <= started
    assert finished >= 0


def test_a_row_that_was_sent_is_followed_by_what_has_changed_of_it(feed, sent, recorder):
    add.enqueue(2, 3)
    drain(feed)
    recorder.changed(recorder.get(1))
    drain(feed)

    assert "new" not in sent[1]
    [[key, status, _started, _worker, _finished, result]] = sent[1]["changed"]
    assert (key, status, result) == (1, 2, "5")


def test_messages_of_rows_are_numbered_without_a_gap(feed, sent):
    for number in range(3):
        add.enqueue(number, 1)
        feed.send_next()

    assert [message["seq"] for message in sent] == [1, 2, 3]


def test_a_failure_is_sent_with_the_class_and_first_line_of_its_error(feed, sent):
    fail.enqueue("no such row\nreally")
    drain(feed)

    [row] = sent[0]["new"]
    assert row[1] == 3
    assert row[8] == "ValueError: no such row"


def test_what_json_changed_is_noted_in_the_row(feed, sent):
    echo.enqueue("x")
    echo.using().enqueue([1])
    drain(feed)
    assert all(len(row) == 9 for row in sent[0]["new"])

    from tests.panel.tasks import shaped

    shaped.enqueue("a.csv")
    drain(feed)
    assert sent[1]["new"][0][9] == "tuple → list"


def test_a_burst_is_sent_in_bounded_messages_newest_first(feed, sent):
    for number in range(2 * BUSY_ROWS + 10):
        add.enqueue(number, 1)
    feed.send_next()

    keys = [row[0] for row in sent[0]["new"]]
    assert len(keys) == BUSY_ROWS
    assert keys == sorted(keys)
    assert keys[-1] == 2 * BUSY_ROWS + 10
    assert sent[0]["left"] == BUSY_ROWS + 10

    drain(feed)
    assert sorted(row[0] for message in sent for row in message["new"]) == list(
        range(1, 2 * BUSY_ROWS + 11)
    )
    assert "left" not in sent[-1]


def test_dropped_tasks_are_removed_by_ranges_and_only_if_they_were_sent(sent):
    recorder = Recorder(limit=3)
    recorder.connect()
    feed = Feed(recorder, sent.append)
    recorder.subscribe(feed)
    try:
        for number in range(3):
            add.enqueue(number, 1)
        drain(feed)
        for number in range(5):
            add.enqueue(number, 1)
        drain(feed)
    finally:
        recorder.disconnect()

    assert sent[1]["removed"] == [(1, 3)]
    assert [row[0] for row in sent[1]["new"]] == [6, 7, 8]
    assert not feed._dirty


def test_a_snapshot_comes_in_parts_newest_rows_first(feed, sent, monkeypatch):
    monkeypatch.setattr(feed_module, "SNAPSHOT_ROWS", 4)
    for number in range(10):
        add.enqueue(number, 1)
    drain(feed)
    sent.clear()

    feed.request_snapshot("me-1")
    drain(feed)

    assert [(m["part"], m["parts"], m["request"], m["seq"]) for m in sent] == [
        (0, 3, "me-1", 1),
        (1, 3, "me-1", 1),
        (2, 3, "me-1", 1),
    ]
    assert [row[0] for message in sent for row in message["rows"]] == list(range(10, 0, -1))


def test_the_snapshot_of_an_empty_history_is_one_empty_part(feed, sent):
    feed.request_snapshot("me-1")
    drain(feed)

    assert [(m["part"], m["parts"], m["rows"]) for m in sent] == [(0, 1, [])]


def test_a_task_that_is_dropped_while_a_snapshot_is_sent_is_in_no_later_part(
    feed, sent, recorder, monkeypatch
):
    monkeypatch.setattr(feed_module, "SNAPSHOT_ROWS", 2)
    for number in range(4):
        add.enqueue(number, 1)
    drain(feed)
    sent.clear()

    feed.request_snapshot("me-1")
    feed.send_next()
    recorder.clear()
    drain(feed)

    parts = [message for message in sent if message["op"] == "snapshot"]
    assert [len(part["rows"]) for part in parts] == [2, 0]
    assert sent[-1]["removed"] == [(1, 4)]


def test_the_saved_state_holds_the_newest_rows_only(feed, recorder):
    for number in range(SAVED_ROWS + 5):
        add.enqueue(number, 1)

    saved = feed.saved_rows()

    assert saved["total"] == SAVED_ROWS + 5
    assert [row[0] for row in saved["rows"]] == list(range(SAVED_ROWS + 5, 5, -1))


def test_a_task_whose_attributes_raise_spoils_only_its_own_row(feed, sent, recorder):
    class Hostile:
        @property
        def queue_name(self):
            raise RuntimeError("no")

    result = add.enqueue(1, 2)
    add.enqueue(3, 4)
    object.__setattr__(result, "task", Hostile())
    drain(feed)

    rows = {row[0]: row for row in sent[0]["new"]}
    assert "could not be read" in rows[1][3]
    assert rows[2][8] == "7"


def test_every_message_is_strict_json_whatever_tasks_return(feed, sent, recorder):
    for value in (float("nan"), float("inf"), "\ud800", "\0", "</script>", 2**200, {1: [None]}):
        echo.enqueue(value)
    drain(feed)
    feed.request_snapshot("me-1")
    drain(feed)

    for message in [*sent, feed.saved_rows()]:
        json.dumps(message, allow_nan=False, ensure_ascii=False).encode()


def test_a_send_that_raises_is_logged_and_the_feed_goes_on(recorder, caplog):
    sent = []

    def send(message):
        sent.append(message)
        if len(sent) == 1:
            raise OSError("gone")

    feed = Feed(recorder, send)
    recorder.subscribe(feed)
    add.enqueue(1, 2)
    feed.send_next()
    add.enqueue(1, 2)
    feed.send_next()

    assert "could not send" in caplog.text
    assert [message["seq"] for message in sent] == [1, 2]


@pytest.fixture
def running(recorder):
    """A feed that sends by itself, and a condition to wait for what it sends."""
    arrived = threading.Condition()
    sent = []

    def send(message):
        with arrived:
            sent.append(message)
            arrived.notify_all()

    feed = Feed(recorder, send)
    feed.start()
    yield feed, sent, arrived
    feed.stop()


def test_it_sends_what_several_threads_enqueue_at_once_and_loses_nothing(running):
    _feed, sent, arrived = running
    threads = [
        threading.Thread(target=lambda: [add.enqueue(n, 1) for n in range(300)]) for _ in range(5)
    ]
    for thread in threads:
        thread.start()

    def states():
        rows: dict[int, int] = {}
        for message in sent:
            rows |= {row[0]: row[1] for row in message.get("new", [])}
            rows |= {row[0]: row[1] for row in message.get("changed", [])}
        return rows

    with arrived:
        assert arrived.wait_for(
            lambda: len(states()) == 1500 and set(states().values()) == {2}, timeout=120
        )
    for thread in threads:
        thread.join()
    numbers = [message["seq"] for message in sent if message["op"] == "rows"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_quiet_feed_beats_with_the_number_of_its_last_message(running, monkeypatch):
    monkeypatch.setattr(feed_module, "BEAT", 0.01)
    _feed, sent, arrived = running
    add.enqueue(1, 2)  # wakes the feed, which then waits for the shorter time

    def numbers(op):
        return {message["seq"] for message in sent if message["op"] == op}

    with arrived:
        assert arrived.wait_for(
            lambda: numbers("rows") and max(numbers("rows")) in numbers("beat"), timeout=120
        )


def test_a_stopped_feed_observes_and_sends_no_more(running):
    feed, sent, arrived = running
    add.enqueue(1, 2)
    with arrived:
        assert arrived.wait_for(lambda: any(m["op"] == "rows" for m in sent), timeout=120)
    add.enqueue(1, 2)
    feed.stop()
    assert service_loop.flush(30)
    count = len(sent)
    add.enqueue(1, 2)

    assert service_loop.flush(30)
    assert feed._timer.cancelled
    assert len(sent) == count
    feed.start()
    assert service_loop.flush(30)
    assert len(sent) == count


def test_feeds_have_no_thread_of_their_own(recorder):
    service_loop.call_soon(int)
    before = threading.active_count()
    feeds = [Feed(recorder, [].append) for _ in range(5)]
    for feed in feeds:
        feed.start()
    assert service_loop.flush(30)

    assert threading.active_count() == before
    for feed in feeds:
        feed.stop()


def test_a_busy_feed_sends_one_message_in_each_period(recorder, monkeypatch):
    """However often tasks change, the next message waits for its time."""
    due = []
    sent = []

    class Loop:
        def call_later(self, delay, callback):
            due.append((delay, callback))
            return Timer(None, callback, ())

    def run_next():
        """Call back what is due; returns how long after the last message that is."""
        delay, callback = due.pop()
        callback()
        return delay

    monkeypatch.setattr(feed_module, "service_loop", Loop())
    feed = Feed(recorder, sent.append)
    feed.start()
    run_next()
    assert due.pop()[0] == feed_module.BEAT
    for _ in range(10):
        add.enqueue(1, 2)
    assert len(due) == 1
    assert run_next() == feed_module.GATHER
    for _ in range(10):
        add.enqueue(1, 2)
    feed.request_snapshot("me-1")

    assert len(due) == 1
    assert len(sent) == 1
    waited = [run_next() for _ in range(4)]  # a part of the snapshot, rows, nothing, a beat
    assert waited == [feed_module.PERIOD] * 3 + [feed_module.BEAT]
    assert [message["op"] for message in sent] == ["rows", "snapshot", "rows", "beat"]
    feed.stop()


def test_messages_belong_to_no_cell(recorder):
    variable = ContextVar("cell")
    arrived = threading.Event()
    seen = []

    def send(message):
        seen.append(variable.get(None))
        arrived.set()

    feed = Feed(recorder, send)
    feed.start()
    token = variable.set("a cell")
    add.enqueue(1, 2)
    variable.reset(token)

    assert arrived.wait(30)
    assert seen[0] is None
    feed.stop()


def test_where_no_loop_can_run_a_change_raises_nothing_and_is_sent_later(recorder, monkeypatch):
    class NoLoop:
        def call_later(self, delay, callback, *args):
            raise RuntimeError("no running event loop")

    arrived = threading.Event()
    sent = []

    def send(message):
        sent.append(message)
        arrived.set()

    feed = Feed(recorder, send)
    with monkeypatch.context() as patched:
        patched.setattr(feed_module, "service_loop", NoLoop())
        feed.start()
        add.enqueue(1, 2)
    assert sent == []
    add.enqueue(1, 2)

    assert arrived.wait(30)
    assert [row[0] for row in sent[0]["new"]] == [1, 2]
    feed.stop()
