"""Django's signals feed the recorder, whichever code enqueues."""

from __future__ import annotations

import os
import subprocess
import sys

from billing import tasks

from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.task_history import Recorder

from .conftest import PROJECT


def test_every_way_to_enqueue_makes_one_row(recorder):
    result = tasks.add.enqueue(1, 2)

    assert recorder.results == [result]
    assert recorder.entry_of(result).signals == 7


def test_observing_again_makes_no_second_row(recorder):
    for _ in range(3):
        django_bridge.observe(recorder)
    tasks.add.enqueue(1, 2)

    assert len(recorder) == 1


def test_histories_do_not_get_into_each_others_way(recorder):
    other = Recorder()
    django_bridge.observe(other)
    tasks.add.enqueue(1, 2)
    django_bridge.unobserve(other)
    tasks.add.enqueue(3, 4)

    assert len(other) == 1
    assert len(recorder) == 2


def test_an_exception_stays_for_post_mortem(recorder):
    result = tasks.fail.enqueue()

    assert isinstance(recorder.exception(result), LookupError)


async def test_an_exception_stays_for_post_mortem_on_a_loop(recorder):
    for result in (await tasks.fail.aenqueue(), tasks.fail.enqueue()):
        assert isinstance(recorder.exception(result), LookupError)


def test_a_framework_that_is_imported_later_is_observed_then():
    code = """
import sys
from immediate_tasks_ipy import django_bridge
from immediate_tasks_ipy.task_history import Recorder
history = Recorder()
django_bridge.observe(history)
assert not {"django.tasks", "django_tasks", "django.db.models"} & sys.modules.keys()
django_bridge.setup("mysite.settings")
from billing import tasks
django_bridge.observe(history)
tasks.add.enqueue(1, 2)
print(len(history))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT.parents[2]}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "1", done.stderr
