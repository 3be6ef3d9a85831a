"""The task framework of this project: Django's own, or the django-tasks package."""

from __future__ import annotations

from django.conf import settings

if settings.HAS_OWN_TASKS:
    from django.tasks import task
    from django.tasks.signals import task_enqueued, task_finished, task_started
else:
    from django_tasks import task
    from django_tasks.signals import task_enqueued, task_finished, task_started

__all__ = ["task", "task_enqueued", "task_finished", "task_started"]
