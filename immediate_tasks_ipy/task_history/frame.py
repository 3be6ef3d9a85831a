"""Entries as a pandas data frame; the only module that imports pandas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .entry import Entry
from .record import COLUMNS, row

if TYPE_CHECKING:
    import pandas as pd


def frame(entries: Iterable[Entry]) -> pd.DataFrame:
    """One row per entry: its times aware, its arguments and its value as they are.

    Raises ImportError where pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        msg = "A data frame needs pandas. Install it with `pip install pandas`."
        raise ImportError(msg, name="pandas") from error
    rows = [row(entry) for entry in entries]
    # Column by column, so that pandas takes lists and dicts for values, not for more columns.
    columns: dict[str, Any] = {
        name: pd.Series([row[name] for row in rows], dtype=_dtype(name)) for name in COLUMNS
    }
    return pd.DataFrame(columns)


def _dtype(name: str) -> str:
    if name.endswith("_at"):
        return "datetime64[us, UTC]"
    return {"seconds": "float64", "priority": "int64", "attempts": "int64"}.get(name, "object")
