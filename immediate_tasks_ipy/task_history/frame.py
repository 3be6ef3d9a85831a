"""Entries as a pandas data frame; the only module that imports pandas."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.tasks.base import signature

from .entry import Entry
from .records import COLUMNS, row

if TYPE_CHECKING:
    import pandas as pd


def frame(entries: Iterable[Entry], *, arguments: bool = False) -> pd.DataFrame:
    """One row per entry: its times aware, its arguments and its value as they are.

    With `arguments`, each of them has a column of its own, in front. Raises ImportError where
    pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        msg = "A data frame needs pandas. Install it with `pip install pandas`."
        raise ImportError(msg, name="pandas") from error
    entries = list(entries)
    rows = [row(entry) for entry in entries]
    # Column by column, so that pandas takes lists and dicts for values, not for more columns.
    columns: dict[str, Any] = {}
    if arguments:
        for name, values in _argument_columns(entries).items():
            columns[name] = pd.Series(values, dtype="object")
            with suppress(Exception):  # whatever the values' own methods raise
                columns[name] = columns[name].infer_objects()
    for name in COLUMNS:
        columns[name] = pd.Series([row[name] for row in rows], dtype=_dtype(name))
    return pd.DataFrame(columns)


def _argument_columns(entries: list[Entry]) -> dict[str, list[Any]]:
    """The arguments by name; None for an entry that was called without one."""
    called = [_named_arguments(entry.result) for entry in entries]
    names = dict.fromkeys(name for arguments in called for name in arguments)
    columns = {}
    for name in names:
        column = name
        while column in COLUMNS or column in columns:
            column += "_"
        columns[column] = [arguments.get(name) for arguments in called]
    return columns


def _named_arguments(result: Any) -> dict[str, Any]:
    """The arguments of a call by the names of its function's parameters."""
    function, args, kwargs = result.task.func, list(result.args), dict(result.kwargs)
    if result.task.takes_context:
        args.insert(0, None)
    try:
        known = signature(function)
        bound = known.bind_partial(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return {**{f"arg{index}": arg for index, arg in enumerate(result.args)}, **kwargs}
    named: dict[str, Any] = {}
    for index, (name, value) in enumerate(bound.items()):
        if index == 0 and result.task.takes_context:
            continue
        kind = known.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            named.update(value)
        else:
            named[name] = list(value) if kind is inspect.Parameter.VAR_POSITIONAL else value
    return named


def _dtype(name: str) -> str:
    if name.endswith("_at"):
        return "datetime64[us, UTC]"
    return {"seconds": "float64", "priority": "int64", "attempts": "int64"}.get(name, "object")
