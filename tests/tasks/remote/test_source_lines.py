"""The lines of a cell in a traceback that was written where the cell is unknown."""

from __future__ import annotations

import pickle

import pytest

from immediate_tasks_ipy.tasks.backends.remote.pickled_function import pickle_function
from immediate_tasks_ipy.tasks.backends.remote.source_lines import with_source_lines
from immediate_tasks_ipy.tasks.backends.remote.worker.failures import describe_failure
from tests.tasks.dask.cells import cell


def test_source_lines_are_put_into_groups_with_their_margin():
    function = cell(
        """
        def fail():
            raise ExceptionGroup("both", [ValueError(1), TypeError(2)])

        def outer():
            try:
                fail()
            except* ValueError as error:
                raise RuntimeError("again") from error
        """
    )["outer"]
    remote = _remote_failure(function)
    assert "raise ExceptionGroup" not in remote["traceback"]
    text = with_source_lines(remote["traceback"], remote["frames"])
    with pytest.raises(BaseException) as raised:
        function()
    import traceback

    error = raised.value
    error.__traceback__ = error.__traceback__.tb_next
    assert text == "".join(traceback.format_exception(error))


def _remote_failure(function):
    """What a worker, which can't read the cell, says of the function's exception."""
    import linecache

    cached = dict(linecache.cache)
    for name in cached:
        if name.startswith("/tmp/ipykernel_"):
            del linecache.cache[name]
    try:
        pickle.loads(pickle_function(function, "outer").data)()
    except BaseException as error:
        error.__traceback__ = error.__traceback__.tb_next
        return describe_failure(error)
    finally:
        linecache.cache.update(cached)


def test_frames_that_the_worker_could_read_stay_as_they_are():
    text = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    1 / 0\nE: e\n'
    assert with_source_lines(text, []) == text
