"""What a running task says of how far it has come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immediate_tasks_ipy.tasks import signals, task
from immediate_tasks_ipy.tasks.progress import Progress, progress, progress_bar_in, track


@pytest.fixture
def reports():
    seen = []

    def receiver(task_result, done, total, text, **_):
        seen.append((task_result.task.name, done, total, text))

    signals.task_progress.connect(receiver, weak=False, dispatch_uid="test")
    yield seen
    signals.task_progress.disconnect(dispatch_uid="test")


def run(backend, function, *args, **options):
    function.__qualname__ = function.__name__
    return backend.enqueue(task(**options)(function), args, {})


def test_a_task_reports_its_progress(backend, reports):
    def train():
        progress(3, 10, "epoch 3")
        progress(412)

    assert run(backend, train).status == "SUCCESSFUL"
    assert reports == [("train", 3, 10, "epoch 3"), ("train", 412, None, "")]


def test_a_context_reports_for_its_own_task(backend, reports):
    def train(context):
        context.progress(1, 2, "half")

    run(backend, train, takes_context=True)
    assert reports == [("train", 1, 2, "half")]


def test_the_innermost_task_reports(backend, reports):
    def inner():
        progress(1)

    inner.__qualname__ = "inner"
    inner_task = task(inner)

    def outer():
        backend.enqueue(inner_task, [], {})
        progress(2)

    run(backend, outer)
    assert reports == [("inner", 1, None, ""), ("outer", 2, None, "")]


async def test_an_awaited_task_reports_too(backend, reports):
    async def train():
        progress(0.5, 1)

    train.__qualname__ = "train"
    await backend.aenqueue(task(train), [], {})
    assert reports == [("train", 0.5, 1, "")]


def test_outside_of_a_task_nothing_happens(reports):
    progress(1, 2)
    assert list(track([1, 2])) == [1, 2]
    assert reports == []


def test_what_is_no_number_is_refused():
    with pytest.raises((TypeError, ValueError)):
        progress("a lot")


def test_going_through_a_list_reports_each_end(backend, reports):
    def work():
        return list(track(["a", "b", "c"], text="letters"))

    assert run(backend, work).return_value == ["a", "b", "c"]
    assert reports[0] == ("work", 0, 3, "letters")
    assert reports[-1] == ("work", 3, 3, "letters")


def test_an_iterable_without_a_length_has_no_total(backend, reports):
    def work():
        for _ in track(iter("ab")):
            pass

    run(backend, work)
    assert reports[-1] == ("work", 2, None, "")


async def test_an_async_iterable_is_gone_through_too(backend, reports):
    async def letters():
        for letter in "ab":
            yield letter

    async def work():
        return [letter async for letter in track(letters(), total=2)]

    work.__qualname__ = "work"
    result = await backend.aenqueue(task(work), [], {})
    assert result.return_value == ["a", "b"]
    assert reports[-1] == ("work", 2, 2, "")


def test_time_left_is_estimated_from_the_second_report_on():
    first = Progress(2, 10)
    assert first.seconds_left(first.at) is None
    second = first.followed_by(Progress(6, 10))
    second.at = first.at + timedelta(seconds=4)
    assert second.seconds_left(second.at) == pytest.approx(4)
    assert second.seconds_left(second.at + timedelta(seconds=1)) == pytest.approx(3)
    assert second.fraction == 0.6
    assert Progress(3).fraction is None


def test_a_smaller_number_begins_anew():
    before = Progress(9, 10)
    after = before.followed_by(Progress(1, 10))
    assert after.seconds_left(after.at) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("\r 30%|###       | 3/10 [00:03<00:07,  1.00s/it]", (3, 10, "", "")),
        ("\repoch 3:  62%|██████▏   | 84.0M/135M [00:05<00:03, 17.0MB/s]",
         (84e6, 135e6, "epoch 3", "B")),
        ("\r412it [00:05, 80.1it/s]", (412, None, "", "")),
        ("\rpages: 412page [00:05, 80.1page/s]", (412, None, "pages", "")),
        ("\r 0%| | 0/10 [00:00<?, ?it/s]\r 10%|# | 1/10 [00:00<00:00, 9it/s, loss=0.3]",
         (1, 10, "", "")),
        ("\r100%|##########| 10/10 [00:00<00:00, 99.9it/s]\n", (10, 10, "", "")),
    ],
)  # fmt: skip
def test_a_progress_bar_of_tqdm_is_read(written, expected):
    found = progress_bar_in(written)
    assert (found.done, found.total, found.text, found.unit) == expected


@pytest.mark.parametrize("written", ["", "[1, 2]", "a | b [c]", "100% done [ok]", "x" * 5000, "[["])
def test_other_output_is_no_progress_bar(written):
    assert progress_bar_in(written) is None


def test_what_tqdm_itself_writes_is_read():
    tqdm = pytest.importorskip("tqdm")
    import io

    file = io.StringIO()
    bar = tqdm.tqdm(total=4, desc="files", file=file, mininterval=0, ascii=True)
    bar.update(3)
    bar.close()
    found = progress_bar_in(file.getvalue())
    assert (found.done, found.total, found.text) == (3, 4, "files")
