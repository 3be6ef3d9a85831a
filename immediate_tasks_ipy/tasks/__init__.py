"""Tasks with the names and the semantics of Django's `django.tasks`, without Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from . import signals
from .base import (
    DEFAULT_TASK_QUEUE_NAME,
    Task,
    TaskContext,
    TaskError,
    TaskResult,
    task,
)
from .handler import DEFAULT_TASK_BACKEND_ALIAS, ConnectionProxy, task_backends
from .status import TaskResultStatus

if TYPE_CHECKING:
    from .backends.base import BaseTaskBackend

__all__ = [
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_QUEUE_NAME",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultStatus",
    "default_task_backend",
    "signals",
    "task",
    "task_backends",
]

#: The backend of the alias `default`, looked up at every use.
default_task_backend = cast(
    "BaseTaskBackend", ConnectionProxy(task_backends, DEFAULT_TASK_BACKEND_ALIAS)
)
