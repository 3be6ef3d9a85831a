"""How a task that has not finished is cancelled, and what refuses that."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from . import functions
from .contract_case import ContractCase, SignalLog, needs


class CancellingTasks(ContractCase):
    @needs("supports_cancel", "finishes_tasks")
    def test_a_running_task_is_cancelled(
        self, backend: BaseTaskBackend, log: SignalLog, gate: Path, holding: Any
    ) -> None:
        result = self.running(backend, log, holding, gate)

        backend.cancel(result)

        self.finished(log, result)
        assert result.status == "FAILED"
        assert result.errors[-1].exception_class is asyncio.CancelledError

    @needs("supports_cancel", "finishes_tasks")
    def test_a_cancelled_task_fails_with_the_error_it_is_given(
        self, backend: BaseTaskBackend, log: SignalLog, gate: Path, holding: Any
    ) -> None:
        result = self.running(backend, log, holding, gate)

        backend.cancel(result, error=TimeoutError("too late"))

        self.finished(log, result)
        assert result.status == "FAILED"
        assert result.errors[-1].exception_class is TimeoutError
        assert "too late" in result.errors[-1].traceback

    @needs("supports_cancel", "finishes_tasks")
    def test_the_first_outcome_wins(
        self, backend: BaseTaskBackend, log: SignalLog, gate: Path, holding: Any
    ) -> None:
        result = self.running(backend, log, holding, gate)
        backend.cancel(result)
        self.finished(log, result)
        ended = result.finished_at

        # What the function returns later is not looked at.
        gate.touch()
        self.finished(log, self.start(backend, "submit", functions.echo, "another"))

        assert (result.status, result.finished_at, len(result.errors)) == ("FAILED", ended, 1)
        assert [name for name, _ in log.of(result)].count("task_finished") == 1

    @needs("supports_cancel", "finishes_tasks", "supports_async_task")
    def test_what_is_cancelled_is_not_cancelled_again(
        self, backend: BaseTaskBackend, log: SignalLog, gate: Path
    ) -> None:
        result = self.running(backend, log, functions.ahold, gate)
        backend.cancel(result)
        self.finished(log, result)

        with pytest.raises(TaskNotCancellable):
            backend.cancel(result)

    @needs("finishes_tasks")
    def test_what_has_finished_is_not_cancelled(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        result = self.finished(log, self.start(backend, "submit", functions.echo, "hello"))

        with pytest.raises(TaskNotCancellable):
            backend.cancel(result)
        assert (result.status, result.return_value) == ("SUCCESSFUL", "hello")

    @needs(without="supports_cancel")
    def test_a_backend_that_can_not_cancel_says_so(self, backend: BaseTaskBackend) -> None:
        result = self.start(backend, "enqueue", functions.echo, "hello")

        with pytest.raises(TaskNotCancellable):
            backend.cancel(result)
        with pytest.raises(TaskNotCancellable):
            backend.cancel(result, error=TimeoutError())

    def running(self, backend: BaseTaskBackend, log: SignalLog, function: Any, gate: Path) -> Any:
        """Return the result of a task that runs until `gate` is there."""
        result = self.start(backend, "submit", function, str(gate))
        assert log.wait_for("task_started", result, self.patience)
        return result
