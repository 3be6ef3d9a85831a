"""`%enqueue` calls anything that can be called, and refuses what can't in one sentence."""

from __future__ import annotations

import pytest

SETUP = """
import functools, math, operator
class Client:
    def __init__(self, factor=2):
        self.factor = factor
    def times(self, n):
        return self.factor * n
    async def atimes(self, n):
        return self.factor * n
    async def __call__(self, n):
        return self.factor * n
client = Client()
double = functools.partial(operator.mul, 2)
@functools.cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def make():
    def inner(n):
        return 2 * n
    return inner
closure = make()
triple = lambda n: 3 * n
"""


@pytest.fixture
def prepared(notebook):
    assert notebook.run(SETUP).ok
    return notebook


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("client.times(3)", 6),
        ("client.atimes(3)", 6),
        ("client(3)", 6),
        ("double(3)", 6),
        ("fib(10)", 55),
        ("closure(3)", 6),
        ("triple(3)", 9),
        ("math.floor(2.5)", 2),
        ("len([1, 2])", 2),
        ("int('7')", 7),
        ("Client(5)", 5),
    ],
)
async def test_any_callable_is_enqueued(prepared, call, value):
    for ran in (prepared.run(f"%enqueue {call}"), await prepared.arun(f"%enqueue {call}")):
        returned = ran.value.return_value
        assert getattr(returned, "factor", returned) == value
        assert call in ran.text


@pytest.mark.parametrize("name", ["client.times", "client.atimes", "client", "double", "triple"])
def test_items_of_a_batch_too(prepared, name):
    values = prepared.run(f"%enqueue --each range(3) {name}").value.return_values
    assert values in ([0, 2, 4], [0, 3, 6])


def test_a_rerun_finds_them_by_the_name_in_the_notebook(prepared):
    for call, fixed in [
        ("triple(2)", "triple = lambda n: 100 * n"),
        ("double(2)", "double = functools.partial(operator.mul, 100)"),
        ("client.times(2)", "client = Client(100)"),
    ]:
        prepared.run(f"%enqueue {call}")
        prepared.run(fixed)
        ran = prepared.run("%tasks rerun -1")
        assert ran.value.return_value == 200
        assert "was not found" not in ran.text


def test_a_name_that_is_gone_runs_as_it_was_and_says_so(prepared):
    prepared.run("%enqueue triple(2)")
    prepared.run("del triple")
    ran = prepared.run("%tasks rerun -1")
    assert ran.value.return_value == 6
    assert "was not found, so the stored function ran" in ran.text


@pytest.mark.parametrize("call", ["triple(n=1, n=2)", "f(**{}, k=1, k=2)"])
def test_an_argument_that_is_given_twice_is_a_usage_error(prepared, call):
    assert "keyword argument repeated" in prepared.usage_error(f"%enqueue {call}")
    assert "keyword argument repeated" in prepared.usage_error(f"%enqueue --each 'u in [1]' {call}")


def test_what_can_not_be_called_is_named(prepared):
    assert "'x' is a int, which can't be called" in prepared.usage_error("x = 3\n%enqueue x(1)")


def test_a_message_names_the_value_that_is_wrong(prepared):
    assert "--priority 200" in prepared.usage_error("%enqueue -p 200 triple(1)")
    assert "'triple'" in prepared.usage_error("%enqueue -c triple(1)")
    assert "'nowhere'" in prepared.usage_error("%enqueue -q nowhere triple(1)")
