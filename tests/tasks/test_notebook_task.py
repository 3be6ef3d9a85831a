"""A task can be made of anything that can be called."""

from __future__ import annotations

import asyncio
import functools
import math
import operator

import pytest

from immediate_tasks_ipy.tasks.notebook_task import (
    is_async_callable,
    notebook_task,
    task_function,
    wrapped_target,
)


class Client:
    """Holds a factor."""

    def __init__(self, factor=2):
        self.factor = factor

    def times(self, number):
        """Multiply."""
        return self.factor * number

    async def atimes(self, number):
        return self.factor * number

    @classmethod
    def made(cls, number):
        return number

    @staticmethod
    def same(number):
        return number

    def __call__(self, number):
        return self.factor * number


class AsyncCallable:
    async def __call__(self, number):
        return 2 * number


def double(number):
    return 2 * number


async def adouble(number):
    return 2 * number


def closure():
    def inner(number):
        return 2 * number

    return inner


def generate(number):
    yield number
    yield 2 * number


async def agenerate(number):
    yield number
    yield 2 * number


CLIENT = Client()
SYNC = {
    "function": double,
    "lambda": lambda number: 2 * number,
    "closure": closure(),
    "method": CLIENT.times,
    "callable": CLIENT,
    "partial": functools.partial(operator.mul, 2),
    "cache": functools.cache(double),
    "partial of a method": functools.partial(CLIENT.times),
    "builtin": functools.partial(math.ldexp, 6) and math.trunc,
}
ASYNC = {
    "function": adouble,
    "method": CLIENT.atimes,
    "callable": AsyncCallable(),
    "partial": functools.partial(adouble),
    "partial of a callable": functools.partial(AsyncCallable()),
    "cache": functools.cache(adouble),
}


@pytest.mark.parametrize("kind", SYNC)
def test_any_callable_is_called(kind):
    target = SYNC[kind]
    assert not is_async_callable(target)
    result = notebook_task(target, "name").enqueue(6)
    assert result.return_value in {6, 12}, result.errors


@pytest.mark.parametrize("kind", ASYNC)
def test_async_callables_are_awaited(kind):
    target = ASYNC[kind]
    assert is_async_callable(target)
    result = asyncio.run(notebook_task(target, "name").aenqueue(6))
    assert result.return_value == 12, result.errors
    assert notebook_task(target, "name").traits.is_async


def test_classes_class_methods_static_methods_and_builtins_are_called():
    assert notebook_task(Client).enqueue(3).return_value.factor == 3
    assert notebook_task(Client.made).enqueue(3).return_value == 3
    assert notebook_task(Client.same).enqueue(3).return_value == 3
    assert notebook_task(len).enqueue([1, 2]).return_value == 2
    assert notebook_task(dict).enqueue(a=1).return_value == {"a": 1}
    assert notebook_task(str.upper).enqueue("a").return_value == "A"


def test_what_a_generator_yields_is_collected():
    assert notebook_task(generate).enqueue(3).return_value == [3, 6]
    assert notebook_task(functools.partial(generate, 3)).enqueue().return_value == [3, 6]
    assert asyncio.run(notebook_task(agenerate).aenqueue(3)).return_value == [3, 6]


def test_a_function_with_a_path_is_the_tasks_own():
    assert notebook_task(double).func is double
    assert task_function(double) is double


def test_others_get_the_name_that_the_notebook_calls_them_by():
    task = notebook_task(functools.partial(double), "twice")
    assert task.name == "twice"
    assert task.module_path == "__main__.twice"
    assert notebook_task(CLIENT.times, "client.times").name == "times"
    assert notebook_task(CLIENT.times, "client.times").module_path == "__main__.client.times"
    assert notebook_task(len, None).module_path == "builtins.len"
    assert notebook_task(math.sqrt, "math.sqrt").module_path == "math.sqrt"
    assert notebook_task(functools.partial(double)).name == "partial"


def test_signature_and_docstring_are_the_callables_own():
    import inspect

    function = task_function(CLIENT.times, "client.times")
    assert str(inspect.signature(function)) == "(number)"
    assert function.__doc__ == "Multiply."
    assert wrapped_target(function) == CLIENT.times
    assert wrapped_target(double) is double
    assert inspect.signature(task_function(dict))  # it does not say its own


def test_a_context_comes_first():
    class Step:
        def run(self, context, number):
            return [context.attempt, number]

    task = notebook_task(Step().run, "step.run", takes_context=True)
    assert task.enqueue(5).return_value == [1, 5]


def test_tracebacks_begin_in_the_users_own_code():
    def inner(number):
        return number / 0

    error = notebook_task(functools.partial(inner), "f").enqueue(1).errors[0]
    assert "immediate_tasks_ipy/tasks/notebook_task" not in error.traceback
    assert "in inner" in error.traceback
