"""Functions that the contract's tasks are made of; each framework decorates them itself."""

from __future__ import annotations


def noop(*args, **kwargs):
    return None


def add(a, b):
    return a + b


def echo(value):
    return value


async def aecho(value):
    return value


def fail():
    raise ValueError("no such luck")


async def afail():
    raise ValueError("no such luck")


def leave():
    raise SystemExit(3)


def chained():
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError("outer") from error


def interrupted():
    raise KeyboardInterrupt


def returns_object():
    return object()


def with_context(context, value=None):
    return [type(context).__name__, context.attempt, context.task_result.id, value]


async def awith_context(context):
    return context.attempt


def context_last(value, context):
    return value


def context_keyword_only(*, context):
    return context.attempt


class Holder:
    def method(self):
        return None

    @staticmethod
    def static():
        return None


def outer():
    def inner():
        return None

    return inner


a_lambda = lambda: None
a_local = outer()

# Django's DummyBackend copies a task by the path of its function, and takes `.func` of what it
# finds there: as if these three were decorated.
for function in (noop, add, aecho):
    function.func = function
