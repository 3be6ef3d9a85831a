"""What a backend accepts and refuses, and the result that it returns at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from immediate_tasks_ipy.tasks.backends.base import FLAGS, BaseTaskBackend
from immediate_tasks_ipy.tasks.base import TASK_MAX_PRIORITY

from . import functions
from .contract_case import WAYS, ContractCase, SignalLog, needs


class AcceptingTasks(ContractCase):
    def test_it_is_a_backend_whose_flags_are_booleans(self, backend: BaseTaskBackend) -> None:
        assert isinstance(backend, BaseTaskBackend)
        assert {flag: type(getattr(backend, flag)) for flag in FLAGS} == dict.fromkeys(FLAGS, bool)

    def test_its_flags_are_those_that_the_test_class_names(self, backend: BaseTaskBackend) -> None:
        assert {flag for flag in FLAGS if getattr(backend, flag)} == set(self.flags)

    def test_it_says_how_many_tasks_may_be_in_flight_where_they_run_elsewhere(
        self, backend: BaseTaskBackend
    ) -> None:
        limit = backend.concurrency
        assert (limit or 0) > 0 if backend.is_remote else limit is None or limit > 0

    @pytest.mark.parametrize("way", WAYS)
    def test_a_result_belongs_to_its_task(
        self, backend: BaseTaskBackend, log: SignalLog, way: str
    ) -> None:
        task = self.make_task(backend, functions.echo)
        first = self.start_task(backend, way, task, ["a"], {})
        second = self.start_task(backend, way, task, ["a"], {})

        assert (first.task.func, first.backend) == (task.func, backend.alias)
        assert isinstance(first.id, str)
        assert first.id != second.id
        assert first.enqueued_at.utcoffset() == timedelta(0)
        assert log.of(first)[0] == ("task_enqueued", "READY")

    @pytest.mark.parametrize("way", WAYS)
    def test_arguments_are_normalised_to_json(self, backend: BaseTaskBackend, way: str) -> None:
        result = self.start(backend, way, functions.echo, (1, (2,)), more=b"bytes")

        assert result.args == [[1, [2]]]
        assert result.kwargs == {"more": "bytes"}

    @pytest.mark.parametrize("way", WAYS)
    def test_arguments_that_json_can_not_hold_are_refused(
        self, backend: BaseTaskBackend, log: SignalLog, way: str
    ) -> None:
        with pytest.raises(TypeError):
            self.start(backend, way, functions.echo, object())
        assert log.enqueued == []

    def test_the_callers_own_arguments_are_left_alone(self, backend: BaseTaskBackend) -> None:
        value = {"list": [1]}
        result = self.start(backend, "submit", functions.echo, value)
        value["list"].append(2)

        assert result.args == [{"list": [1]}]

    # -- the flags of tasks ------------------------------------------------

    def test_async_functions_are_accepted_or_refused(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        accepted = backend.supports_async_task
        self.expect(backend, log, accepted=accepted, function=functions.aecho)

    def test_a_priority_is_accepted_or_refused(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        self.expect(backend, log, accepted=backend.supports_priority, priority=5)

    @pytest.mark.parametrize("priority", [TASK_MAX_PRIORITY + 1, -TASK_MAX_PRIORITY - 1, 1.5])
    def test_a_priority_out_of_range_is_refused(
        self, backend: BaseTaskBackend, log: SignalLog, priority: Any
    ) -> None:
        self.expect(backend, log, accepted=False, priority=priority)

    def test_a_time_to_run_after_is_accepted_or_refused(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        later = datetime.now(UTC) + timedelta(days=1)
        self.expect(backend, log, accepted=backend.supports_defer, run_after=later)

    def test_a_naive_time_to_run_after_is_refused(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        later = datetime.now() + timedelta(days=1)
        self.expect(backend, log, accepted=False, run_after=later)

    def test_a_queue_is_accepted_or_refused(self, backend: BaseTaskBackend, log: SignalLog) -> None:
        # No queues at all stand for any.
        self.expect(backend, log, accepted=not backend.queues, queue_name="no such queue")

    def test_a_context_needs_an_argument_of_its_name(
        self, backend: BaseTaskBackend, log: SignalLog
    ) -> None:
        self.expect(backend, log, accepted=False, takes_context=True)

    def test_a_local_function_is_refused(self, backend: BaseTaskBackend, log: SignalLog) -> None:
        def local() -> None: ...

        self.expect(backend, log, accepted=False, function=local)

    def expect(
        self,
        backend: BaseTaskBackend,
        log: SignalLog,
        *,
        accepted: bool,
        function: Any = functions.echo,
        **options: Any,
    ) -> None:
        """Hold that a task is accepted, or that it is refused before anything happens."""
        if accepted:
            backend.validate_task(self.make_task(backend, function, **options))
            return
        # Where the task is made or where it is enqueued.
        with pytest.raises(self.InvalidTask):
            backend.enqueue(self.make_task(backend, function, **options), ["a"], {})
        assert log.enqueued == []

    # -- results -----------------------------------------------------------

    @needs("supports_get_result")
    def test_a_result_can_be_retrieved(self, backend: BaseTaskBackend) -> None:
        result = self.start(backend, "enqueue", functions.echo, "a")

        found = backend.get_result(result.id)

        assert (found.id, found.args, found.backend) == (result.id, ["a"], backend.alias)

    @needs("supports_get_result")
    def test_a_result_that_is_not_there_is_named(self, backend: BaseTaskBackend) -> None:
        unknown = "0" * 32
        with pytest.raises(self.TaskResultDoesNotExist):
            backend.get_result(unknown)

    def test_closing_twice_is_closing_once(self) -> None:
        backend = self.make_backend()
        backend.close()
        backend.close()
