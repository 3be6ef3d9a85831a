"""Every test of the contract runs once per framework."""

from __future__ import annotations

import pytest

from tests.contract.frameworks import FRAMEWORKS


@pytest.fixture(params=FRAMEWORKS, ids=str)
def framework(request):
    """One framework, with its default backend, an ImmediateBackend."""
    chosen = request.param
    chosen.available()
    chosen.configure(None)
    yield chosen
    chosen.restore()


@pytest.fixture
def dummy(framework):
    """Return the framework's DummyBackend, which is its default one here."""
    framework.configure({"default": {"BACKEND": framework.path("dummy.DummyBackend")}})
    return framework.module().task_backends["default"]


@pytest.fixture(params=["immediate", "dummy"])
def kind(request):
    return request.param


@pytest.fixture
def backend(framework, kind):
    """Return the framework's default backend, of either kind."""
    path = f"{kind}.{kind.capitalize()}Backend"
    framework.configure({"default": {"BACKEND": framework.path(path)}})
    return framework.module().task_backends["default"]


@pytest.fixture
def heard(framework):
    """Return what the three signals report: (name, status, sender), in order."""
    signals = framework.module("signals")
    reports = []
    receivers = []
    for name in ("task_enqueued", "task_started", "task_finished"):

        def receiver(sender, task_result, name=name, **kwargs):
            reports.append((name, str(task_result.status), sender))

        receivers.append((getattr(signals, name), receiver))
        getattr(signals, name).connect(receiver)
    yield reports
    for signal, receiver in receivers:
        signal.disconnect(receiver)
