"""How a task is tried again in the same result, for backends that take a policy for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.retries import RetryPolicy, offered
from immediate_tasks_ipy.tasks.signals import task_released

from . import functions
from .contract_case import WAYS, ContractCase, SignalLog, needs

AT_ONCE = RetryPolicy(2, backoff=0)
STARTED = [("task_enqueued", "READY"), ("task_started", "RUNNING")]


class RetryingTasks(ContractCase):
    @needs("supports_retries", "finishes_tasks")
    @pytest.mark.parametrize("way", WAYS)
    def test_a_task_that_fails_is_tried_again_in_the_same_result(
        self, backend: BaseTaskBackend, log: SignalLog, way: str
    ) -> None:
        result = self.finished(log, self.tried(backend, way, AT_ONCE, failures=2))

        assert (result.status, result.return_value) == ("SUCCESSFUL", [3, "done"])
        assert (result.attempts, len(result.worker_ids)) == (3, 3)
        assert [error.exception_class for error in result.errors] == [ValueError, ValueError]
        assert "attempt 1 failed" in result.errors[0].traceback
        again = [("task_started", "RUNNING")] * 2
        assert log.of(result) == [*STARTED, *again, ("task_finished", "SUCCESSFUL")]

    @needs("supports_retries", "finishes_tasks")
    def test_after_its_last_attempt_a_task_has_failed_with_all_its_errors(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        result = self.finished(log, self.tried(backend, "submit", AT_ONCE, failures=9))

        assert (result.status, result.attempts) == ("FAILED", 3)
        last = [error.traceback.rstrip().rpartition("\n")[2] for error in result.errors]
        assert last == [f"ValueError: attempt {number} failed" for number in (1, 2, 3)]

    @needs("supports_retries", "finishes_tasks")
    def test_what_can_not_be_kept_of_a_return_value_is_not_tried_again(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        with offered(AT_ONCE):
            result = self.start(backend, "submit", functions.return_object)
        assert (self.finished(log, result).status, result.attempts) == ("FAILED", 1)

    @needs("supports_retries", "finishes_tasks")
    def test_the_next_task_gets_no_policy(self, backend: BaseTaskBackend, log: SignalLog) -> None:
        self.finished(log, self.tried(backend, "submit", AT_ONCE, failures=1))
        result = self.finished(log, self.start(backend, "submit", functions.fail, "once"))
        assert (result.status, result.attempts) == ("FAILED", 1)

    @needs("supports_retries", "supports_cancel")
    def test_a_task_that_waits_for_its_next_attempt_can_be_cancelled(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        late = RetryPolicy(1, backoff=self.patience * 4)
        released = threading.Event()

        def receive(**_: Any) -> None:
            released.set()

        task_released.connect(receive)
        result = self.tried(backend, "submit", late, failures=1)
        assert released.wait(self.patience)
        task_released.disconnect(receive)
        assert (result.status, len(result.errors)) == ("READY", 1)

        backend.cancel(result)
        self.finished(log, result)
        assert (result.status, result.attempts) == ("FAILED", 1)
        assert [error.exception_class_path for error in result.errors] == [
            "builtins.ValueError",
            "asyncio.exceptions.CancelledError",
        ]

    def tried(
        self, backend: BaseTaskBackend, way: str, policy: RetryPolicy, *, failures: int
    ) -> Any:
        """Start a task that fails in so many attempts, to be tried again as the policy says."""
        task = self.make_task(backend, functions.fail_at_first, takes_context=True)
        with offered(policy):
            return self.start_task(backend, way, task, [failures], {})
