"""What a backend needs to know about a task's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

_NAMED = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}


@dataclass(slots=True)
class FunctionTraits:
    """Facts about a function that are costly to look up."""

    is_async: bool
    #: Is it a plain function that is no local of another one?
    is_module_level: bool
    #: The name of its first argument, if it has one.
    first_argument: str | None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> FunctionTraits:
        """Look at a function."""
        is_async = inspect.iscoroutinefunction(function)
        if not inspect.isfunction(function) or "<locals>" in function.__qualname__:
            return cls(is_async, is_module_level=False, first_argument=None)
        parameters = inspect.signature(function).parameters.values()
        names = (parameter.name for parameter in parameters if parameter.kind in _NAMED)
        return cls(is_async, is_module_level=True, first_argument=next(names, None))
