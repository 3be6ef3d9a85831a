"""The backend for `django.tasks`."""

from __future__ import annotations

from django.tasks.backends import immediate

from .family import DJANGO
from .immediate import ImmediateExecution


class ImmediateBackend(ImmediateExecution, immediate.ImmediateBackend):  # type: ignore[misc]
    """Django's ImmediateBackend, for notebooks too: runs a task in this process, at once."""

    family = DJANGO
