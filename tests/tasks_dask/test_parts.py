"""The parts of the Dask backend, each by itself."""

from __future__ import annotations

import ast
import inspect
import sys
import threading
from pathlib import Path

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immediate_tasks_ipy.tasks import jsonable
from immediate_tasks_ipy.tasks.backends.dask import worker
from immediate_tasks_ipy.tasks.backends.dask.pickled_function import (
    SHARED_FROM,
    pickle_function,
)
from immediate_tasks_ipy.tasks.backends.dask.source_lines import with_source_lines
from immediate_tasks_ipy.tasks.exceptions import InvalidTask
from tests.tasks_dask.cells import cell


@pytest.mark.parametrize("module", [worker, jsonable])
def test_what_is_shipped_to_the_workers_imports_the_standard_library_only(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, ast.unparse(node)
            names = [node.module]
        else:
            continue
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_one_module_imports_distributed():
    folder = Path(inspect.getfile(worker)).parent
    importing = {path.name for path in folder.glob("*.py") if '"distributed"' in path.read_text()}
    assert importing == {"cluster.py"}


@given(st.lists(st.text(max_size=30)), st.integers(2, 60))
def test_of_too_much_output_the_head_and_the_tail_are_kept(pieces, limit):
    captured = worker.Captured(limit)
    for piece in pieces:
        captured.write(piece)
    written, text, half = "".join(pieces), captured.text, limit // 2
    assert text.startswith(written[:half])
    if len(written) <= 2 * half:
        assert text == written
    else:
        assert text.endswith(written[-half:])
        assert f"… {len(written) - 2 * half:,} characters were not kept …" in text


def test_a_worker_of_another_python_refuses_code_and_says_so():
    job = {"by_value": True, "python": (2, 7), "code": b"", "backend": "dask"}
    with pytest.raises(RuntimeError, match=r"runs Python 3\.\d+, the notebook 2\.7: .* import"):
        worker._load(job, b"", "tcp://somewhere")


def test_a_function_of_a_module_travels_by_its_name():
    assert not pickle_function(inspect.getsource, "getsource").by_value
    assert pickle_function(cell("def f(): pass")["f"], "f").by_value


def test_equal_large_functions_are_one_object_while_one_is_held():
    function = cell("def f():\n    return data", data="x" * SHARED_FROM)["f"]
    first, second = pickle_function(function, "f"), pickle_function(function, "f")
    assert first is second
    assert pickle_function(cell("def f(): pass")["f"], "f").digest is None


def test_a_closure_that_cannot_be_pickled_is_named():
    namespace = cell(
        """
        def outer():
            stream = open('/dev/null')
            def inner(other=1):
                return stream
            stream.close()
            return inner
        """
    )
    with pytest.raises(InvalidTask, match="variable 'stream' can't be pickled"):
        pickle_function(namespace["outer"](), "inner")


def test_of_the_names_that_a_cell_carries_the_one_that_cannot_be_pickled_is_named():
    namespace = cell(
        """
        def body_of(variables):
            def body():
                return eval("lock", variables)
            return body
        """
    )
    variables = {"__name__": "__main__", "number": 1, "lock": threading.Lock()}
    with pytest.raises(InvalidTask, match=r"'cell .7.' .* variable 'lock' can't be pickled"):
        pickle_function(namespace["body_of"](variables), "cell [7]")


def test_a_default_that_cannot_be_pickled_is_named():
    function = cell("def f(x=generator):\n    return x", generator=iter(i for i in ()))["f"]
    with pytest.raises(InvalidTask, match="variable 'x' can't be pickled"):
        pickle_function(function, "f")


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
        cloudpickle.loads(cloudpickle.dumps(function))()
    except BaseException as error:
        error.__traceback__ = error.__traceback__.tb_next
        return worker._failure(error)
    finally:
        linecache.cache.update(cached)


def test_frames_that_the_worker_could_read_stay_as_they_are():
    text = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    1 / 0\nE: e\n'
    assert with_source_lines(text, []) == text
