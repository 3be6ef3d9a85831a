"""A cell's body made ready to travel: a plain function with the names it reads."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from .cell import CompiledCell


def make_portable(cell: CompiledCell, name: str, namespace: Mapping[str, Any]) -> Callable[[], Any]:
    """A function that runs the cell's code elsewhere and returns its last value.

    It carries the notebook's names that the code reads, as they are now; what
    the code assigns stays there and never comes back.
    """
    steps = [(code, bool(code.co_flags & inspect.CO_COROUTINE)) for code in cell.codes]
    read = {key for code in cell.codes for key in _names(code) if key in namespace}
    variables = {"__name__": "__main__"} | {key: namespace[key] for key in read}
    function: Callable[[], Any]
    if cell.is_async:

        async def run_async() -> Any:
            value = None
            for code, awaits in steps:
                value = eval(code, variables)  # noqa: S307
                if awaits:
                    value = await value
            return value

        function = run_async
    else:

        def run() -> Any:
            value = None
            for code, _ in steps:
                value = eval(code, variables)  # noqa: S307
            return value

        function = run
    function.__name__ = function.__qualname__ = name
    function.__module__ = "__main__"
    return function


def _names(code: CodeType) -> set[str]:
    """The global names that a code object and the functions in it mention."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
