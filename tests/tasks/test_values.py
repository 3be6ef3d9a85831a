"""How a task keeps its arguments and its return value: as JSON, or as they are."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import decimal
import enum
import pickle

import pytest

from immediate_tasks_ipy.tasks import Task, task, task_backends
from immediate_tasks_ipy.tasks.notebook_task import NotebookTask, notebook_task
from immediate_tasks_ipy.tasks.values import (
    KEPT,
    is_live,
    keep_arguments,
    keep_return_value,
    live_values,
    refusal,
)


def echo(*args, **kwargs):
    return [args, kwargs]


async def aecho(*args, **kwargs):
    return [args, kwargs]


def returns_object():
    return object()


STRICT = Task(func=echo)
LIVE = NotebookTask(func=echo)


@dataclasses.dataclass
class Point:
    x: int = 1


class Colour(enum.Enum):
    RED = "red"


def ways(backend, the_task, *args, **kwargs):
    """Run the task in every way that a backend of this process has, and return its results."""

    async def awaited():
        first = await backend.aenqueue(the_task, args, kwargs)
        submitted = backend.submit(the_task, args, kwargs, loop=asyncio.get_running_loop())
        while not submitted.is_finished:
            await asyncio.sleep(0)
        return [first, submitted]

    return [backend.enqueue(the_task, args, kwargs), *asyncio.run(awaited())]


@pytest.mark.parametrize("value", [{1, 2}, object(), Point(), {"n": {1}}, [1, {2}], b"\xff"])
@pytest.mark.parametrize("function", [echo, aecho])
def test_a_notebook_task_takes_and_returns_any_object_as_it_is(backend, value, function):
    for result in ways(backend, NotebookTask(func=function), value, k=value):
        assert result.status == "SUCCESSFUL", result.errors
        args, kwargs = result.return_value
        assert args[0] is value
        assert kwargs["k"] is value
        assert live_values(result)


def test_what_json_can_hold_is_normalised_as_ever():
    args, kwargs, changes = keep_arguments(LIVE, [(1, 2), {3}, b"x"], {"a": {1: (2,)}, "b": {4}})

    assert args == [[1, 2], {3}, "x"]
    assert kwargs == {"a": {1: [2]}, "b": {4}}
    assert [(change.path, change.before, change.after) for change in changes] == [
        (("args", 0), "tuple", "list"),
        (("args", 1), "set", KEPT),
        (("args", 2), "bytes", "str"),
        (("kwargs", "a"), "int key", "a stored backend would return str keys"),
        (("kwargs", "a", 1), "tuple", "list"),
        (("kwargs", "b"), "set", KEPT),
    ]


def test_the_part_that_json_cannot_hold_is_named():
    value = {"rows": [1, {"n": Point()}]}
    kept, [change] = keep_return_value(LIVE, value)

    assert kept is value
    assert change.path == ("return_value", "rows", 1, "n")
    assert change.before == "tests.Point"


def test_a_value_within_itself_is_live():
    value = []
    value.append(value)
    assert keep_return_value(LIVE, value)[0] is value


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({1}, "`result` is a set. Return `list(…)`."),
        ({"n": [0, 1j]}, "`result['n'][1]` is a complex. Return `[….real, ….imag]`."),
        (dt.date(2026, 1, 2), "`result` is a datetime.date. Return `….isoformat()`."),
        (decimal.Decimal(1), "`result` is a decimal.Decimal. Return `str(…)`."),
        (Point(), "`result` is a tests.Point. Return `dataclasses.asdict(…)`."),
        (Colour.RED, "`result` is a tests.Colour. Return `….value`."),
        (b"\xff", "`result` is a bytes. Return `….hex()`."),
        (object(), "`result` is an object. Return plain values: dict, list, str, numbers."),
        (len, "`result` is a builtin_function_or_method. Return its name."),
        ({Point: 1}, "`result` is a type. Return its name."),
    ],
)
def test_a_strict_task_says_which_part_and_what_to_write(value, sentence):
    with pytest.raises((TypeError, ValueError), match=r"^Unsupported (type|value): ") as caught:
        keep_return_value(STRICT, value)
    assert refusal(caught.value) == f"Its return value can't be stored: {sentence}"
    assert caught.value.unstored_value is value


@pytest.mark.parametrize(
    ("args", "kwargs", "sentence"),
    [
        ((1, {2}), {}, "argument 2 of echo is a set, which JSON can't hold: pass `list(…)`"),
        (
            (),
            {"k": [{"d": dt.time()}]},
            (
                "argument 'k' of echo has at `[0]['d']` a datetime.time, which JSON can't hold: "
                "pass `….isoformat()`"
            ),
        ),
    ],
)
def test_a_strict_argument_is_named(args, kwargs, sentence):
    with pytest.raises(TypeError, match=r"^Unsupported type: ") as caught:
        keep_arguments(STRICT, args, kwargs)
    assert refusal(caught.value) == sentence


def test_libraries_are_known_by_name_without_being_imported():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    for value, instead in [
        ({"n": numpy.int64(3)}, "`result['n']` is a numpy.int64. Return `int(…)`."),
        (numpy.arange(3), "`result` is a numpy.ndarray. Return `….tolist()`."),
        (pandas.DataFrame(), "`result` is a pandas.DataFrame. Return `….to_dict('records')`."),
        (pandas.Timestamp(0), "`result` is a pandas.Timestamp. Return `….isoformat()`."),
    ]:
        with pytest.raises(TypeError) as caught:
            keep_return_value(STRICT, value)
        assert refusal(caught.value) == f"Its return value can't be stored: {instead}"


def test_the_failure_of_a_strict_task_says_it_too(backend):
    for result in ways(backend, task(returns_object)):
        assert result.status == "FAILED"
        assert "Return plain values" in result.errors[0].traceback


def test_a_coroutine_is_refused_of_every_task(recwarn):
    for the_task in (STRICT, LIVE):
        with pytest.raises(TypeError) as caught:
            keep_return_value(the_task, aecho())
        assert "is a coroutine. Return `await …`, from an `async def`." in refusal(caught.value)
    assert not recwarn


def test_a_value_whose_methods_raise_is_live():
    class Hostile(dict):
        def items(self):
            raise LookupError

    value = Hostile(a=1)
    assert keep_return_value(LIVE, value)[0] is value
    with pytest.raises(LookupError) as caught:
        keep_return_value(STRICT, value)
    assert "Hostile" in refusal(caught.value)


def test_live_values_are_told_by_their_place(backend):
    result = backend.enqueue(LIVE, ({1}, 2), {"k": {3}})
    assert is_live(result, "args", 0)
    assert not is_live(result, "args", 1)
    assert is_live(result, "kwargs", "k")
    assert is_live(result, "return_value")
    assert not is_live(backend.enqueue(LIVE, (1,), {}), "return_value")


def test_a_backends_own_class_of_tasks_gets_live_values_too(monkeypatch):
    class Own(Task):
        __slots__ = ()

    monkeypatch.setattr(type(task_backends["default"]), "task_class", Own)
    assert isinstance(notebook_task(echo), Own)
    assert notebook_task(echo).enqueue({1}).return_value == [({1},), {}]
    assert type(notebook_task(echo, strict=True)) is Own


def test_options_leave_a_task_a_notebooks():
    assert LIVE.using(priority=3).enqueue({1}).status == "SUCCESSFUL"


def test_what_could_not_be_unpickled_is_not_pickled(backend):
    for one in (STRICT, LIVE, backend.enqueue(STRICT, (1,), {})):
        with pytest.raises(pickle.PicklingError, match="there is no task: define it with @task"):
            pickle.dumps(one)
