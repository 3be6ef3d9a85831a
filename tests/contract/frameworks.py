"""The frameworks that the contract holds for, and every difference between them.

`django.tasks` of Django 6.1 is the norm. A test asks `framework.differs(topic)`
where one of the others states a difference; `DIFFERENCES` lists them all.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tests.support.services import require

#: (framework, topic) -> why. A topic that is missing here is one on which all agree.
DIFFERENCES = {
    # The django-tasks package, which is older than its merge into Django.
    ("django-tasks", "names"): "its exceptions are InvalidTaskError and InvalidTaskBackendError",
    ("django-tasks", "messages"): "it refuses 'async tasks' where Django refuses 'async Tasks'",
    ("django-tasks", "run_after"): "its decorator passes run_after twice: Python's own TypeError",
    ("django-tasks", "pickle"): "it has no Task._reconstruct: tasks pickle with their function",
    # This package.
    ("ours", "interrupt"): "a KeyboardInterrupt finishes the result: nothing stays RUNNING",
    ("ours", "instances"): "one backend per alias, or worker ids would change with the thread",
    ("ours", "receivers"): "a receiver that raises fails the result, and task_finished is sent",
    ("ours", "tracebacks"): "a traceback begins in the task's function, not in the framework",
    ("ours", "copies"): "a task is its own copy: one of a notebook has no path to be copied by",
    ("ours", "loop"): "enqueue of an async task works while a loop is running in the thread",
    ("ours", "receiver threads"): "aenqueue calls sync receivers on the loop's thread",
    # The bridge's backend in the place of Django's.
    ("bridge", "interrupt"): "a KeyboardInterrupt finishes the result: nothing stays RUNNING",
    ("bridge", "receivers"): "a receiver that raises fails the result, and task_finished is sent",
    ("bridge", "tracebacks"): "a traceback begins in the task's function, not in the framework",
    ("bridge", "loop"): "enqueue of an async task works while a loop is running in the thread",
}


@dataclass(frozen=True)
class Framework:
    """One implementation of the contract, addressed by Django's names."""

    name: str
    package: str
    logger: str

    def __str__(self) -> str:
        return self.name

    def module(self, path: str = "") -> ModuleType:
        return importlib.import_module(f"{self.package}.{path}" if path else self.package)

    def differs(self, topic: str) -> str | None:
        """Return the reason for a difference, or None."""
        reason = DIFFERENCES.get((self.name, topic))
        if reason is None and self.name == "bridge" and self.package == PACKAGE.package:
            reason = DIFFERENCES.get((PACKAGE.name, topic))
        return reason

    def exception(self, name: str) -> type[Exception]:
        exceptions = self.module("exceptions")
        if self.differs("names"):
            older = {"InvalidTask": "InvalidTaskError"}
            older["InvalidTaskBackend"] = "InvalidTaskBackendError"
            name = older.get(name, name)
        return getattr(exceptions, name)

    def configure(self, mapping: dict[str, Any] | None) -> None:
        """Take a mapping as the TASKS setting."""
        handler = self.module().task_backends
        if self.name == "ours":
            handler.configure(mapping)
            return
        from asgiref.local import Local

        if mapping is None:
            mapping = {"default": {"BACKEND": self.path("immediate.ImmediateBackend")}}
        handler._settings = handler.settings = mapping
        handler._connections = Local()

    def restore(self) -> None:
        """Go back to the settings of the process: other tests' tasks are made from them."""
        if self.name == "ours":
            self.configure(None)
            return
        from asgiref.local import Local

        handler = self.module().task_backends
        handler._settings = None
        handler.__dict__.pop("settings", None)
        handler._connections = Local()

    def path(self, backend: str) -> str:
        if self.name == "bridge" and backend == "immediate.ImmediateBackend":
            return f"immediate_tasks_ipy.django_bridge.{self._bridge_class}"
        return f"{self.package}.backends.{backend}"

    def backend_class(self, kind: str) -> type:
        name = f"{kind.capitalize()}Backend"
        if self.name == "bridge" and kind == "immediate":
            bridge = importlib.import_module("immediate_tasks_ipy.django_bridge")
            return getattr(bridge, self._bridge_class)
        return getattr(self.module(f"backends.{kind}"), name)

    @property
    def _bridge_class(self) -> str:
        return "ImmediateBackend" if self.package == "django.tasks" else "PackageImmediateBackend"

    def task(self, function: Any = None, **options: Any) -> Any:
        return self.module().task(function, **options)

    def available(self) -> None:
        """Skip, or fail on CI, where this framework can't run."""
        if self.name == "ours":
            return
        try:
            import django
            from django.conf import settings
        except ImportError:
            require(False, "Django is not installed")
        if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
            settings.configure(USE_TZ=True)
            django.setup()
        try:
            self.module()
        except ImportError as error:
            require(False, f"{self.package} can't be imported: {error}")


OURS = Framework("ours", "immediate_tasks_ipy.tasks", "immediate_tasks_ipy.tasks")
DJANGO = Framework("django", "django.tasks", "django.tasks")
PACKAGE = Framework("django-tasks", "django_tasks", "django_tasks")

#: The one of Django's that this Python can run: Django has its own from 6.0 on, which needs 3.12.
DJANGOS = DJANGO if sys.version_info >= (3, 12) else PACKAGE
#: The same with the bridge's ImmediateBackend.
BRIDGE = Framework("bridge", DJANGOS.package, DJANGOS.logger)

FRAMEWORKS = [OURS, DJANGOS, BRIDGE]
