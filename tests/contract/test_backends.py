"""Configuration: aliases, paths, and the proxy of the default backend."""

from __future__ import annotations

import threading

import pytest

from tests.contract import functions


def test_unknown_aliases_are_invalid_backends(framework):
    with pytest.raises(framework.exception("InvalidTaskBackend")) as caught:
        framework.module().task_backends["unknown"]
    assert str(caught.value) == "The connection 'unknown' doesn't exist."
    with pytest.raises(framework.exception("InvalidTaskBackend")):
        framework.task(backend="unknown")(functions.add)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("does.not.exist", "No module named 'does'"),
        (
            "tests.contract.functions.Nothing",
            'Module "tests.contract.functions" does not define a "Nothing" attribute/class',
        ),
        ("nothing", "nothing doesn't look like a module path"),
    ],
)
def test_paths_that_cannot_be_imported_are_invalid_backends(framework, path, reason):
    framework.configure({"default": {"BACKEND": path}})
    with pytest.raises(framework.exception("InvalidTaskBackend")) as caught:
        framework.module().task_backends["default"]
    assert str(caught.value) == f"Could not find backend '{path}': {reason}"


def test_a_backend_takes_its_queues_and_options(framework):
    path = framework.path("dummy.DummyBackend")
    framework.configure({"default": {"BACKEND": path, "QUEUES": ["a", "b"], "OPTIONS": {"x": 1}}})
    backend = framework.module().task_backends["default"]
    assert (backend.alias, backend.queues, backend.options) == ("default", {"a", "b"}, {"x": 1})
    framework.configure({"default": {"BACKEND": path}})
    backend = framework.module().task_backends["default"]
    assert (backend.queues, backend.options) == ({"default"}, {})


def test_the_same_alias_is_the_same_backend_until_it_is_configured_anew(framework):
    backends = framework.module().task_backends
    before = backends["default"]
    assert backends["default"] is before
    framework.configure(None)
    assert backends["default"] is not before


def test_threads_share_a_backend(framework):
    backends = framework.module().task_backends
    found = []
    threads = [threading.Thread(target=lambda: found.append(backends["default"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(backend) for backend in found}) == (1 if framework.differs("instances") else 8)


def test_iterating_names_the_aliases(framework):
    framework.configure({"other": {"BACKEND": framework.path("dummy.DummyBackend")}})
    assert "other" in list(framework.module().task_backends)


def test_the_default_backend_proxy_follows_the_configuration(framework):
    tasks = framework.module()
    proxy = tasks.default_task_backend
    assert proxy.alias == "default"
    assert proxy == tasks.task_backends["default"]
    framework.configure({"default": {"BACKEND": framework.path("dummy.DummyBackend")}})
    assert proxy.results == []
    proxy.marked = True
    assert tasks.task_backends["default"].marked
    del proxy.marked
    assert not hasattr(tasks.task_backends["default"], "marked")


def test_backends_without_enqueue_cannot_be_made(framework):
    base = framework.module("backends.base").BaseTaskBackend
    with pytest.raises(TypeError):
        type("Incomplete", (base,), {})(alias="x", params={})


def test_the_base_class_supports_nothing_and_finds_no_results(framework):
    import asyncio

    base = framework.module("backends.base").BaseTaskBackend
    backend = type("Minimal", (base,), {"enqueue": lambda *args, **kwargs: None})("x", {})
    for flag in ("defer", "async_task", "get_result", "priority"):
        assert not getattr(backend, f"supports_{flag}")
    message = "This backend does not support retrieving or refreshing results."
    with pytest.raises(NotImplementedError) as caught:
        backend.get_result("123")
    assert str(caught.value) == message
    with pytest.raises(NotImplementedError, match=message):
        asyncio.run(backend.aget_result("123"))
    assert list(backend.check()) == []


def test_the_base_class_enqueues_asynchronously_by_enqueue(framework):
    import asyncio

    base = framework.module("backends.base").BaseTaskBackend

    class Recording(base):
        def enqueue(self, task, args, kwargs):
            return task, args, kwargs

    backend = Recording("x", {})
    assert asyncio.run(backend.aenqueue("task", (1,), {"a": 2})) == ("task", (1,), {"a": 2})


def test_flags_of_the_two_backends(framework):
    immediate, dummy = framework.backend_class("immediate"), framework.backend_class("dummy")
    assert immediate.supports_async_task
    assert immediate.supports_priority
    assert not immediate.supports_defer
    assert not immediate.supports_get_result
    assert dummy.supports_async_task
    assert dummy.supports_priority
    assert dummy.supports_defer
    assert not dummy.supports_get_result


def test_worker_ids_are_32_characters_and_unique(framework):
    immediate = framework.backend_class("immediate")
    ids = {immediate("x", {}).worker_id for _ in range(100)}
    assert len(ids) == 100
    assert {len(worker_id) for worker_id in ids} == {32}


def test_exceptions_descend_as_in_django(framework):
    base = framework.exception("TaskException")
    for name in ("InvalidTask", "TaskResultDoesNotExist", "TaskResultMismatch"):
        assert issubclass(framework.exception(name), base)
    assert issubclass(framework.exception("InvalidTaskBackend"), Exception)
    assert not issubclass(framework.exception("InvalidTaskBackend"), base)
