"""The contract that ships with the package, held by every backend of it that needs no service."""

from __future__ import annotations

from immediate_tasks_ipy.tasks.backends.dummy import DummyBackend
from immediate_tasks_ipy.tasks.backends.foreign import ForeignBackend
from immediate_tasks_ipy.tasks.backends.immediate import ImmediateBackend
from immediate_tasks_ipy.testing import BackendContract

IN_PLACE = {
    "supports_async_task",
    "supports_priority",
    "supports_cancel",
    "supports_retries",
    "finishes_tasks",
}


class TestImmediateBackend(BackendContract):
    flags = IN_PLACE

    def make_backend(self):
        return ImmediateBackend("contract", {})


class TestDummyBackend(BackendContract):
    flags = frozenset({"supports_defer", "supports_async_task", "supports_priority"})

    def make_backend(self):
        return DummyBackend("contract", {})


class TestForeignBackend(BackendContract):
    """A wrapper keeps every promise of the backend in it."""

    flags = IN_PLACE

    def make_backend(self):
        return ForeignBackend(ImmediateBackend("contract", {}))
