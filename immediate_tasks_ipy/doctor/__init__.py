"""`python -m immediate_tasks_ipy doctor`: what is installed where, what is missing, what answers.

Everything is looked at from outside: nothing is installed, changed or sent anywhere.
"""

from __future__ import annotations

from .findings import Finding, Level
from .report import examine, report

__all__ = ["Finding", "Level", "examine", "report"]
