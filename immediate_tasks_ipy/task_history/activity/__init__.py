"""What a task asked of its databases and mailers, and what a dry run of it would have done.

Filled by the framework that runs the task; cards, texts and the panel read it while it grows.
"""

from .activity import Activity, Mail
from .dry_run_report import DryRunReport
from .query import Query

__all__ = ["Activity", "DryRunReport", "Mail", "Query"]
