"""Django's signals feed the recorder, whichever code enqueues."""

from __future__ import annotations

import threading
from typing import Any

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.task_history.activity import Activity

from .frameworks import FRAMEWORKS, TaskFramework, framework_of, frameworks_in_use
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

    for signal, receiver in (
        (enqueued, on_enqueued),
        (started, on_started),
        (finished, on_finished),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=_uid(recorder))


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
