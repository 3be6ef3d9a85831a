"""How a task runs to its end, for backends that bring their tasks there."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend

from . import functions
from .contract_case import WAYS, ContractCase, SignalLog, needs

STARTED = [("task_enqueued", "READY"), ("task_started", "RUNNING")]


class FinishingTasks(ContractCase):
    @needs("finishes_tasks")
    @pytest.mark.parametrize("way", WAYS)
    def test_a_task_succeeds(self, backend: BaseTaskBackend, log: SignalLog, way: str) -> None:
        result = self.finished(log, self.start(backend, way, functions.echo, "hello"))

        assert (result.status, result.return_value, result.errors) == ("SUCCESSFUL", "hello", [])
        assert result.enqueued_at <= result.started_at <= result.finished_at
        assert (result.attempts, len(result.worker_ids)) == (1, 1)
        assert result.last_attempted_at == result.started_at
        assert log.of(result) == [*STARTED, ("task_finished", "SUCCESSFUL")]

    @needs("finishes_tasks", "supports_async_task")
    @pytest.mark.parametrize("way", WAYS)
    def test_an_async_task_succeeds(
        self, backend: BaseTaskBackend, log: SignalLog, way: str
    ) -> None:
        result = self.finished(log, self.start(backend, way, functions.aecho, "hello"))

        assert (result.status, result.return_value) == ("SUCCESSFUL", "hello")
        assert log.of(result) == [*STARTED, ("task_finished", "SUCCESSFUL")]

    @needs("finishes_tasks")
    @pytest.mark.parametrize("way", WAYS)
    def test_what_a_task_raises_is_recorded_and_not_raised(
        self, backend: BaseTaskBackend, log: SignalLog, way: str, failing: Any
    ) -> None:
        result = self.finished(log, self.start(backend, way, failing, "no such luck"))

        assert result.status == "FAILED"
        (error,) = result.errors
        assert error.exception_class is ValueError
        assert error.traceback.endswith("ValueError: no such luck\n")
        with pytest.raises(ValueError, match="Task failed"):
            _ = result.return_value
        assert log.of(result) == [*STARTED, ("task_finished", "FAILED")]

    @needs("finishes_tasks")
    def test_return_values_are_normalised_to_json(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        result = self.finished(log, self.start(backend, "submit", functions.return_tuple))

        assert result.return_value == [1, {"two": [2]}]

    @needs("finishes_tasks")
    def test_a_return_value_that_json_can_not_hold_is_a_failure(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        result = self.finished(log, self.start(backend, "submit", functions.return_object))

        assert result.status == "FAILED"
        assert result.errors[0].exception_class is TypeError

    @needs("finishes_tasks")
    def test_a_context_knows_its_task(self, backend: BaseTaskBackend, log: SignalLog) -> None:
        task = self.make_task(backend, functions.take_context, takes_context=True)
        result = self.finished(log, self.start_task(backend, "submit", task, ["a"], {}))

        assert result.return_value == [1, result.id, "a"]

    @needs("finishes_tasks")
    def test_submit_does_not_wait(
        self, backend: BaseTaskBackend, log: SignalLog, gate: Path
    ) -> None:
        result = self.start(backend, "submit", functions.hold, str(gate))
        assert not result.is_finished
        with pytest.raises(ValueError, match="Task has not finished yet"):
            _ = result.return_value

        assert log.wait_for("task_started", result, self.patience)
        assert result.status == "RUNNING"
        gate.touch()

        assert self.finished(log, result).return_value == "released"

    @needs("finishes_tasks")
    def test_several_tasks_each_come_to_their_own_end(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        results = [self.start(backend, "submit", functions.echo, number) for number in range(20)]

        values = [self.finished(log, result).return_value for result in results]
        assert values == list(range(20))

    @needs("finishes_tasks")
    def test_tasks_run_where_the_flag_says(self, backend: BaseTaskBackend, log: SignalLog) -> None:
        result = self.finished(log, self.start(backend, "submit", functions.process_id))

        assert (result.return_value != os.getpid()) == backend.is_remote

    @needs("finishes_tasks", "supports_async_task", without="is_remote")
    def test_submit_runs_an_async_task_on_the_loop_it_is_given(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            task = self.make_task(backend, functions.thread_id)
            result = self.finished(log, backend.submit(task, [], {}, loop=loop))
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

        assert result.return_value == thread.ident

    @needs("finishes_tasks", "supports_get_result")
    def test_a_retrieved_result_has_what_became_of_it(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        result = self.finished(log, self.start(backend, "submit", functions.echo, "hello"))

        found = backend.get_result(result.id)
        assert (found.status, found.return_value) == ("SUCCESSFUL", "hello")
        assert asyncio.run(backend.aget_result(result.id)).id == result.id
