"""Functions that the contract's tasks are made of; a remote worker imports or unpickles them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

#: Seconds between two looks at a gate.
_PAUSE = 0.005


def echo(value: Any, **more: Any) -> Any:
    return [value, more] if more else value


async def aecho(value: Any) -> Any:
    return value


def fail(message: str) -> None:
    raise ValueError(message)


async def afail(message: str) -> None:
    raise ValueError(message)


def return_tuple() -> Any:
    return 1, {"two": (2,)}


def return_object() -> Any:
    return object()


def take_context(context: Any, value: Any) -> Any:
    return [context.attempt, context.task_result.id, value]


def fail_at_first(context: Any, failures: int) -> Any:
    """Fail in so many attempts."""
    if context.attempt <= failures:
        raise ValueError(f"attempt {context.attempt} failed")
    return [context.attempt, "done"]


def process_id() -> int:
    return os.getpid()


async def thread_id() -> int:
    return threading.get_ident()


def hold(gate: str) -> str:
    """Return once there is a file of that path."""
    while not Path(gate).exists():
        time.sleep(_PAUSE)
    return "released"


async def ahold(gate: str) -> str:
    """Return once there is a file of that path; the loop goes on meanwhile."""
    while not Path(gate).exists():
        await asyncio.sleep(_PAUSE)
    return "released"
