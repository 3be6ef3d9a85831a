"""A backend that sends no signals: what becomes of its tasks can only be asked for."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

_FRAMEWORK = "django.tasks" if settings.HAS_OWN_TASKS else "django_tasks"
_base = import_module(f"{_FRAMEWORK}.base")
_backends = import_module(f"{_FRAMEWORK}.backends.base")

_results = {}


class QuietBackend(_backends.BaseTaskBackend):
    supports_get_result = True

    def enqueue(self, task, args, kwargs):
        result = self._result(task, uuid4().hex, "READY")
        _results[result.id] = result
        return result

    def get_result(self, result_id):
        return self._result(_results[result_id].task, result_id, "SUCCESSFUL")

    def _result(self, task, result_id, status):
        now = timezone.now()
        return _base.TaskResult(
            task=task,
            id=result_id,
            status=_base.TaskResultStatus(status),
            enqueued_at=now,
            started_at=None if status == "READY" else now,
            last_attempted_at=None if status == "READY" else now,
            finished_at=None if status == "READY" else now,
            args=[],
            kwargs={},
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )


class LateBackend(QuietBackend):
    """Tells that a task has finished, and only then when: as RQ may."""

    def __init__(self, alias, params):
        super().__init__(alias, params)
        self._asked = 0

    def get_result(self, result_id):
        self._asked += 1
        result = super().get_result(result_id)
        if self._asked == 1:
            object.__setattr__(result, "finished_at", None)
        return result


class TimelessBackend(QuietBackend):
    def get_result(self, result_id):
        result = super().get_result(result_id)
        object.__setattr__(result, "finished_at", None)
        return result


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PatientTask(_base.Task):
    max_attempts: int = 3


class PatientBackend(QuietBackend):
    """Reads a field that its own tasks have."""

    task_class = PatientTask

    def enqueue(self, task, args, kwargs):
        assert task.max_attempts == 3
        return super().enqueue(task, args, kwargs)


class SilentBackend(_backends.BaseTaskBackend):
    """Says nothing of its tasks, ever."""

    supports_get_result = False

    def enqueue(self, task, args, kwargs):
        return QuietBackend._result(self, task, uuid4().hex, "READY")


class TerseBackend(QuietBackend):
    """Stores that a task failed, and neither why nor when it was enqueued."""

    def get_result(self, result_id):
        result = self._result(_results[result_id].task, result_id, "FAILED")
        error = _base.TaskError(exception_class_path="builtins.ValueError", traceback=None)
        result.errors.append(error)
        object.__setattr__(result, "enqueued_at", None)
        return result
