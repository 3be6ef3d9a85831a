"""The contract of a backend, held by what a notebook uses for Django's tasks."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from billing import framework
from django.conf import settings

from immediate_tasks_ipy.django_bridge import frameworks
from immediate_tasks_ipy.tasks.backends.foreign import adapt
from immediate_tasks_ipy.testing import BackendContract, functions

FRAMEWORK = frameworks.DJANGO if settings.HAS_OWN_TASKS else frameworks.PACKAGE


IN_PLACE = frozenset(
    {
        "supports_async_task",
        "supports_priority",
        "supports_cancel",
        "supports_retries",
        "finishes_tasks",
    }
)


class ProjectContract(BackendContract):
    """The contract of a backend of `settings.TASKS`."""

    alias: str
    signals = FRAMEWORK.signals
    InvalidTask = getattr(FRAMEWORK.exceptions, "InvalidTask", None) or getattr(
        FRAMEWORK.exceptions, "InvalidTaskError", None
    )
    TaskResultDoesNotExist = (
        getattr(FRAMEWORK.exceptions, "TaskResultDoesNotExist", None)
        or FRAMEWORK.exceptions.ResultDoesNotExist
    )

    def make_backend(self):
        return adapt(FRAMEWORK.task_backends[self.alias])

    def registered(self, backend):
        return nullcontext()

    def make_task(self, backend, function, **options):
        function = getattr(function, "func", function)
        if "run_after" in options:
            # Neither framework's decorator takes it.
            return framework.task(function).using(backend=backend.alias, **options)
        return framework.task(backend=backend.alias, **options)(function)


class TestBridgeImmediateBackend(ProjectContract):
    alias = "default"
    flags = IN_PLACE


class TestStockImmediateBackend(ProjectContract):
    alias = "stock"
    flags = IN_PLACE


class TestStockDummyBackend(ProjectContract):
    alias = "dummy"
    flags = frozenset(
        {
            "supports_defer",
            "supports_async_task",
            "supports_priority",
        }
    )

    @pytest.fixture(autouse=True)
    def decorated_functions(self, monkeypatch):
        # Django's DummyBackend copies a task by the path of its function, and takes `.func` of
        # what it finds there.
        for function in vars(functions).values():
            if callable(function) and getattr(function, "__module__", "") == functions.__name__:
                monkeypatch.setattr(function, "func", function, raising=False)


class TestDatabaseBackend(ProjectContract):
    alias = "database"
    flags = frozenset(
        {
            "supports_defer",
            "supports_async_task",
            "supports_get_result",
            "supports_priority",
            "is_remote",
        }
    )

    @pytest.fixture(autouse=True)
    def stored_by_path(self, database, monkeypatch):
        # It stores the path of a function, where it expects to find the task.
        monkeypatch.setattr(functions, "echo", framework.task(functions.echo))
