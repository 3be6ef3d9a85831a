"""Backends by alias: what is always there, what a configuration may be."""

from __future__ import annotations

import threading
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from immediate_tasks_ipy.tasks import default_task_backend, task_backends
from immediate_tasks_ipy.tasks import handler as handler_module
from immediate_tasks_ipy.tasks.backends.dummy import DummyBackend
from immediate_tasks_ipy.tasks.backends.immediate import ImmediateBackend
from immediate_tasks_ipy.tasks.exceptions import InvalidTaskBackend
from immediate_tasks_ipy.tasks.handler import TaskBackendHandler

DUMMY = "immediate_tasks_ipy.tasks.backends.dummy.DummyBackend"


def test_three_aliases_are_always_there():
    assert list(task_backends) == ["default", "processes", "dask"]
    task_backends.configure({"mail": {"BACKEND": DUMMY}})
    assert list(task_backends) == ["default", "processes", "dask", "mail"]
    assert isinstance(task_backends["default"], ImmediateBackend)
    assert isinstance(task_backends["mail"], DummyBackend)
    task_backends.configure({"default": {"BACKEND": DUMMY}})
    assert isinstance(task_backends["default"], DummyBackend)
    task_backends.configure(None)
    assert isinstance(task_backends["default"], ImmediateBackend)


def test_a_configuration_without_backend_says_what_to_add():
    task_backends.configure({"mail": {}})
    with pytest.raises(InvalidTaskBackend, match="'mail' has no BACKEND: give the dotted path"):
        task_backends["mail"]


def test_params_may_be_an_object_with_attributes():
    backend = ImmediateBackend("x", SimpleNamespace(QUEUES=["a"], OPTIONS={"b": 1}))
    assert (backend.queues, backend.options) == ({"a"}, {"b": 1})
    backend = ImmediateBackend("x", SimpleNamespace())
    assert (backend.queues, backend.options) == ({"default"}, {})


def test_all_makes_the_backends_or_lists_the_made_ones():
    handler = TaskBackendHandler({"dask": {"BACKEND": DUMMY}})
    assert handler.all(initialized_only=True) == []
    first = handler["dask"]
    assert handler.all(initialized_only=True) == [first]
    assert len(handler.all()) == 3


def test_a_backend_may_be_put_in_and_taken_out():
    handler = TaskBackendHandler()
    mine = DummyBackend("default", {})
    handler["default"] = mine
    assert handler["default"] is mine
    del handler["default"]
    assert handler["default"] is not mine


def test_threads_that_come_at_once_get_one_instance():
    made = []
    barrier = threading.Barrier(8)

    class Slow(TaskBackendHandler):
        def create_connection(self, alias):
            made.append(alias)
            return super().create_connection(alias)

    handler = Slow()

    def look():
        barrier.wait()
        return handler["default"]

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["default"]


def test_the_proxy_is_no_key():
    with pytest.raises(TypeError):
        hash(default_task_backend)


def test_installed_packages_bring_backends_that_settings_may_replace(monkeypatch):
    brought = {"brought": {"BACKEND": DUMMY}, "dask": {"BACKEND": "no.such.Backend"}}
    monkeypatch.setattr(handler_module, "installed_backends", lambda: brought)
    handler = TaskBackendHandler({"mail": {"BACKEND": DUMMY}})
    assert list(handler) == ["default", "processes", "dask", "mail", "brought"]
    assert handler["brought"].alias == "brought"
    assert type(handler["dask"]).__name__ == "DaskBackend"
    with pytest.raises(InvalidTaskBackend, match="The connection 'other' doesn't exist"):
        handler["other"]


def test_entry_points_name_the_classes_of_installed_backends(monkeypatch):
    point = EntryPoint("mine", f"{DUMMY.rpartition('.')[0]}:DummyBackend", "the group")
    asked = []

    def entry_points(group):
        asked.append(group)
        return [point]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    assert handler_module.installed_backends.__wrapped__() == {"mine": {"BACKEND": DUMMY}}
    assert asked == ["immediate_tasks_ipy.backends"]
