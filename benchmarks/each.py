"""10,000 no-ops through `--each`, capture on, against bare `asyncio.gather` and a thread pool."""

from __future__ import annotations

import asyncio
import statistics
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

from immediate_tasks_ipy.batches import BatchRun, BatchStats, jobs_of_items
from immediate_tasks_ipy.task_history import Job, Origin, Submission, current_recorder
from immediate_tasks_ipy.tasks import default_task_backend, task_backends
from immediate_tasks_ipy.tasks.base import Task

ITEMS = 10_000
ROUNDS = 7
GATHER, POOL = "asyncio.gather, nothing else", "ThreadPoolExecutor(8).map"
ASYNC, THREADS = "--each, async, 32 at a time", "--each, sync, 8 at a time"


async def work(item):
    pass


def number(item):
    pass


async def bare():
    await asyncio.gather(*(work(item) for item in range(ITEMS)))


async def pool():
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(number, range(ITEMS)))


async def each(task, concurrency):
    backend, origin = task_backends["default"], Origin()

    def job(item):
        return Job(task, backend, (item,), {}, Submission(origin, backend))

    stats = BatchStats("work", ITEMS)
    run = BatchRun(jobs_of_items(range(ITEMS), job), stats=stats, concurrency=concurrency)
    assert len(await run.run()) == ITEMS


def seconds(function, *args):
    began = time.perf_counter()
    asyncio.run(function(*args))
    return time.perf_counter() - began


def measured(rounds=ROUNDS):
    """Seconds that each way took, by round."""
    recorder = current_recorder()
    async_task, sync_task = Task(func=work), Task(func=number)
    cases = {
        GATHER: (bare,),
        ASYNC: (each, async_task, 32),
        "--each, sync, in place": (each, sync_task, 1),
        POOL: (pool,),
        THREADS: (each, sync_task, 8),
    }
    times = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (function, *args) in cases.items():
            times[name].append(seconds(function, *args))
            recorder.clear()
    return times


def main():
    times = measured()
    print(f"{ITEMS:,} no-ops, medians of {ROUNDS} rounds")
    for name, values in times.items():
        median = statistics.median(values)
        if name in {GATHER, POOL}:
            base = median
        print(f"  {name:32} {median * 1000:8.1f} ms  {median / base:5.2f} x")

    tracemalloc.start()
    asyncio.run(each(Task(func=work), 32))
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"  retained in the history: {size / ITEMS:.0f} bytes a task (peak {peak / ITEMS:.0f})")


if __name__ == "__main__":
    assert default_task_backend is not None
    main()
