"""Waiting for what other threads and loops bring about."""

from __future__ import annotations

import asyncio
import time

from tests.support.services import PATIENCE


def until(condition):
    """Wait, in this thread, until `condition()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.001)


async def auntil(condition):
    """Wait, on the loop, until `condition()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        await asyncio.sleep(0.001)
