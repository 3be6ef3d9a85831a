"""The backend for the django-tasks package."""

from __future__ import annotations

from django_tasks.backends import immediate

from .family import PACKAGE
from .immediate import ImmediateExecution


class PackageImmediateBackend(ImmediateExecution, immediate.ImmediateBackend):
    """The package's ImmediateBackend, for notebooks too: runs a task in this process, at once."""

    family = PACKAGE
