"""What an attached history adds to a task, and what it retains of one."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc

from immediate_tasks_ipy.task_history import Recorder
from immediate_tasks_ipy.tasks import Task

TASKS = 5_000
ROUNDS = 15


def nothing():
    pass


class Idle:
    """An observer like the panel's: it notes the keys that changed."""

    def __init__(self):
        self.dirty = set()

    def changed(self, entry):
        self.dirty.add(entry.key)

    def removed(self, keys):
        self.dirty.difference_update(keys)


def microseconds(enqueue):
    gc.collect()
    began = time.perf_counter()
    for _ in range(TASKS):
        enqueue()
    return (time.perf_counter() - began) / TASKS * 1e6


def measured(rounds=ROUNDS):
    """Microseconds of a no-op in each round: without a history, with one, and with observers."""
    enqueue = Task(func=nothing).enqueue
    times = {"no history": [], "history": [], "history, full": [], "history and an observer": []}
    for _ in range(rounds):
        times["no history"].append(microseconds(enqueue))
        recorder = Recorder()
        recorder.connect()
        times["history"].append(microseconds(enqueue))
        recorder.limit = 1_000
        times["history, full"].append(microseconds(enqueue))
        recorder.limit = 10_000
        recorder.clear()
        recorder.subscribe(Idle())
        times["history and an observer"].append(microseconds(enqueue))
        recorder.disconnect()
    return times


def retained():
    """Bytes that a finished no-op leaves in the history."""
    enqueue = Task(func=nothing).enqueue
    recorder = Recorder()
    recorder.connect()
    for _ in range(100):
        enqueue()
    gc.collect()
    tracemalloc.start()
    for _ in range(TASKS):
        enqueue()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    recorder.disconnect()
    return size / TASKS


def main():
    times = measured()
    base = statistics.median(times["no history"])
    print(f"microseconds a task, medians of {ROUNDS} rounds of {TASKS:,}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:26} {median:6.2f}  {median - base:+6.2f}")
    print(f"  retained: {retained():.0f} bytes a task")


if __name__ == "__main__":
    main()
