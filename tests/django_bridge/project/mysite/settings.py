"""A small project: invoices in SQLite, tasks to send them, a backend of every kind.

Set by the environment: `INVOICES_DB`, the database's file; `REDIS_PORT`, where
RQ's Redis listens on the loopback address; `TASKS_PACKAGE=1`, to make tasks of
the django-tasks package beside Django's own.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "only for tests"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_tasks_db",
    "django_rq",
    "billing",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("INVOICES_DB", BASE_DIR / "db.sqlite3"),
        # Notebook and worker write at the same time.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    },
}

HAS_OWN_TASKS = find_spec("django.tasks") is not None and not os.environ.get("TASKS_PACKAGE")
_FRAMEWORK = "django.tasks" if HAS_OWN_TASKS else "django_tasks"
_CLASS = "ImmediateBackend" if HAS_OWN_TASKS else "PackageImmediateBackend"

TASKS = {
    "default": {
        "BACKEND": f"immediate_tasks_ipy.django_bridge.{_CLASS}",
        "QUEUES": ["default", "mail"],
    },
    "database": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "mail"]},
    "rq": {"BACKEND": "django_tasks_rq.RQBackend", "QUEUES": ["default"]},
    "stock": {"BACKEND": f"{_FRAMEWORK}.backends.immediate.ImmediateBackend"},
    "dummy": {"BACKEND": f"{_FRAMEWORK}.backends.dummy.DummyBackend"},
}

# A failure is shown where the task is shown; without a handler, logging would print it too.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    "loggers": {"django_tasks": {"handlers": ["null"]}, "django.tasks": {"handlers": ["null"]}},
}

RQ_QUEUES = {
    "default": {"HOST": "127.0.0.1", "PORT": int(os.environ.get("REDIS_PORT", "6379")), "DB": 0},
}
