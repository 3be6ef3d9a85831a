"""The bridge's enqueue against Django's own ImmediateBackend, its lens and its dry run.

In one process, on a SQLite file; medians over interleaved rounds. With and without the lens
is with and without a history that observes; Django's own way to see queries is beside it.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import django
from django.conf import settings

BACKEND = "immediate_tasks_ipy.django_bridge.ImmediateBackend"
FOLDER = tempfile.TemporaryDirectory()
settings.configure(
    TASKS={"default": {"BACKEND": BACKEND}},
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(FOLDER.name, "db.sqlite3")),
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes"],
)
django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402 # needs the settings
from django.db import connection  # noqa: E402

from immediate_tasks_ipy.django_bridge import ImmediateBackend  # noqa: E402 # needs the settings
from immediate_tasks_ipy.django_bridge.frameworks import preferred_framework  # noqa: E402

CALLS, ROUNDS = 300, 15
#: Of a task that is looked at.
QUERIES = 20

framework = preferred_framework()
stock_class = ImmediateBackend.__bases__[-1]
task = framework.top.task


def noop():
    pass


async def anoop():
    pass


def fail():
    msg = "no"
    raise ValueError(msg)


def raw():
    with connection.cursor() as cursor:
        for _ in range(QUERIES):
            cursor.execute("select 1")


def orm():
    for _ in range(QUERIES):
        ContentType.objects.count()


def in_place(backend, each):
    for _ in range(CALLS):
        backend.enqueue(each, (), {})


def below_a_loop(backend, each):
    async def main():
        in_place(backend, each)

    asyncio.run(main())


def awaited(backend, each):
    async def main():
        for _ in range(CALLS):
            await backend.aenqueue(each, (), {})

    asyncio.run(main())


def inspections():
    """Microseconds of a task with queries: bare, debug cursor, lens, limited, dry."""
    from django.core.management import call_command
    from django.test.utils import CaptureQueriesContext

    from immediate_tasks_ipy import django_bridge
    from immediate_tasks_ipy.task_history import Recorder

    global CALLS
    CALLS = 20
    call_command("migrate", run_syncdb=True, verbosity=0)
    backend = ImmediateBackend("default", {})
    watched = {
        "lens": backend,
        "lens, --max-queries": backend.inspecting(django_bridge.Inspection(max_queries=10**6)),
        "dry run": backend.inspecting(django_bridge.Inspection(dry_run=True)),
    }
    cases = {"no query": task(noop), f"{QUERIES} raw": task(raw), f"{QUERIES} count()": task(orm)}
    recorder = Recorder()
    ways = ["bare", "debug cursor", *watched]
    times = {(name, way): [] for name in cases for way in ways}
    for _ in range(ROUNDS):
        for name, each in cases.items():
            times[name, "bare"].append(microseconds(in_place, backend, each))
            with CaptureQueriesContext(connection):
                times[name, "debug cursor"].append(microseconds(in_place, backend, each))
            django_bridge.observe(recorder)
            backend.enqueue(each, (), {})  # installs the lens, once in a process of a user's
            for way, watching in watched.items():
                times[name, way].append(microseconds(in_place, watching, each))
            django_bridge.unobserve(recorder)
            django_bridge.lens.uninstall()
    print("\nmicroseconds a task, in place; the history that the lens needs included")
    print(f"{'':16}" + "".join(f"{way:>22}" for way in ways))
    for name in cases:
        row = [statistics.median(times[name, way]) for way in ways]
        print(f"{name:16}" + "".join(f"{value:22.1f}" for value in row))


def microseconds(way, backend, each):
    began = time.perf_counter()
    way(backend, each)
    return (time.perf_counter() - began) / CALLS * 1e6


def main():
    import logging

    logging.getLogger(framework.module).handlers = [logging.NullHandler()]
    logging.getLogger(framework.module).propagate = False
    stock, ours = stock_class("default", {}), ImmediateBackend("default", {})
    tasks = {"no-op": task(noop), "async no-op": task(anoop), "failing": task(fail)}
    cases = [
        ("enqueue", in_place, "no-op", True),
        ("enqueue", in_place, "failing", True),
        ("enqueue", in_place, "async no-op", True),
        ("aenqueue", awaited, "no-op", True),
        ("aenqueue", awaited, "async no-op", True),
        ("enqueue below a loop", below_a_loop, "no-op", True),
        ("enqueue below a loop", below_a_loop, "async no-op", False),
    ]
    times = {case: ([], []) for case in cases}
    for _ in range(ROUNDS):
        for case in cases:
            _, way, name, stock_can = case
            if stock_can:
                times[case][0].append(microseconds(way, stock, tasks[name]))
            times[case][1].append(microseconds(way, ours, tasks[name]))
    print(f"{framework.label}, Django {django.get_version()}; microseconds a task")
    print(f"{'':36}{'Django':>9}{'bridge':>9}{'ratio':>8}")
    for (label, _, name, _), (theirs, ours_) in times.items():
        bridge = statistics.median(ours_)
        if theirs:
            base = statistics.median(theirs)
            print(f"{label + ', ' + name:36}{base:9.1f}{bridge:9.1f}{base / bridge:7.2f}x")
        else:
            print(f"{label + ', ' + name:36}{'fails':>9}{bridge:9.1f}")
    inspections()


if __name__ == "__main__":
    main()
