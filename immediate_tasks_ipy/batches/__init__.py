"""One task per item of an iterable, a few at a time. Knows nothing of IPython."""

from . import known_batches
from .batch_run import BatchRun
from .batch_stats import BatchStats
from .items import ItemError, jobs_of_items
from .task_results import TaskResults

__all__ = ["BatchRun", "BatchStats", "ItemError", "TaskResults", "jobs_of_items", "known_batches"]
