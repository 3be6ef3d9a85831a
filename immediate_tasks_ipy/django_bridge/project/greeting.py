"""What a kernel is connected to, in two lines."""

from __future__ import annotations

import os

import django
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.db import connections

from .remote_database import described

#: Models that are named.
NAMED = 8


def greeting(imported: list[str]) -> str:
    """Settings, DEBUG and databases, and how many models were imported by name. Never raises."""
    module = os.environ.get(ENVIRONMENT_VARIABLE) or "settings.configure()"
    try:
        lines = [f"Django {django.get_version()}, {module}, DEBUG = {settings.DEBUG}"]
        for alias, database in connections.settings.items():
            lines.append(f"  database {alias!r}: {described(database)}")
    except Exception as error:
        return f"Django's settings {module} can't be read: {error}"
    if imported:
        names = ", ".join([*imported[:NAMED], *["…"][: max(0, len(imported) - NAMED)]])
        lines.append(f"  imported: {names} (%config ImmediateTasks.import_models)")
    return "\n".join(lines)
