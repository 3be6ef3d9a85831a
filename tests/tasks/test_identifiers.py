"""Identifiers: long enough, never twice, not even after a fork."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from immediate_tasks_ipy.tasks.identifiers import random_id


def test_they_are_32_hexadecimal_characters():
    for _ in range(1000):
        identifier = random_id()
        assert len(identifier) == 32
        int(identifier, 16)


def test_they_do_not_come_twice():
    assert len({random_id() for _ in range(5000)}) == 5000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="No fork on this platform")
def test_a_forked_child_has_identifiers_of_its_own():
    program = """
import os
from immediate_tasks_ipy.tasks.identifiers import random_id
random_id()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, "\\n".join(random_id() for _ in range(300)).encode())
    os._exit(0)
os.wait()
os.close(writer)
child = set(os.fdopen(reader).read().split())
assert len(child) == 300
assert not child & {random_id() for _ in range(300)}
"""
    subprocess.run([sys.executable, "-c", program], check=True)
