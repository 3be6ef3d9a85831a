"""Tasks on a Dask cluster: what one costs beyond `client.submit`, and what many cores gain.

    python benchmarks/scale_out.py

Both sides use the same embedded cluster, one worker process a core, in turns. A task counts as
done when its result is finished here, with its states and its output, as the history shows it.
"""

from __future__ import annotations

import os
import statistics
import time

from immediate_tasks_ipy.task_history import current_history
from immediate_tasks_ipy.task_history.waiting import wait_blocking
from immediate_tasks_ipy.tasks import task_backends
from immediate_tasks_ipy.tasks.base import Task

TASKS = 1_000
CPU_TASKS = 40
ROUNDS = 7


def nothing():
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


def plain(client):
    client.gather([client.submit(nothing, pure=False) for _ in range(TASKS)])


def tasks(task):
    results = [task.enqueue() for _ in range(TASKS)]
    wait_blocking(current_history(), results)
    assert all(result.status == "SUCCESSFUL" for result in results)


def primes(alias):
    task = Task(func=count_primes, backend=alias)
    results = [task.enqueue(60_000) for _ in range(CPU_TASKS)]
    wait_blocking(current_history(), results)
    assert {result.return_value for result in results} == {6_057}


def seconds(function, *args):
    began = time.perf_counter()
    function(*args)
    elapsed = time.perf_counter() - began
    current_history().clear()
    return elapsed


def spread(values):
    return f"{min(values):.2f} to {max(values):.2f}"


def main():
    client = task_backends["dask"].client
    workers = len(client.nthreads())
    task = Task(func=nothing, backend="dask")
    plain(client)
    tasks(task)

    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(seconds(plain, client) / TASKS * 1e3)
        ours.append(seconds(tasks, task) / TASKS * 1e3)
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    print(f"{TASKS:,} no-ops, {workers} workers, medians of {ROUNDS} rounds (and their range)")
    print(f"  client.submit and gather  {statistics.median(theirs):6.2f} ms ({spread(theirs)})")
    print(f"  task.enqueue and wait     {statistics.median(ours):6.2f} ms ({spread(ours)})")
    print(f"  ratio                     {statistics.median(ratios):6.2f}    ({spread(ratios)})")

    one, many = [], []
    for _ in range(max(1, ROUNDS // 2)):
        one.append(CPU_TASKS / seconds(primes, "default"))
        many.append(CPU_TASKS / seconds(primes, "dask"))
    gains = [all_cores / one_core for all_cores, one_core in zip(many, one, strict=True)]
    print(f"{CPU_TASKS} CPU-bound tasks, {os.cpu_count()} cores, tasks a second")
    print(f"  immediately, one core     {statistics.median(one):6.2f}    ({spread(one)})")
    print(f"  on the cluster            {statistics.median(many):6.2f}    ({spread(many)})")
    print(f"  gain                      {statistics.median(gains):6.2f}    ({spread(gains)})")
    task_backends["dask"].close()


if __name__ == "__main__":
    main()
