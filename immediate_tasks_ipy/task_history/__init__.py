"""What happened to the tasks of this process: the recorder, its entries and their submissions."""

from immediate_tasks_ipy.tasks.output import Output

from .current import current_history, current_recorder, set_current_recorder
from .entry import Entry, RecorderObserver
from .history import TaskHistory
from .recorder import Recorder
from .submission import Job, Origin, Submission, current_submission

__all__ = [
    "Entry",
    "Job",
    "Origin",
    "Output",
    "Recorder",
    "RecorderObserver",
    "Submission",
    "TaskHistory",
    "current_history",
    "current_recorder",
    "current_submission",
    "set_current_recorder",
]
