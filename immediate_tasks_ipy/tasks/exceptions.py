"""What the task framework raises."""

from __future__ import annotations


class TaskException(Exception):
    """Base class of the exceptions below. Not raised itself."""


class InvalidTask(TaskException):
    """The backend can't run this task."""


class InvalidTaskBackend(Exception):
    """There is no backend of that alias, or it could not be imported."""


class TaskResultDoesNotExist(TaskException):
    """The backend has no result of that id."""


class TaskResultMismatch(TaskException):
    """The result exists, but belongs to another task."""


class TaskNotCancellable(TaskException):
    """The task can't be cancelled: it has finished, or nothing can stop it."""
