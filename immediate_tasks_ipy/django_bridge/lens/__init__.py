"""What a task asks of databases and mailers: seen by the lens, and undone by a dry run."""

from .dry_run import DryRun, DryRunRefused
from .enqueues import record_enqueues
from .lens import Lens, TooManyQueries, looking
from .watching import install, uninstall

__all__ = [
    "DryRun",
    "DryRunRefused",
    "Lens",
    "TooManyQueries",
    "install",
    "looking",
    "record_enqueues",
    "uninstall",
]
