"""What an enqueue costs, side by side with Django and other task libraries.

    python benchmarks/enqueue.py [--rounds 25] [--only no-op]

All contenders run in this one process, in rounds whose order is shuffled, so
that whatever else the machine does hits them alike. A contender whose library
is not installed is left out:

    pip install "Django>=6.1" huey celery taskiq        # Python >= 3.12
    pip install "Django<6" django-tasks huey celery taskiq  # Python 3.11

Times are microseconds per task; ratios are against the first row of a table.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import logging
import platform
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from immediate_tasks_ipy.tasks import task, task_backends

Call = Callable[[], Any]
AsyncCall = Callable[[], Awaitable[Any]]

VALUES = {f"key{number}": number for number in range(50)}
ROWS = list(range(10))
OPTIONS = {"name": "invoice", "retries": 3, "tags": ["a", "b"], "nested": {"deep": None}}

#: What the design asks for: the ratio to Django's backend, and the Python it is for.
GOALS = {
    "no-op": 15,
    "data": 8,
    "failing": 2.5 if sys.version_info < (3, 12) else 2,
    "async no-op": 60,
}


def noop() -> None:
    pass


def data(rows: list[int], options: dict[str, Any]) -> dict[str, int]:  # noqa: ARG001
    return VALUES


def failing() -> None:
    raise ValueError("no such luck")


async def anoop() -> None:
    pass


def django_task() -> Callable[[Any], Any] | None:
    """Django's decorator, with its ImmediateBackend and its default logging."""
    try:
        import django
        from django.conf import settings
    except ImportError:
        return None
    package = "django.tasks" if django.VERSION >= (6,) else "django_tasks"
    apps = [] if django.VERSION >= (6,) else [package]
    backend = {"BACKEND": f"{package}.backends.immediate.ImmediateBackend"}
    settings.configure(INSTALLED_APPS=apps, TASKS={"default": backend})
    django.setup()
    # Django logs failures to stderr unless told otherwise: keep the cost, drop the text.
    for handler in logging.getLogger("django").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(Silent())
    logging.lastResort = logging.StreamHandler(Silent())
    return importlib.import_module(package).task


class Silent:
    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


def huey_task() -> Callable[[Any], Any] | None:
    try:
        from huey import MemoryHuey
    except ImportError:
        return None
    logging.getLogger("huey").setLevel(logging.CRITICAL)
    return MemoryHuey(immediate=True).task()


def celery_task() -> Callable[[Any], Any] | None:
    try:
        from celery import Celery
    except ImportError:
        return None
    app = Celery("benchmark", broker="memory://", backend="cache+memory://")
    app.conf.task_always_eager = True
    logging.getLogger("celery").setLevel(logging.CRITICAL)
    return app.task


def taskiq_broker() -> Any:
    try:
        from taskiq import InMemoryBroker
    except ImportError:
        return None
    return InMemoryBroker(await_inplace=True)


def sync_cases() -> Iterator[tuple[str, dict[str, Call]]]:
    """Each case with its contenders, ours first."""
    decorators = {
        "Django": django_task(),
        "huey, immediate": huey_task(),
        "Celery, eager": celery_task(),
    }
    for name, function, args in (
        ("no-op", noop, ()),
        ("data", data, (ROWS, OPTIONS)),
        ("failing", failing, ()),
    ):
        ours = task(function)
        calls: dict[str, Call] = {"immediate_tasks_ipy": bind(ours.enqueue, args)}
        for label, decorate in decorators.items():
            if decorate is None:
                continue
            theirs = decorate(function)
            send = getattr(theirs, "enqueue", None) or getattr(theirs, "delay", None) or theirs
            calls[label] = bind(send, args)
        if name != "failing":
            calls["the bare call"] = bind(function, args)
        yield name, calls


def bind(function: Callable[..., Any], args: tuple[Any, ...]) -> Call:
    return lambda: function(*args)


def async_contenders() -> dict[str, AsyncCall]:
    calls: dict[str, AsyncCall] = {"immediate_tasks_ipy": task(anoop).aenqueue}
    if "django" in sys.modules:
        import django

        package = "django.tasks" if django.VERSION >= (6,) else "django_tasks"
        calls["Django"] = importlib.import_module(package).task(anoop).aenqueue
    broker = taskiq_broker()
    if broker is not None:
        calls["taskiq, in memory"] = broker.task(anoop).kiq
    calls["the bare await"] = anoop
    return calls


def repeats(call: Call) -> int:
    """How many calls take about 5 milliseconds."""
    begin = time.perf_counter()
    for _ in range(5):
        call()
    each = (time.perf_counter() - begin) / 5
    return max(3, min(5000, int(0.005 / each)))


def measure(calls: dict[str, Call], rounds: int) -> dict[str, list[float]]:
    counts = {label: repeats(call) for label, call in calls.items()}
    times: dict[str, list[float]] = {label: [] for label in calls}
    for _ in range(rounds):
        for label in random.sample(list(calls), len(calls)):
            call, count = calls[label], range(counts[label])
            begin = time.perf_counter()
            for _ in count:
                call()
            times[label].append((time.perf_counter() - begin) / len(count) * 1e6)
    return times


async def ameasure(calls: dict[str, AsyncCall], rounds: int) -> dict[str, list[float]]:
    counts = {}
    for label, call in calls.items():
        begin = time.perf_counter()
        for _ in range(5):
            await call()
        counts[label] = max(3, min(5000, int(0.025 / (time.perf_counter() - begin))))
    times: dict[str, list[float]] = {label: [] for label in calls}
    for _ in range(rounds):
        for label in random.sample(list(calls), len(calls)):
            call, count = calls[label], range(counts[label])
            begin = time.perf_counter()
            for _ in count:
                await call()
            times[label].append((time.perf_counter() - begin) / len(count) * 1e6)
    return times


def table(title: str, times: dict[str, list[float]]) -> None:
    goal = f" (to reach: {GOALS[title]:g} times cheaper than Django)" if title in GOALS else ""
    print(f"\n{title}{goal}")
    print(f"  {'':24}{'median':>10}{'minimum':>10}{'ratio':>8}{'of minima':>11}")
    ours = next(iter(times.values()))
    for label, taken in times.items():
        median, least = statistics.median(taken), min(taken)
        ratio, of_minima = median / statistics.median(ours), least / min(ours)
        print(f"  {label:24}{median:10.2f}{least:10.2f}{ratio:8.2f}{of_minima:11.2f}")


def memory() -> None:
    """Bytes that a finished no-op result retains; `history.py` counts its history entry too."""
    enqueue = task(noop).enqueue
    kept: list[Any] = [None] * 10_000
    enqueue()
    gc.collect()
    tracemalloc.start()
    for index in range(len(kept)):
        kept[index] = enqueue()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print("\nretained per finished no-op result")
    print(f"  {size / len(kept):.0f} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description="What an enqueue costs.")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--only", help="one table: no-op, data, failing, async no-op, memory")
    options = parser.parse_args()
    task_backends.configure(None)
    print(f"Python {platform.python_version()}, microseconds per task, {options.rounds} rounds")
    for title, calls in sync_cases():
        if options.only in {None, title}:
            table(title, measure(calls, options.rounds))
    if options.only in {None, "async no-op"}:
        table("async no-op", asyncio.run(ameasure(async_contenders(), options.rounds)))
    if options.only in {None, "memory"}:
        memory()


if __name__ == "__main__":
    main()
