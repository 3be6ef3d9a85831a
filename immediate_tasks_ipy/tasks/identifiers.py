"""Unguessable identifiers for results and workers."""

from __future__ import annotations

import os

_BATCH = 256
_pool: list[str] = []


def random_id() -> str:
    """32 random hexadecimal characters, drawn from a pool: a system call each would cost more."""
    try:
        return _pool.pop()
    except IndexError:
        digits = os.urandom(16 * _BATCH).hex()
        fresh = [digits[start : start + 32] for start in range(0, len(digits), 32)]
        identifier = fresh.pop()
        _pool.extend(fresh)
        return identifier


if hasattr(os, "register_at_fork"):
    # A child that went on with its parent's pool would hand out the same identifiers.
    os.register_at_fork(after_in_child=_pool.clear)
