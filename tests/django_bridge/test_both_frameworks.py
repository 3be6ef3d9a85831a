"""The django-tasks package beside Django's own tasks, in one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.services import ROOT

from .conftest import PROJECT


def test_the_packages_tasks_do_as_djangos_do_beside_them():
    here = Path(__file__).parent
    quiet = ["-q", "-p", "no:cacheprovider"]
    names = ["test_immediate_backend.py", "test_where_code_runs.py", "test_cancelling.py"]
    environment = {key: os.environ[key] for key in os.environ if key != "DJANGO_SETTINGS_MODULE"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, *map(here.joinpath, names)],
        cwd=ROOT,
        env=environment | {"TASKS_PACKAGE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_each_task_goes_by_its_own_framework():
    code = """
from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.django_bridge import ImmediateBackend, PackageImmediateBackend, backend_for
from immediate_tasks_ipy.task_history import Recorder
django_bridge.setup("mysite.settings")
import django.tasks, django_tasks

def add(a, b):
    return a + b

mine = django.tasks.task(add)
theirs = PackageImmediateBackend("theirs", {}).task_class(func=add, backend="stock")
history = Recorder()
django_bridge.observe(history)
for task, backend in ((mine, ImmediateBackend), (theirs, PackageImmediateBackend)):
    assert django_bridge.is_django_task(task)
    own = backend_for(task, None)
    assert type(own) is backend
    result = own.enqueue(task, (1, 2), {})
    assert result.return_value == 3 and isinstance(task, backend.task_class)
print(len(history))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "2", done.stderr


def test_the_drop_in_sends_the_packages_signals_of_tasks_that_the_package_made():
    code = """
import asyncio
from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.task_history import Recorder
django_bridge.setup("mysite.settings")
import django.tasks.signals, django_tasks.signals

def add(a, b):
    return a + b

recorder = Recorder()
django_bridge.observe(recorder)
heard = []
for framework in (django.tasks, django_tasks):
    for name in ("task_enqueued", "task_started", "task_finished"):
        def receive(*, framework=framework.__name__, name=name, task_result, **_):
            heard.append((framework, name, type(task_result).__module__))
        getattr(framework.signals, name).connect(receive, weak=False)

for framework in (django.tasks, django_tasks):
    task = framework.task(add).using(priority=1)
    told = [django.tasks, django_tasks] if framework is django_tasks else [django.tasks]
    own = django_bridge.backend_for(task, None)
    for way in (
        lambda: task.enqueue(1, 2),
        lambda: asyncio.run(task.aenqueue(1, 2)),
        lambda: own.enqueue(task, (1, 2), {}),
        lambda: asyncio.run(own.aenqueue(task, (1, 2), {})),
        lambda: django_bridge.prepare(task, "default")[1].enqueue(task, (1, 2), {}),
    ):
        assert way().return_value == 3
        expected = [
            (each.__name__, name, "django.tasks.base")
            for name in ("task_enqueued", "task_started", "task_finished")
            for each in told
        ]
        assert heard == expected, heard
        assert len(recorder) == 1 and len(next(iter(recorder)).lifecycle) == 3
        recorder.clear()
        heard.clear()
print("heard")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "heard", done.stderr
