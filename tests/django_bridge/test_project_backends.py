"""The project's own backends, from the notebook: which, and what is wrong with them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest
from billing import tasks
from billing.framework import task
from django.conf import settings
from django.test import override_settings

from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.django_bridge import BridgeError, ProjectBackend, backend_for
from immediate_tasks_ipy.tasks import task as our_task
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.foreign import adapt
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .conftest import PROJECT


def backend_of(alias):
    """The backend that Django itself uses for an alias."""
    return tasks.add.using(backend=alias).get_backend()


def script(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT.parents[2]}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_task_of_django_is_recognised():
    assert django_bridge.is_django_task(tasks.add)
    assert not django_bridge.is_django_task(tasks.add.func)
    assert not django_bridge.is_django_task(our_task(tasks.add.func))
    assert not django_bridge.is_django_task(None)


def test_the_aliases_are_those_of_the_settings():
    assert django_bridge.aliases() == ["default", "database", "rq", "stock", "dummy"]


def test_without_an_alias_the_settings_are_not_asked():
    with override_settings(TASKS={}):
        own = backend_for(tasks.add, None)
        assert own.enqueue(tasks.add, (1, 2), {}).return_value == 3

    assert own is backend_for(tasks.add, None)
    assert own.finishes_tasks
    assert own.supports_cancel


async def test_an_alias_of_djangos_immediate_backend_works_in_a_cell():
    backend = backend_for(tasks.aadd, "stock")
    result = backend.enqueue(tasks.aadd, (1, 2), {})

    assert result.return_value == 3
    assert result.backend == "stock"


def test_the_bridge_in_the_settings_is_used_itself():
    assert backend_for(tasks.add, "default") is tasks.add.get_backend()


@pytest.mark.usefixtures("invoices")
async def test_a_queueing_backend_is_usable_in_a_cell():
    backend = backend_for(tasks.add, "database")
    results = [
        backend.enqueue(tasks.add, (1, 2), {}),
        await backend.aenqueue(tasks.add, (1, 2), {}),
        backend.submit(tasks.add, (1, 2), {}),
    ]

    assert [result.status for result in results] == ["READY"] * 3
    assert [result.task.backend for result in results] == ["database"] * 3
    assert backend.get_result(results[0].id).status == "READY"
    assert not backend.finishes_tasks
    assert backend.supports_get_result
    with pytest.raises(TaskNotCancellable, match="where its worker runs"):
        backend.cancel(results[0])
    with pytest.raises(TaskNotCancellable, match="where its worker runs"):
        backend.cancel(results[0], error=TimeoutError("a batch names what its items fail with"))


#: What no flag of Django's says: supports_cancel, finishes_tasks, is_remote.
FLAGS = {
    None: (True, True, False),
    "default": (True, True, False),
    "stock": (True, True, False),
    "database": (False, False, True),
    "rq": (False, False, True),
    "dummy": (False, False, False),
}


@pytest.mark.parametrize("alias", FLAGS)
def test_every_backend_is_one_of_ours_with_the_flags_of_the_projects(alias):
    backend = backend_for(tasks.add, alias)
    theirs = backend_of(alias or "stock")

    assert isinstance(backend, BaseTaskBackend)
    assert adapt(backend) is backend
    for flag in ("supports_defer", "supports_async_task", "supports_get_result"):
        assert getattr(backend, flag) == getattr(theirs, flag)
    assert backend.supports_priority == theirs.supports_priority
    assert FLAGS[alias] == (backend.supports_cancel, backend.finishes_tasks, backend.is_remote)
    backend.close()


@pytest.mark.parametrize("alias", ["database", "rq", "dummy"])
def test_a_backend_of_the_project_is_adapted_wherever_it_is_met(alias):
    theirs = backend_of(alias)

    assert isinstance(adapt(theirs), ProjectBackend)
    assert adapt(theirs) == adapt(theirs)
    assert adapt(theirs).foreign is theirs
    assert list(adapt(theirs).check()) == []


def test_djangos_immediate_backend_is_replaced_by_the_bridges_wherever_it_is_met():
    theirs = backend_of("stock")
    adapted = adapt(theirs)

    assert type(adapted) is type(backend_for(tasks.add, None))
    assert adapted is backend_for(tasks.add, "stock")
    assert (adapted.alias, adapted.queues) == ("stock", theirs.queues)


def test_a_name_that_stands_for_a_backend_of_django_is_followed():
    module = importlib.import_module("django.tasks" if settings.HAS_OWN_TASKS else "django_tasks")

    assert adapt(module.default_task_backend) is backend_of("default")


def test_an_unknown_alias_names_those_there_are():
    with pytest.raises(BridgeError, match=r"'fast' in the project's TASKS, which has 'default', "):
        backend_for(tasks.add, "fast")


def test_a_backend_that_can_not_be_imported_is_named():
    with (
        override_settings(TASKS={"default": {"BACKEND": "no.such.Backend"}}),
        pytest.raises(BridgeError, match=r"'default' can't be used.*no.such.Backend.*TASKS"),
    ):
        backend_for(tasks.add, "default")


def test_a_queue_that_is_not_allowed_names_those_that_are():
    with pytest.raises(BridgeError, match=r"'rq' has no queue 'mail': choose one of 'default'"):
        django_bridge.prepare(tasks.remind, "rq")

    chosen, backend = django_bridge.prepare(tasks.remind, "database", queue_name="default")
    assert (chosen.queue_name, chosen.backend, backend.alias) == ("default", "database", "database")


def test_a_priority_that_the_backend_does_not_support_is_refused():
    with pytest.raises(BridgeError, match=r"'rq'.*does not support setting priority"):
        django_bridge.prepare(tasks.add, "rq", priority=3)


def test_the_unregistered_backend_takes_any_queue_on_the_line():
    chosen, backend = django_bridge.prepare(tasks.add, None, queue_name="anywhere", priority=5)

    result = backend.enqueue(chosen, (1, 2), {})
    assert result.return_value == 3
    assert (result.task.queue_name, result.task.priority) == ("anywhere", 5)


def test_a_task_of_the_notebook_is_refused_where_a_worker_could_not_import_it():
    def local(): ...

    local.__module__, local.__qualname__ = "__main__", "local"
    mine = task(local)

    with pytest.raises(
        BridgeError, match=r"worker of 'database' could not import '__main__\.local'"
    ):
        backend_for(mine, "database")
    assert backend_for(mine, "dummy").alias == "dummy"
    assert backend_for(mine, None).enqueue(mine, (), {}).status == "SUCCESSFUL"
    with pytest.raises(BridgeError, match="move it to a module of the project"):
        backend_for(local, "database")


def test_what_is_no_task_of_django_is_refused():
    with pytest.raises(BridgeError, match="'add' is not a task of Django: decorate it"):
        backend_for(our_task(tasks.add.func), None)


def test_settings_that_are_not_configured_are_reported():
    code = """
from immediate_tasks_ipy import django_bridge
print(django_bridge.aliases())
try:
    django_bridge.backend_for(print, None)
except django_bridge.BridgeError as error:
    print(error)
"""
    done = script(code, DJANGO_SETTINGS_MODULE="")

    assert done.stdout.splitlines()[0] == "[]"
    assert "set DJANGO_SETTINGS_MODULE and call `django.setup()`" in done.stdout


def test_settings_that_can_not_be_imported_are_reported():
    code = """
from immediate_tasks_ipy import django_bridge
ask = lambda: django_bridge.backend_for(print, None)
for call in (ask, lambda: django_bridge.setup("no.such")):
    try:
        call()
    except django_bridge.BridgeError as error:
        print(error)
"""
    done = script(code, DJANGO_SETTINGS_MODULE="no.such")

    assert done.stdout.count("'no.such'") == 2, done.stderr
    assert "Correct DJANGO_SETTINGS_MODULE" in done.stdout


def test_a_project_that_is_not_set_up_is_reported():
    code = """
from immediate_tasks_ipy import django_bridge
try:
    django_bridge.backend_for(print, None)
except django_bridge.BridgeError as error:
    print(error)
"""
    assert "run `import django; django.setup()`" in script(code).stdout


def test_without_django_the_import_names_the_cure():
    code = "import sys; sys.modules['django'] = None; import immediate_tasks_ipy.django_bridge"

    assert 'pip install "immediate_tasks_ipy[django]"' in script(code).stderr


def test_a_django_that_is_too_old_is_refused():
    code = (
        "import django; django.VERSION = (4, 1, 0, 'final', 0); "
        "import immediate_tasks_ipy.django_bridge"
    )

    assert "is too old" in script(code).stderr


def test_importing_the_bridge_imports_no_framework():
    code = """
import sys
from immediate_tasks_ipy import django_bridge
print({"django.tasks", "django_tasks"} & sys.modules.keys())
"""
    assert script(code).stdout.strip() == "set()"
