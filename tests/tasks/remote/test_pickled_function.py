"""A function as bytes: by name or by value, shared if large, refused with a variable's name."""

from __future__ import annotations

import functools
import inspect
import io
import pickle
import threading

import pytest

from immediate_tasks_ipy.tasks.backends.remote.job import Job
from immediate_tasks_ipy.tasks.backends.remote.pickled_function import (
    SHARED_FROM,
    pickle_function,
)
from immediate_tasks_ipy.tasks.backends.remote.worker.context import Unpickler
from immediate_tasks_ipy.tasks.exceptions import InvalidTask
from immediate_tasks_ipy.tasks.lifecycle import new_result
from immediate_tasks_ipy.tasks.notebook_task import notebook_task
from tests.tasks.dask.cells import cell


def test_a_function_of_a_module_travels_by_its_name():
    assert not pickle_function(inspect.getsource, "getsource").by_value
    assert pickle_function(cell("def f(): pass")["f"], "f").by_value


def test_code_keeps_the_name_of_its_cell_so_that_tracebacks_name_it():
    function = cell("def outer():\n    def inner(): pass\n    return inner")["outer"]
    travelled = pickle.loads(pickle_function(function, "outer").data)
    file = function.__code__.co_filename
    assert file.startswith("/tmp/ipykernel_1/")
    assert travelled.__code__.co_filename == file
    assert travelled().__code__.co_filename == file


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


class Holder:
    def __init__(self):
        self.lock = threading.Lock()

    def method(self):
        return self.lock

    async def amethod(self):
        return self.lock

    def __call__(self):
        return self.lock


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Holder().method, "the Holder that it is a method of"),
        (Holder().amethod, "the Holder that it is a method of"),
        (Holder(), "the Holder that is called"),
        (functools.partial(print, threading.Lock()), "argument 1 of the partial"),
        (functools.partial(print, end=threading.Lock()), "argument 'end' of the partial"),
    ],
)
def test_what_a_callable_holds_and_can_not_be_pickled_is_named(target, words):
    task = notebook_task(target, "target")
    with pytest.raises(InvalidTask, match="Enqueue a function that makes it there") as caught:
        pickle_function(task.func, task.name)
    assert words in str(caught.value)


def test_a_cached_function_of_a_cell_travels_with_a_cache_of_its_own():
    names = cell(
        "import functools\n@functools.lru_cache(maxsize=7)\n"
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)"
    )
    names["fib"].__module__ = "__main__"
    travelled = Unpickler(io.BytesIO(pickle_function(names["fib"], "fib").data)).load()
    assert travelled(60) == names["fib"](60)
    assert travelled.cache_parameters()["maxsize"] == 7


def test_a_generator_travels_as_the_list_of_its_items_and_is_read_once():
    generator = (n for n in range(3))
    result = new_result(notebook_task(len), "default", [generator], {})
    job = Job(None, result, pickle_function(len, "len"))
    arguments = pickle.loads(job.payload())["arguments"]
    assert pickle.loads(arguments) == ([[0, 1, 2]], {})
    assert list(generator) == []
