"""Which backends there are, and which of them run a task."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from immediate_tasks_ipy.tasks import Task, TaskResult, task, task_backends

from .environments import Environment
from .findings import Finding, Level

SECTION = "Backends"
#: Seconds that a backend has to run a task.
PATIENCE = 60.0

_DJANGO = """\
import sys
try:
    from immediate_tasks_ipy import django_bridge
    django_bridge.setup(sys.argv[1], sys.argv[2])
except Exception as error:
    sys.exit(str(error))
for alias in django_bridge.aliases():
    try:
        print(f"django:{alias}: {django_bridge.project_backend(alias).class_name}")
    except Exception as error:
        print(f"django:{alias}: does not load: {error}")
"""


def answer(question: int) -> int:
    """The function of the task that a backend is asked to run."""
    return question + 1


def own_backends(aliases: Iterable[str], *, run_all: bool) -> Iterator[Finding]:
    """The backends of these aliases; all but `default` are started only if `run_all`."""
    for alias in aliases:
        try:
            backend = task_backends[alias]
        except Exception as error:
            yield Finding(SECTION, Level.NOTE, f"{alias}: not available.", str(error))
            continue
        if not (run_all or alias == "default"):
            text = f"{alias}: {backend.class_name} is installed. `doctor --run` runs a task on it."
            yield Finding(SECTION, Level.OK, text)
            continue
        try:
            failure = _run(task(backend=alias)(answer))
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        finally:
            backend.close()
        if failure:
            yield Finding(SECTION, Level.PROBLEM, f"{alias}: no answer.", failure)
        else:
            yield Finding(SECTION, Level.OK, f"{alias}: {backend.class_name} runs tasks.")


def _run(question: Task[..., Any]) -> str:
    """Run a task to its end; what went wrong, or nothing."""
    result: TaskResult[Any] = question.enqueue(1)
    until = time.monotonic() + PATIENCE
    while not result.is_finished:
        if time.monotonic() > until:
            return f"A task is {result.status} after {PATIENCE:.0f} seconds."
        time.sleep(0.05)
    return result.errors[0].traceback.strip().splitlines()[-1] if result.errors else ""


def django_backends(here: Environment, settings: str | None, project: str) -> Iterator[Finding]:
    """What there is of Django, and the aliases of a project's TASKS."""
    django, package = (here.versions.get(name) for name in ("Django", "django-tasks"))
    if django is None:
        cure = f"For a Django project: {here.install('immediate_tasks_ipy[django]')}"
        yield Finding(SECTION, Level.NOTE, "Django is not installed.", cure)
        return
    has_own = int(django.split(".")[0]) >= 6  # noqa: PLR2004 - the first with django.tasks
    if not has_own and package is None:
        text = f"Django {django} has no tasks of its own."
        cure = f"Install the package that brings them: {here.install('django-tasks>=0.12')}"
        yield Finding(SECTION, Level.PROBLEM, text, cure)
        return
    source = "django.tasks" if has_own else f"the django-tasks package {package}"
    yield Finding(SECTION, Level.OK, f"Django {django}, with {source}.")
    if settings is None:
        text = "No settings are named, so no project's backends are looked at."
        cure = "To look at them: add --django-settings mysite.settings --project DIRECTORY."
        yield Finding(SECTION, Level.NOTE, text, cure)
        return
    if not Path(project).is_dir():
        text = f"There is no directory {project!r}."
        cure = "Name the one that has manage.py: --project DIRECTORY."
        yield Finding(SECTION, Level.PROBLEM, text, cure)
        return
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, with the user's own settings
            [sys.executable, "-c", _DJANGO, settings, project],
            cwd=project,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        text = f"The settings {settings!r} have not loaded after {PATIENCE:.0f} seconds."
        cure = "Look for what they wait for: a database or a server that does not answer."
        yield Finding(SECTION, Level.PROBLEM, text, cure)
        return
    if done.returncode:
        cure = (done.stderr.strip().splitlines() or ["It said nothing."])[-1]
        yield Finding(SECTION, Level.PROBLEM, f"The settings {settings!r} do not load.", cure)
        return
    for line in done.stdout.splitlines():
        level = Level.PROBLEM if "does not load:" in line else Level.OK
        yield Finding(SECTION, level, line)
