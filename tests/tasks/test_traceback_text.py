"""The memo of frames gives the text that `traceback.format_exception` gives."""

from __future__ import annotations

import linecache
import os
import sys
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immediate_tasks_ipy.tasks.faults import traceback_text
from immediate_tasks_ipy.tasks.faults.traceback_text import exception_text


class Unprintable(Exception):
    def __str__(self):
        raise LookupError


class Message(Exception):
    __module__ = "elsewhere.deep"


class Odd(Exception):
    __module__ = "__main__"

    class Inner(Exception):
        def __str__(self):
            return ""


KINDS = [
    ValueError, KeyError, OSError, ZeroDivisionError, KeyboardInterrupt, SystemExit, StopIteration,
    NameError, AttributeError, ImportError, ModuleNotFoundError, UnicodeError, Unprintable,
    Message, Odd, Odd.Inner,
]  # fmt: skip


def raise_it(error):
    raise error


def from_cause(error, cause):
    raise error from cause


def in_context(error, context):
    try:
        raise context
    except BaseException:
        raise error  # noqa: B904


def without_context(error, context):
    try:
        raise context
    except BaseException:
        raise error from None


def nested(depth, action):
    return action() if depth <= 0 else nested(depth - 1, action)


def of_two(depth, action):
    if depth <= 0:
        return action()
    if depth % 2:
        return of_two(depth - 1, action)
    return of_two(depth - 1, action)


def syntax_error():
    compile("1 +", "<nowhere>", "eval")


def name_error():
    return retunr_it  # noqa: F821


def attribute_error():
    return [].appendd


def import_error():
    from os import pathh  # noqa: F401


def several_lines():
    return (1 +
            [][0]  # noqa: PLE0643
            + 2)  # fmt: skip


def endless():
    return endless()


ACTIONS = [syntax_error, name_error, attribute_error, import_error, several_lines, endless]

messages = st.one_of(st.just(""), st.text(), st.just("two\nlines"), st.just("\x00\ud800"))


@st.composite
def errors(draw, depth=2):
    """A way to raise an exception, of any kind."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ACTIONS))
    if depth and draw(st.integers(0, 9)) == 0:
        parts = [caught(part) for part in draw(st.lists(errors(depth - 1), min_size=1, max_size=2))]
        error = BaseExceptionGroup("several", parts)
    else:
        kind = draw(st.sampled_from(KINDS))
        error = kind(*draw(st.lists(messages, max_size=2)))
    if draw(st.integers(0, 9)) == 0:
        error.add_note(draw(messages))
    way = draw(st.sampled_from([raise_it, raise_it, from_cause, in_context, without_context]))
    if way is raise_it or not depth:
        return lambda: raise_it(error)
    other = caught(draw(errors(depth - 1)))
    return lambda: way(error, other)


def caught(action):
    try:
        action()
    except BaseException as error:
        return error
    raise AssertionError


def plain(error):
    return "".join(traceback.format_exception(error))


@settings(max_examples=150, deadline=None)
@given(errors(), st.integers(0, 9), st.sampled_from([nested, of_two]))
def test_it_is_what_format_exception_gives(action, depth, way):
    error = caught(lambda: way(depth, action))
    expected = plain(error)
    assert exception_text(error) == expected
    assert exception_text(error) == expected


@pytest.mark.parametrize("depth", range(8))
def test_repeated_lines_are_counted(depth):
    error = caught(lambda: nested(depth, lambda: raise_it(ValueError())))
    assert exception_text(error) == plain(error)


def test_one_without_a_traceback():
    assert exception_text(ValueError("x")) == plain(ValueError("x"))


def test_the_text_follows_the_file(tmp_path):
    path = tmp_path / "module.py"

    def failing(source):
        path.write_text(source)
        # A change within the same second, and of the same size, is none that linecache sees.
        os.utime(path, ns=(len(source), len(source) * 10**9))
        return compile("def f():\n    raise ValueError\n", str(path), "exec")

    namespace = {}
    exec(failing("def f():\n    raise ValueError\n"), namespace)
    error = caught(namespace["f"])
    assert "raise ValueError\n" in exception_text(error)
    failing("def f():\n    raise LookupError  # longer\n")
    assert "raise LookupError  # longer\n" in exception_text(error)
    assert exception_text(error) == plain(error)
    path.unlink()
    assert exception_text(error) == plain(error)


def test_the_text_follows_a_cell_that_is_defined_again():
    name = "<cell>"
    code = compile("def f():\n    raise ValueError\n", name, "exec")
    namespace = {}
    exec(code, namespace)
    error = caught(namespace["f"])
    for text in ("    raise ValueError\n", "    raise ValueError  # again\n"):
        lines = ["def f():\n", text]
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
        assert text.strip() in exception_text(error)
        assert exception_text(error) == plain(error)
    del linecache.cache[name]
    assert exception_text(error) == plain(error)


def test_the_memo_is_bounded(monkeypatch):
    monkeypatch.setattr(traceback_text, "LIMIT", 8)
    for n in range(50):
        namespace = {}
        exec(compile(f"def f(): raise ValueError({n})", __file__, "exec"), namespace)
        error = caught(namespace["f"])
        assert exception_text(error) == plain(error)
    assert len(traceback_text._memo) <= 8


def test_the_limit_of_tracebacks_is_obeyed(monkeypatch):
    error = caught(lambda: raise_it(ValueError()))
    monkeypatch.setattr(sys, "tracebacklimit", 1, raising=False)
    assert exception_text(error) == plain(error)
