"""Tasks in processes and on a Dask cluster: what one costs, and what many cores gain.

    python benchmarks/scale_out.py [--tasks 10000] [--rounds 3]

Both sides of a ratio use the same workers, one process a core, in turns. A task counts as done
when its result is finished here, with its states and its output, as the history shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

from immediate_tasks_ipy.batches import BatchRun, BatchStats
from immediate_tasks_ipy.task_history import Job, current_recorder
from immediate_tasks_ipy.task_history.waiting import wait_blocking
from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.backends.processes import ProcessBackend
from immediate_tasks_ipy.tasks.base import Task

CPU_TASKS = 40
LARGE, LARGE_TASKS = 20_000_000, 200
IN_FLIGHT = 256


def nothing(_=None):
    pass


def count_primes(below):
    found = 0
    for number in range(2, below):
        for divisor in range(2, int(number**0.5) + 1):
            if number % divisor == 0:
                break
        else:
            found += 1
    return found


def cell_with_a_large_variable():
    """A function as a cell defines it: it takes `table` along."""
    namespace = {"__name__": "__main__", "table": os.urandom(LARGE)}
    exec("def pick(i):\n    return table[i]", namespace)
    return namespace["pick"], namespace["table"]


# -- the other side ------------------------------------------------------------


def map_and_as_completed(client, count):
    from distributed import as_completed

    futures = client.map(nothing, range(count), pure=False)
    for future in as_completed(futures, loop=client.loop):
        future.result()


def scatter_and_map(client, table):
    shared = client.scatter(table, broadcast=True)
    client.gather(client.map(lambda i, t: t[i], range(LARGE_TASKS), t=shared, pure=False))


def executor(pool, count):
    for future in [pool.submit(nothing) for _ in range(count)]:
        future.result()


# -- this side -------------------------------------------------------------------


def tasks(alias, count):
    task = Task(func=nothing, backend=alias)
    results = [task.enqueue() for _ in range(count)]
    wait_blocking(current_recorder(), results)
    assert all(result.status == "SUCCESSFUL" for result in results)


def batch(alias, function, count):
    """As `--each` does; returns the longest time for which the loop was blocked, in seconds."""
    task = Task(func=function, backend=alias)
    jobs = (Job(task, task_backends[alias], (i,)) for i in range(count))
    stats = BatchStats("f(…)", count)

    async def run():
        longest = 0.0

        async def watch():
            nonlocal longest
            while True:
                began = time.perf_counter()
                await asyncio.sleep(0.001)
                longest = max(longest, time.perf_counter() - began - 0.001)

        watching = asyncio.create_task(watch())
        await asyncio.sleep(0.01)
        await BatchRun(jobs, stats=stats, concurrency=IN_FLIGHT).run()
        watching.cancel()
        return longest

    longest = asyncio.run(run())
    assert stats.successful == count, stats
    return longest


def primes(alias):
    task = Task(func=count_primes, backend=alias)
    results = [task.enqueue(60_000) for _ in range(CPU_TASKS)]
    wait_blocking(current_recorder(), results)
    assert {result.return_value for result in results} == {6_057}


# -- measuring -------------------------------------------------------------------


def seconds(function, *args):
    began = time.perf_counter()
    function(*args)
    elapsed = time.perf_counter() - began
    current_recorder().clear()
    return elapsed


def compare(title, rounds, theirs, ours):
    """Print the medians of both sides, in turns, and of their ratio."""
    pairs = [(seconds(*theirs), seconds(*ours)) for _ in range(rounds)]
    their, our = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = [our / their for their, our in pairs]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{title:58} {their:8.2f} s {our:8.2f} s   {statistics.median(ratios):6.2f} ({spread})")


def first_task():
    """Seconds to the first result of a new pool, the second of this process."""
    took = []
    for _ in range(4):
        backend = task_backends["first"] = ProcessBackend("first", {})
        took.append(seconds(tasks, "first", 1))
        backend.close()
    print(f"first task of a new pool of processes: {statistics.median(took[1:]):.2f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    count, rounds = options.tasks, options.rounds
    current_recorder().limit = count

    first_task()
    print(f"{'':58} {'theirs':>10} {'ours':>10}    ratio, medians of {rounds}")
    tasks("processes", 4)
    with ProcessPoolExecutor() as pool:
        executor(pool, 4)
        sides = ((executor, pool, count), (tasks, "processes", count))
        compare(f"{count:,} no-ops in processes / ProcessPoolExecutor", rounds, *sides)
    compare(
        f"{CPU_TASKS} CPU-bound, processes / one core",
        1,
        (primes, "default"),
        (primes, "processes"),
    )
    task_backends["processes"].close()

    client = task_backends["dask"].client
    map_and_as_completed(client, 100)
    tasks("dask", 100)
    sides = ((map_and_as_completed, client, count), (tasks, "dask", count))
    compare(f"{count:,} no-ops on Dask / map + as_completed", rounds, *sides)
    function, table = cell_with_a_large_variable()
    blocked = []
    sides = (
        (scatter_and_map, client, table),
        (lambda: blocked.append(batch("dask", function, LARGE_TASKS)),),
    )
    compare(f"{LARGE_TASKS} items with a 20 MB variable / scatter + map", rounds, *sides)
    print(f"  the loop was blocked for at most {max(blocked):.3f} s")
    compare(f"{CPU_TASKS} CPU-bound, Dask / one core", 1, (primes, "default"), (primes, "dask"))
    task_backends["dask"].close()


if __name__ == "__main__":
    main()
