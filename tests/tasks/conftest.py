"""The default backend, fresh for every test, and what its signals report."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.tasks import signals, task_backends


@pytest.fixture(autouse=True)
def backend():
    """Return the default ImmediateBackend; none of its tasks may be left over."""
    task_backends.configure(None)
    chosen = task_backends["default"]
    yield chosen
    assert chosen._executions == {}
    task_backends.configure(None)


@pytest.fixture
def sent():
    """Return what the signals report: (name, status), in order."""
    reports = []
    receivers = []
    for name in ("task_enqueued", "task_started", "task_finished"):

        def receiver(task_result, name=name, **kwargs):
            reports.append((name, str(task_result.status)))

        receivers.append((getattr(signals, name), receiver))
        getattr(signals, name).connect(receiver)
    yield reports
    for signal, receiver in receivers:
        signal.disconnect(receiver)
