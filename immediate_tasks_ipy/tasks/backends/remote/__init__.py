"""What tasks on any engine outside of this process have in common: `RemoteBackend`.

An engine is what runs them there: a cluster, a pool of processes. See `engine.Engine`.
"""

from .backend import RemoteBackend
from .engine import Engine
from .job import Job, JobObserver
from .outcome import Outcome

__all__ = ["Engine", "Job", "JobObserver", "Outcome", "RemoteBackend"]
