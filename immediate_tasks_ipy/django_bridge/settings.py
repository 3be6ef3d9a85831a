"""Django's settings: set up, or an error that says what is missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.apps import apps
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.core.exceptions import ImproperlyConfigured

from .errors import BridgeError


def setup(
    settings_module: str | None = None, project: str | os.PathLike[str] | None = None
) -> None:
    """Set Django up for this process: settings, applications, models.

    `settings_module` is a dotted path, by default that of
    `DJANGO_SETTINGS_MODULE`; `project` a directory to import it from. Nothing
    happens if Django is set up already. Raises BridgeError where it fails.
    """
    if project is not None:
        path = str(Path(project).resolve())
        if path not in sys.path:
            sys.path.insert(0, path)
    if settings_module is not None and not settings.configured:
        os.environ[ENVIRONMENT_VARIABLE] = settings_module
    module = os.environ.get(ENVIRONMENT_VARIABLE)
    if not module and not settings.configured:
        raise BridgeError(_NOT_CONFIGURED)
    try:
        django.setup()
    except Exception as error:
        where = f" (looked in {str(project)!r} too)" if project is not None else ""
        msg = (
            f"Django could not be set up with the settings {module!r}{where}: "
            f"{type(error).__name__}: {error}. Check the dotted path and the project's directory."
        )
        raise BridgeError(msg) from error


def is_ready() -> bool:
    """Whether Django is set up in this process: settings, applications, models."""
    return bool(apps.ready)


def require_settings() -> None:
    """Raise BridgeError unless Django is set up in this process."""
    if not settings.configured and not os.environ.get(ENVIRONMENT_VARIABLE):
        raise BridgeError(_NOT_CONFIGURED)
    if apps.ready:
        return
    try:
        installed = settings.INSTALLED_APPS
    except (ImportError, ImproperlyConfigured) as error:
        module = os.environ.get(ENVIRONMENT_VARIABLE)
        msg = (
            f"Django's settings {module!r} can't be imported: {error}. Correct "
            f"{ENVIRONMENT_VARIABLE}, or put the project's directory on sys.path."
        )
        raise BridgeError(msg) from error
    if installed:
        raise BridgeError(
            "Django is not set up in this notebook: run `import django; django.setup()`."
        )


_NOT_CONFIGURED = (
    f"Django's settings are not configured: set {ENVIRONMENT_VARIABLE} and call `django.setup()`, "
    "or use a kernel made by `python -m immediate_tasks_ipy install-kernel --django-settings ...`."
)
