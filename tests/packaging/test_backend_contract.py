"""The contract that ships, in a pytest of its own: it finds the promise that a backend breaks."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

BACKENDS = """
from immediate_tasks_ipy.tasks.backends.immediate import ImmediateBackend
from immediate_tasks_ipy.testing import BackendContract


class AcceptsAll(ImmediateBackend):
    supports_priority = False
    def validate_task(self, task):
        pass


class KeepsArguments(ImmediateBackend):
    def enqueue(self, task, args, kwargs):
        result = super().enqueue(task, args, kwargs)
        object.__setattr__(result, "args", list(args))
        return result


class ForgetsTheError(ImmediateBackend):
    def cancel(self, result, *, error=None):
        super().cancel(result)


class ClosesOnce(ImmediateBackend):
    closed = False
    def close(self):
        assert not self.closed
        self.closed = True


class SaysItIsRemote(ImmediateBackend):
    is_remote = True


FLAGS = {"supports_async_task", "supports_priority", "supports_cancel", "supports_retries",
         "finishes_tasks"}


class TestAcceptsAll(BackendContract):
    flags = FLAGS - {"supports_priority"}
    def make_backend(self):
        return AcceptsAll("mine", {})


class TestKeepsArguments(BackendContract):
    flags = FLAGS
    def make_backend(self):
        return KeepsArguments("mine", {})


class TestForgetsTheError(BackendContract):
    flags = FLAGS
    def make_backend(self):
        return ForgetsTheError("mine", {})


class TestClosesOnce(BackendContract):
    flags = FLAGS
    def make_backend(self):
        return ClosesOnce("mine", {})


class TestSaysAnotherFlag(BackendContract):
    flags = FLAGS | {"supports_defer"}
    def make_backend(self):
        return ImmediateBackend("mine", {})


class TestSaysItIsRemote(BackendContract):
    flags = FLAGS | {"is_remote"}
    def make_backend(self):
        return SaysItIsRemote("mine", {})
"""

#: The only tests that each of them fails.
FAILED = {
    "TestAcceptsAll": {
        "test_a_priority_is_accepted_or_refused",
        "test_a_priority_out_of_range_is_refused",
        "test_a_time_to_run_after_is_accepted_or_refused",
        "test_a_naive_time_to_run_after_is_refused",
        "test_a_queue_is_accepted_or_refused",
        "test_a_context_needs_an_argument_of_its_name",
        "test_a_local_function_is_refused",
    },
    "TestKeepsArguments": {"test_arguments_are_normalised_to_json"},
    "TestForgetsTheError": {"test_a_cancelled_task_fails_with_the_error_it_is_given"},
    "TestClosesOnce": {"test_closing_twice_is_closing_once"},
    "TestSaysAnotherFlag": {"test_its_flags_are_those_that_the_test_class_names"},
    "TestSaysItIsRemote": {"test_tasks_run_where_the_flag_says"},
}


def test_a_broken_promise_fails_its_test_and_no_other(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BACKENDS)
    result = pytester.runpytest_subprocess("-p", "no:nbval", "-p", "no:cacheprovider", "-q", "-rf")

    lines = [line for line in result.outlines if line.startswith("FAILED ")]
    found: dict[str, set[str]] = {}
    for line in lines:
        _, test_class, test = line.split(" - ")[0].split("::")
        found.setdefault(test_class, set()).add(test.split("[")[0])
    assert found == FAILED
