"""A backend that only queues: its tasks are run later, by something else."""

from __future__ import annotations

import threading

from immediate_tasks_ipy.task_history import current_recorder
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.lifecycle import new_result, start, succeed

#: Set while the worker works.
working = threading.Event()


class Queueing(BaseTaskBackend):
    """Its worker looks at a task a moment after it was enqueued, or when it works again."""

    supports_get_result = True

    def enqueue(self, task, args, kwargs):
        self.validate_task(task)
        result = new_result(task, self.alias, args, kwargs)
        entry = current_recorder().add(result)

        def work():
            working.wait()
            start(result, "elsewhere")
            succeed(result, task.func(*args, **kwargs), ())
            current_recorder().changed(entry)

        timer = threading.Timer(0.05, work)
        timer.daemon = True
        timer.start()
        return result

    async def aenqueue(self, task, args, kwargs):
        return self.enqueue(task, args, kwargs)
