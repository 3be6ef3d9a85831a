"""An exception on a worker, described so that the notebook can show it as its own."""

from __future__ import annotations

import asyncio
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

#: Bytes up to which a live exception, and the value it carries, come along.
EXCEPTION_LIMIT = 1_000_000


def describe_failure(
    error: BaseException, dumps: Callable[[Any], bytes] = pickle.dumps
) -> dict[str, Any]:
    """Describe an exception by its text, and by what the text lacks on this machine.

    `dumps` pickles the exception itself.
    """
    _trim(error)
    kind = type(error)
    return {
        "exception_class_path": f"{kind.__module__}.{kind.__qualname__}",
        "traceback": "".join(traceback.format_exception(error)),
        "frames": list(dict.fromkeys(_frames_without_source(error))),
        "error": _pickled(error, dumps),
    }


def _trim(error: BaseException) -> None:
    """Let the traceback start at the user's function."""
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if not code.co_filename.startswith(_OWN_FILES):
            break
        step = step.tb_next
    error.__traceback__ = step


#: What the names of files begin with that are no user's.
_OWN_FILES = (
    "<immediate_tasks_ipy",
    # The framework, where it was not sent as text.
    describe_failure.__code__.co_filename.removesuffix(
        os.path.join("backends", "remote", "worker", "failures.py")  # noqa: PTH118
    ),
    asyncio.runners.__file__,
    asyncio.base_events.__file__,
)


def _frames_without_source(
    error: BaseException | None, seen: set[int] | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield the position of every frame whose source this machine can't read: a cell's."""
    seen = set() if seen is None else seen
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.line:
            yield (
                frame.filename,
                frame.lineno,
                frame.name,
                frame.end_lineno,
                frame.colno,
                frame.end_colno,
            )
    yield from _frames_without_source(error.__cause__, seen)
    yield from _frames_without_source(error.__context__, seen)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _frames_without_source(inner, seen)


def _pickled(error: BaseException, dumps: Callable[[Any], bytes]) -> bytes | None:
    """Return the exception itself if it can travel, without the value it carries if need be."""
    for _ in range(2):
        try:
            data = dumps(error)
        except Exception:
            data = None
        if data is not None and len(data) <= EXCEPTION_LIMIT:
            return data
        if not hasattr(error, "unstored_value"):
            return None
        del error.unstored_value
    return None
