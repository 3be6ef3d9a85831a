"""The project's tasks, and the results that other processes have stored."""

from .available import AvailableTask, available, imported_names
from .stored import StoredResult, claim, finish, stored, stored_result

__all__ = [
    "AvailableTask",
    "StoredResult",
    "available",
    "claim",
    "finish",
    "imported_names",
    "stored",
    "stored_result",
]
