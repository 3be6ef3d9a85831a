"""Backends of other frameworks, wrapped at one place."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from immediate_tasks_ipy.tasks import default_task_backend, task
from immediate_tasks_ipy.tasks.backends import foreign
from immediate_tasks_ipy.tasks.backends.foreign import ForeignBackend, adapt, register_adapter
from immediate_tasks_ipy.tasks.exceptions import InvalidTask, TaskNotCancellable
from tests.tasks import functions


class Minimal:
    """A backend that can do nothing but enqueue."""

    def enqueue(self, task, args, kwargs):
        return ("enqueued", task, args, kwargs)


class Complete:
    """A backend with all that Django's have, and a little of ours."""

    alias = "theirs"
    task_class = SimpleNamespace
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True
    supports_cancel = True
    supports_retries = True
    finishes_tasks = True
    is_remote = True

    def __init__(self):
        self.queues = {"mail"}
        self.options = {"size": 3}
        self.calls = []

    def validate_task(self, task):
        if task is None:
            raise InvalidTask("refused")

    def enqueue(self, task, args, kwargs):
        return ("enqueued", task, args, kwargs)

    async def aenqueue(self, task, args, kwargs):
        return ("aenqueued", task, args, kwargs)

    def submit(self, task, args, kwargs, *, loop=None):
        return ("submitted", task, args, kwargs, loop)

    def cancel(self, result, *, error=None):
        self.calls.append(("cancel", result, error))

    def get_result(self, result_id):
        return ("result", result_id)

    async def aget_result(self, result_id):
        return ("aresult", result_id)

    def close(self):
        self.calls.append(("close",))

    def check(self, **kwargs):
        return ["wrong"]


@pytest.fixture(autouse=True)
def no_adapters(monkeypatch):
    monkeypatch.setattr(foreign, "_adapters", ())


def test_a_backend_of_ours_is_left_as_it_is(backend):
    assert adapt(backend) is backend


def test_a_proxy_of_ours_is_followed_to_its_backend(backend):
    assert adapt(default_task_backend) is backend


def test_flags_queues_and_options_are_read_once_and_here():
    adapted = adapt(Complete())
    flags = [getattr(adapted, flag) for flag in foreign.FLAGS]
    assert flags == [True] * len(foreign.FLAGS)
    assert (adapted.alias, adapted.queues, adapted.options) == ("theirs", {"mail"}, {"size": 3})
    assert adapted.task_class is SimpleNamespace


def test_calls_are_forwarded():
    theirs = Complete()
    adapted = adapt(theirs)
    error = TimeoutError()
    assert adapted.enqueue("t", (1,), {"b": 2}) == ("enqueued", "t", (1,), {"b": 2})
    assert asyncio.run(adapted.aenqueue("t", (), {})) == ("aenqueued", "t", (), {})
    assert adapted.submit("t", (), {}, loop=7) == ("submitted", "t", (), {}, 7)
    assert adapted.get_result("id") == ("result", "id")
    assert asyncio.run(adapted.aget_result("id")) == ("aresult", "id")
    assert list(adapted.check()) == ["wrong"]
    adapted.cancel("r", error=error)
    adapted.close()
    assert theirs.calls == [("cancel", "r", error), ("close",)]
    with pytest.raises(InvalidTask):
        adapted.validate_task(None)


def test_what_a_backend_lacks_is_not_supported(backend):
    adapted = adapt(Minimal())
    assert not any(getattr(adapted, flag) for flag in foreign.FLAGS)
    assert (adapted.alias, adapted.queues, adapted.options) == ("Minimal", set(), {})
    assert adapted.submit("t", (), {}) == ("enqueued", "t", (), {})
    assert asyncio.run(adapted.aenqueue("t", (), {})) == ("enqueued", "t", (), {})
    assert list(adapted.check()) == []
    adapted.validate_task(None)
    adapted.close()
    with pytest.raises(NotImplementedError):
        adapted.get_result("id")
    with pytest.raises(NotImplementedError):
        asyncio.run(adapted.aget_result("id"))
    result = SimpleNamespace(id="r", is_finished=False)
    with pytest.raises(TaskNotCancellable, match="'Minimal' can't cancel tasks"):
        adapted.cancel(result)


def test_a_flag_without_the_method_is_not_believed():
    theirs = Minimal()
    theirs.supports_cancel = True
    assert not adapt(theirs).supports_cancel


def test_a_cancel_that_takes_no_error_is_called_without_one():
    cancelled = []

    class Plain(Minimal):
        supports_cancel = True

        def cancel(self, result):
            cancelled.append(result)

        def submit(self, task, args, kwargs):
            return "submitted"

    adapted = adapt(Plain())
    adapted.cancel("r", error=TimeoutError())
    assert cancelled == ["r"]
    assert adapted.submit("t", (), {}, loop=7) == "submitted"


def test_arguments_by_any_name_are_passed_on():
    passed = {}

    class Lenient(Minimal):
        supports_cancel = True

        def cancel(self, result, **kwargs):
            passed.update(kwargs)

    error = TimeoutError()
    adapt(Lenient()).cancel("r", error=error)
    assert passed == {"error": error}


def test_wrappers_of_one_backend_are_equal():
    theirs = Minimal()
    assert adapt(theirs) == adapt(theirs)
    assert len({adapt(theirs), adapt(theirs), adapt(Minimal())}) == 2
    assert adapt(theirs) != theirs
    assert "Minimal" in repr(adapt(theirs))


@pytest.mark.parametrize("thing", [None, object(), SimpleNamespace(enqueue=3)])
def test_what_cannot_enqueue_is_refused(thing):
    with pytest.raises(TypeError, match="is no task backend: it has no method `enqueue`"):
        adapt(thing)


def test_adapters_are_asked_first_and_the_latest_before_the_others():
    class Known(ForeignBackend):
        pass

    class Better(ForeignBackend):
        pass

    def known(backend):
        return Known(backend) if isinstance(backend, Complete) else None

    def better(backend):
        return Better(backend) if isinstance(backend, Complete) else None

    assert register_adapter(known) is known
    assert type(adapt(Complete())) is Known
    register_adapter(better)
    register_adapter(known)
    assert type(adapt(Complete())) is Better
    assert type(adapt(Minimal())) is ForeignBackend
    assert len(foreign._adapters) == 2


def test_a_real_task_goes_through(backend):
    class Wrapped:
        queues = ()
        enqueue = staticmethod(backend.enqueue)

    assert adapt(Wrapped()).enqueue(task(functions.noop), (), {}).status == "SUCCESSFUL"
