"""An item is known again in another process: equal arguments have equal digests."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import date

import pytest

from immediate_tasks_ipy.batches.item_digest import item_digest

SETS = """
from immediate_tasks_ipy.batches.item_digest import item_digest
names = {"oslo", "bergen", "narvik", "alta", "bodo"}
print(item_digest("work", [names, {"all": frozenset(names)}], {}))
"""


def digest(*args, **kwargs):
    return item_digest("work", args, kwargs)


def of_two(first, second):
    np = pytest.importorskip("numpy")
    return np.array([first, second], dtype=object)


def test_sets_have_one_digest_whatever_the_order_of_hashes():
    digests = {
        subprocess.run(
            [sys.executable, "-c", SETS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


@pytest.mark.parametrize("hold", [lambda *pair: (date(2025, 3, 1), *pair), of_two])
def test_equal_strings_need_not_be_the_same_object(hold):
    name = "station 12"
    twin = name[:4] + name[4:]

    assert digest(hold(name, name)) == digest(hold(name, twin))


def test_what_differs_has_another_digest():
    day = date(2025, 3, 1)
    calls = [
        digest({1, 2}),
        digest({1, 3}),
        digest(frozenset({1, 2})),
        digest([1, 2]),
        digest(day),
        digest([day]),
        digest(day=day),
        digest(day, day=day),
    ]

    assert len(set(calls)) == len(calls)


def test_what_contains_itself_has_a_digest():
    ring = [{1}]
    ring.append(ring)

    assert digest(ring) == digest(pickle.loads(pickle.dumps(ring)))
