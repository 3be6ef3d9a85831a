"""What an item of a batch is known by in every process: a digest of its task and its arguments."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

#: The version of pickle that digests are made with, whatever Python's default becomes.
_PROTOCOL = 4


def item_digest(task: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """A digest of a task's path and its arguments, the same in every process for equal ones.

    Raises what pickle raises if the arguments can neither be written as JSON nor pickled.
    """
    hashed = hashlib.sha256(task.encode())
    try:
        text = json.dumps([list(args), dict(kwargs)], sort_keys=True)
        hashed.update(text.encode("utf-8", "surrogatepass"))
    except (TypeError, ValueError, RecursionError):
        hashed.update(_pickled((tuple(args), sorted(kwargs.items()))))
    return hashed.hexdigest()


def _pickled(value: Any) -> bytes:
    try:
        return _written(value, remembers=False)
    except (ValueError, RecursionError):
        # It contains itself, or is deeply nested.
        return _written(value, remembers=True)


def _written(value: Any, *, remembers: bool) -> bytes:
    buffer = io.BytesIO()
    pickler = _ItemPickler(buffer, _PROTOCOL)
    # What is remembered is written once and referred to, so that a string which is there twice
    # differs from two equal ones: which of them a program holds is chance.
    pickler.fast = not remembers
    pickler.dump(value)
    return buffer.getvalue()


class _ItemPickler(pickle.Pickler):
    """Writes equal sets equally: the order of their elements is another one in every process."""

    def persistent_id(self, value: Any) -> Any:
        if type(value) in {set, frozenset}:
            return type(value).__name__, sorted(map(_pickled, value))
        return None
