"""The contract, and the bridge to Django, on a Python that Django's own `django.tasks` runs on.

Django 6 needs Python 3.12. An older Python runs these tests with the django-tasks package, the
forerunner of `django.tasks`; here another Python of the machine runs them with the norm itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import pytest

from tests.support.environments import environment, newest_python
from tests.support.services import ROOT

#: What the tests below import, beside the package with its extra for Django.
NEEDED = ("hypothesis", "pytest", "pytest-asyncio", "pytest-timeout", "uv",
          "django-tasks", "django-tasks-db", "django-tasks-rq", "redis", "rq")  # fmt: skip

#: Django in this process: what needs a server or a worker beside it runs on the other Python.
BRIDGE = ("cancelling", "contract", "immediate_backend", "rerun", "signals", "where_code_runs")
TESTS = ("tests/contract", *(f"tests/django_bridge/test_{name}.py" for name in BRIDGE))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="This Python runs them with django.tasks.")
def test_the_contract_holds_on_djangos_own_tasks():
    python = newest_python((3, 12), below=(3, 15))
    if python is None:
        pytest.skip("No Python from 3.12 to 3.14 is found, which django.tasks needs.")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    tests = [line for line in extras["test"] if re.split(r"[\[<>=]", line)[0] in NEEDED]
    own = ("DJANGO_SETTINGS_MODULE", "INVOICES_DB", "PYTEST_", "TEST_RUN_FOLDER")

    done = subprocess.run(
        [environment("django-tasks", *extras["django"], *tests, python=python), "-m", "pytest",
         "-q", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib --strict-markers",
         "-rs", *TESTS],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(own)}
        | {"CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
