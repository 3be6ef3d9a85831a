"""Synchronous code in a notebook: Django works in it although a loop runs around it."""

from .connections import (
    has_database_in_memory,
    revive,
    revive_everywhere,
    share_in_memory_databases,
)
from .hidden_loop import has_running_loop, hide_loops, show_loops, synchronous_code
from .in_place import InPlaceExecutor, work_in_this_thread
from .transactions import OpenTransactions

__all__ = [
    "InPlaceExecutor",
    "OpenTransactions",
    "has_database_in_memory",
    "has_running_loop",
    "hide_loops",
    "revive",
    "revive_everywhere",
    "share_in_memory_databases",
    "show_loops",
    "synchronous_code",
    "work_in_this_thread",
]
