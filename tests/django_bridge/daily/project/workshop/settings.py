"""A project as a developer has it: DEBUG, Django's default logging, a database of either kind.

Set by the environment: `SHOP_DB`, SQLite's file or `:memory:`; `SHOP_PG_PORT`, for PostgreSQL on
the loopback address instead.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

SECRET_KEY = "only for tests"
DEBUG = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_tasks_db",
    "shop",
]

if os.environ.get("SHOP_PG_PORT"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ.get("SHOP_PG_NAME", "shop"),
            "USER": "postgres",
            "HOST": os.environ.get("SHOP_PG_HOST", "127.0.0.1"),
            "PORT": os.environ["SHOP_PG_PORT"],
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["SHOP_DB"],
            "OPTIONS": {"timeout": 5},
        }
    }

HAS_OWN_TASKS = find_spec("django.tasks") is not None
FRAMEWORK = "django.tasks" if HAS_OWN_TASKS else "django_tasks"
TASKS = {
    "default": {
        "BACKEND": "immediate_tasks_ipy.django_bridge.ImmediateBackend",
        "QUEUES": ["default", "mail"],
    },
    "database": {"BACKEND": "django_tasks_db.DatabaseBackend"},
    "stock": {"BACKEND": f"{FRAMEWORK}.backends.immediate.ImmediateBackend"},
}
if os.environ.get("SHOP_GONE"):
    # Django's own check would end every command of manage.py.
    TASKS["gone"] = {"BACKEND": "no.such.Backend"}
