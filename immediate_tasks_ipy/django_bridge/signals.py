"""Django's signals feed the recorder, whichever code enqueues."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.task_history.activity import Activity

from .frameworks import DJANGO, FRAMEWORKS, PACKAGE, TaskFramework, framework_of, frameworks_in_use
from .polling import advance, follow, unfollow
from .project.imported_sources import changed_since_import

_lock = threading.Lock()
#: The recorders that observe a framework, by its module.
_observed: dict[str, tuple[Recorder, ...]] = {framework.module: () for framework in FRAMEWORKS}


def observe(recorder: Recorder) -> None:
    """Connect the recorder to the frameworks that are in use so far.

    Cheap, and harmless when repeated: call it whenever a framework may have
    been imported since. A framework that nothing imported is left alone.
    Thread-safe.
    """
    for framework in frameworks_in_use():
        if recorder in _observed[framework.module]:
            continue
        with _lock:
            if recorder not in _observed[framework.module]:
                _observed[framework.module] += (recorder,)
                _connect(framework, recorder)


def observe_new_frameworks() -> None:
    """Connect the recorders that observe one framework to one that came into use since."""
    for recorder in {recorder for recorders in _observed.values() for recorder in recorders}:
        observe(recorder)


def canonical_result(task_result: Any) -> Any:
    """The object that a recorder keeps current for this result; the result itself if none does.

    A queueing backend may signal one copy of a result and return another.
    """
    for recorders in _observed.values():
        for recorder in recorders:
            entry = recorder.entry_of(task_result)
            if entry is not None:
                return entry.result
    return task_result


def record_unsignalled(task_result: Any) -> None:
    """Record and follow a result that was just enqueued by a backend that sent no signal of it.

    Nothing happens if the signal was sent.
    """
    framework = framework_of(task_result)
    if framework is None:
        return
    for recorder in _observed[framework.module]:
        if recorder.entry_of(task_result) is None:
            entry = recorder.add(task_result)
            recorder.changed(entry)
            follow(recorder, entry)


def report_activity(task_result: Any, activity: Activity) -> bool:
    """Show an activity beside a result that runs here; False where no recorder knows it."""
    framework = framework_of(task_result)
    entries = [
        entry
        for recorder in (_observed[framework.module] if framework is not None else ())
        if (entry := recorder.entry_of(task_result)) is not None
    ]
    for entry in entries:
        entry.own_submission().activity = activity
    return bool(entries)


def unobserve(recorder: Recorder) -> None:
    """Disconnect the recorder from all signals, and stop following its results."""
    with _lock:
        for framework in FRAMEWORKS:
            if recorder in _observed[framework.module]:
                _observed[framework.module] = tuple(
                    other for other in _observed[framework.module] if other is not recorder
                )
                for signal in _signals(framework):
                    signal.disconnect(dispatch_uid=_uid(recorder))
    unfollow(recorder)


@cache
def task_of_package_class() -> type:
    """The class of Django's tasks that code of the django-tasks package has made."""
    return type("Task", (DJANGO.base.Task,), {"__slots__": (), "__module__": __name__})


def signals_of(framework: TaskFramework, task: Any) -> Any:
    """The namespace of the signals that are sent of a task."""
    if framework is DJANGO and type(task).__module__ == __name__:
        return _signals_of_both()
    return framework.signals


@cache
def _signals_of_both() -> Any:
    names = ("task_enqueued", "task_started", "task_finished")
    return SimpleNamespace(
        **{
            name: _Both(getattr(DJANGO.signals, name), getattr(PACKAGE.signals, name))
            for name in names
        }
    )


class _Both:
    """Two signals that are sent as one."""

    def __init__(self, *signals: Any) -> None:
        self._sent = signals

    def send(self, **given: Any) -> None:
        for signal in self._sent:
            signal.send(**given)

    def send_robust(self, **given: Any) -> None:
        for signal in self._sent:
            signal.send_robust(**given)

    async def asend(self, **given: Any) -> None:
        for signal in self._sent:
            await signal.asend(**given)

    def _live_receivers(self, sender: Any) -> tuple[list[Any], list[Any]]:
        found = [signal._live_receivers(sender) for signal in self._sent]
        return [one for each in found for one in each[0]], [
            one for each in found for one in each[1]
        ]


def _connect(framework: TaskFramework, recorder: Recorder) -> None:
    enqueued, started, finished = _signals(framework)

    def on_enqueued(*, sender: Any, task_result: Any, **_: Any) -> None:
        recorder.on_enqueued(task_result=task_result)
        is_backend = isinstance(sender, type) and issubclass(sender, framework.backend_class)
        entry = recorder.entry_of(task_result)
        if entry is None or not is_backend:
            return
        if sender.supports_get_result:
            follow(recorder, entry)
        elif entry.note is None:
            entry.note = changed_since_import(task_result.task.func.__module__)

    def on_started(*, task_result: Any, **_: Any) -> None:
        _sync_entry(recorder, task_result)
        recorder.on_started(task_result=task_result)

    def on_finished(*, task_result: Any, **_: Any) -> None:
        _sync_entry(recorder, task_result)
        recorder.on_finished(task_result=task_result)

    wrap = _of_the_package if framework is PACKAGE else _as_it_is
    for signal, receiver in (
        (enqueued, on_enqueued),
        (started, on_started),
        (finished, on_finished),
    ):
        signal.connect(wrap(receiver), weak=False, dispatch_uid=_uid(recorder))


def _as_it_is(receiver: Callable[..., None]) -> Callable[..., None]:
    return receiver


def _of_the_package(receiver: Callable[..., None]) -> Callable[..., None]:
    """The receiver, for the package's own results: of others Django's signal is sent, too."""

    def receive(*, task_result: Any, **given: Any) -> None:
        if isinstance(task_result, PACKAGE.base.TaskResult):
            receiver(task_result=task_result, **given)

    return receive


def _sync_entry(recorder: Recorder, task_result: Any) -> None:
    """Bring the entry up to date: a worker in this process reports on a copy of its result."""
    entry = recorder.entry_of(task_result)
    if entry is not None and entry.result is not task_result:
        advance(entry.result, task_result)


def _signals(framework: TaskFramework) -> tuple[Any, Any, Any]:
    signals = framework.signals
    return signals.task_enqueued, signals.task_started, signals.task_finished


def _uid(recorder: Recorder) -> tuple[str, int]:
    return ("immediate_tasks_ipy", id(recorder))
