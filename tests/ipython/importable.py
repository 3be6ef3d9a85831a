"""A module of tasks that no notebook has imported."""

from __future__ import annotations

from immediate_tasks_ipy.tasks import task


def double(x):
    return 2 * x


@task(priority=3)
def half(x):
    return x // 2
