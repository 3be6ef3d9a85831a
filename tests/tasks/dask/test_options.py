"""Which scheduler the options of a DaskBackend lead to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from immediate_tasks_ipy.tasks.backends.dask import options
from immediate_tasks_ipy.tasks.backends.dask.options import Target, check_options, choose_target
from immediate_tasks_ipy.tasks.exceptions import InvalidTaskBackend

ADDRESS = "tls://127.0.0.1:8786"


@pytest.fixture(autouse=True)
def default(monkeypatch):
    """This process's default client: none, until a test makes one."""
    found = SimpleNamespace(client=None)
    monkeypatch.setattr(options, "_default_client", lambda: found.client)
    return found


def client_of(address, security=None):
    return SimpleNamespace(scheduler=SimpleNamespace(address=address), security=security)


def test_an_address_is_taken_with_its_security():
    assert choose_target({"address": ADDRESS, "security": "tls"}) == Target(ADDRESS, "tls")


def test_a_client_gives_its_schedulers_address_and_its_security():
    assert choose_target({"client": client_of(ADDRESS, "tls")}) == Target(ADDRESS, "tls")


def test_a_cluster_object_gives_its_schedulers_address():
    cluster = SimpleNamespace(scheduler_address=ADDRESS, security="tls")
    check_options("dask", {"cluster": cluster})
    assert choose_target({"cluster": cluster}) == Target(ADDRESS, "tls")


def test_a_mapping_asks_for_an_embedded_cluster_whatever_else_there_is(default):
    default.client = client_of(ADDRESS)
    assert choose_target({"cluster": {"n_workers": 1}}) == Target(None, None, {"n_workers": 1})


def test_without_options_the_default_client_goes_first_then_dasks_configuration(default):
    dask = pytest.importorskip("dask")
    assert choose_target({}) == Target(None)
    with dask.config.set({"scheduler-address": "tcp://127.0.0.1:1"}):
        assert choose_target({}) == Target("tcp://127.0.0.1:1")
        assert choose_target({"cluster": {"n_workers": 1}}).address is None
        default.client = client_of(ADDRESS, "tls")
        assert choose_target({}) == Target(ADDRESS, "tls")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"client": "tcp://127.0.0.1:1"}, "'client' of the backend 'dask' is 'tcp://127.0.0.1:1'"),
        ({"cluster": 4}, "'cluster' of the backend 'dask' is 4: give a cluster object, or a dict"),
    ],
)
def test_what_is_no_client_and_no_cluster_is_refused(wrong, message):
    with pytest.raises(InvalidTaskBackend, match=message):
        check_options("dask", wrong)
