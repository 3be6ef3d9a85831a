"""The bridge's enqueue against Django's own ImmediateBackend, in one process.

Both with Django's default logging; medians over interleaved rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import time

import django
from django.conf import settings

BACKEND = "immediate_tasks_ipy.django_bridge.ImmediateBackend"
settings.configure(TASKS={"default": {"BACKEND": BACKEND}})
django.setup()

from immediate_tasks_ipy.django_bridge import ImmediateBackend  # noqa: E402 # needs the settings
from immediate_tasks_ipy.django_bridge.family import preferred_family  # noqa: E402

CALLS, ROUNDS = 300, 15

family = preferred_family()
stock_class = ImmediateBackend.__bases__[-1]
task = family.top.task


def noop():
    pass


async def anoop():
    pass


def fail():
    msg = "no"
    raise ValueError(msg)


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


def microseconds(way, backend, each):
    began = time.perf_counter()
    way(backend, each)
    return (time.perf_counter() - began) / CALLS * 1e6


def main():
    import logging

    logging.getLogger(family.module).handlers = [logging.NullHandler()]
    logging.getLogger(family.module).propagate = False
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
    print(f"{family.label}, Django {django.get_version()}; microseconds a task")
    print(f"{'':36}{'Django':>9}{'bridge':>9}{'ratio':>8}")
    for (label, _, name, _), (theirs, ours_) in times.items():
        bridge = statistics.median(ours_)
        if theirs:
            base = statistics.median(theirs)
            print(f"{label + ', ' + name:36}{base:9.1f}{bridge:9.1f}{base / bridge:7.2f}x")
        else:
            print(f"{label + ', ' + name:36}{'fails':>9}{bridge:9.1f}")


if __name__ == "__main__":
    main()
