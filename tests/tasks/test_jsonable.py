"""What normalisation makes of data, and what it says that it changed."""

from __future__ import annotations

import collections
import json
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given

from immediate_tasks_ipy.tasks import task
from immediate_tasks_ipy.tasks.jsonable import (
    LIMIT,
    UNPLACED,
    Change,
    normalize_json,
    normalize_with_changes,
)
from tests.support.services import require
from tests.tasks import functions, strategies

try:
    from django.utils.json import normalize_json as django_normalize_json
except ImportError:
    try:
        from django_tasks.utils import normalize_json as django_normalize_json
    except ImportError:
        django_normalize_json = None


def attempt(function, value):
    """Return the value, or the class and the words of the exception."""
    try:
        return function(value)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


def same(one, other):
    """Compare values and their types, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return len(one) == len(other) and all(same(a, b) and same(c, d) for (a, c), (b, d) in pairs)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


@given(strategies.anything)
def test_it_is_django_s_normalize_json(value):
    require(django_normalize_json, "Neither Django 6.1 nor django-tasks is installed")
    ours, django = attempt(normalize_json, value), attempt(django_normalize_json, value)
    assert ours == django or same(ours, django)


@given(strategies.round_trip)
def test_it_is_a_round_trip_through_json(value):
    assert same(normalize_json(value), json.loads(json.dumps(value)))


@given(strategies.acceptable)
def test_it_is_idempotent_and_makes_plain_types(value):
    normal = normalize_json(value)
    again, _ = normalize_with_changes(normal, "root")
    assert same(normal, again)


@given(strategies.acceptable)
def test_the_changes_explain_the_difference(value):
    normal, changes = normalize_with_changes(value, "root")
    reported = collections.Counter((change.path, change.before, change.after) for change in changes)
    found = collections.Counter(differences(value, normal, ("root",)))
    assert reported == found


def differences(before, after, path):
    """Walk both, and find what differs, with no knowledge of how it came about."""
    if type(before) is not type(after):
        yield path, type(before).__name__, type(after).__name__
    if isinstance(before, Mapping):
        for key, item in before.items():
            new = key.decode() if isinstance(key, bytes) else key
            if isinstance(key, bytes):
                yield (*path, "(key)"), "bytes", "str"
            elif not isinstance(key, str):
                yield path, f"{type(key).__name__} key", "a stored backend would return str keys"
            # Two keys may have become one: then the last one's item is there.
            kept = [
                i for k, i in before.items() if (k.decode() if isinstance(k, bytes) else k) == new
            ]
            if kept[-1] is item:
                step = new if isinstance(new, (str, int)) else str(new)
                yield from differences(item, after[new], (*path, step))
            else:
                step = new if isinstance(new, (str, int)) else str(new)
                yield from differences(item, normalize_json(item), (*path, step))
    elif isinstance(before, Sequence) and not isinstance(before, (str, bytes)):
        for index, item in enumerate(before):
            yield from differences(item, after[index], (*path, index))


def test_plain_data_is_copied_and_nothing_is_told():
    value = {"a": [1, {"b": None}], "c": "d", "e": [], "f": {}}
    normal, changes = normalize_with_changes(value, "root")
    assert same(normal, value)
    assert normal is not value
    assert normal["a"] is not value["a"]
    assert normal["a"][1] is not value["a"][1]
    assert normal["e"] is not value["e"]
    assert changes == ()


def test_a_result_tells_what_changed_in_arguments_and_value():
    result = task(functions.echo).enqueue({"a": (1, b"x")})
    assert result._changes == (
        Change(("args", 0, "a"), "tuple", "list"),
        Change(("args", 0, "a", 1), "bytes", "str"),
    )
    result = task(functions.noop_keywords).enqueue(a=1, b=(2,))
    assert result._changes == (
        Change(("kwargs", "b"), "tuple", "list"),
        Change(("return_value",), "tuple", "list"),
    )


def test_subclasses_of_scalars_are_kept_as_they_are():
    class Text(str):
        __slots__ = ()

    value = Text("x")
    assert normalize_with_changes([value], "root") == ([value], ())
    assert normalize_json([value])[0] is value


def test_what_json_has_no_word_for_is_kept():
    normal = normalize_json([math.nan, math.inf, "\ud800", 10**5000])
    assert math.isnan(normal[0])
    assert normal[1:] == [math.inf, "\ud800", 10**5000]


def test_nesting_without_an_end_is_a_recursion_error():
    endless = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        normalize_json(endless)
    result = task(functions.returns_endless).enqueue()
    assert result.errors[0].exception_class is RecursionError


def test_hostile_containers_fail_with_their_own_exception():
    with pytest.raises(LookupError, match="no iteration"):
        normalize_json(functions.HostileSequence())


def test_of_very_many_changes_the_first_have_their_places_and_the_others_are_counted():
    value = [(number, {"pair": (number,)}) for number in range(1_000)]
    normal, changes = normalize_with_changes(value, "return_value")
    assert normal == [[number, {"pair": [number]}] for number in range(1_000)]
    assert len(changes) == LIMIT + 1
    assert changes[0] == Change(("return_value", 0), "tuple", "list")
    assert changes[1] == Change(("return_value", 0, 1, "pair"), "tuple", "list")
    assert changes[-1] == Change(("return_value",), "", UNPLACED, 2_000 - LIMIT)
    assert len(normalize_with_changes(value[: LIMIT // 2], "return_value")[1]) == LIMIT
