"""What happened to the tasks of this process: the history, its entries and their origins."""

from .batch import Batch
from .current import current_history, set_current_history
from .entry import Entry
from .history import HistoryObserver, TaskHistory
from .origin import Origin, current_origin
from .output import Output

__all__ = [
    "Batch",
    "Entry",
    "HistoryObserver",
    "Origin",
    "Output",
    "TaskHistory",
    "current_history",
    "current_origin",
    "set_current_history",
]
