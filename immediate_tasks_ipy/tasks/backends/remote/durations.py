"""How long the functions of tasks run, so that short tasks need not travel one by one."""

from __future__ import annotations

from collections import OrderedDict

from .job import Job

#: Seconds that the tasks of one shipment take together, as far as that is known before.
SHIPMENT_SECONDS = 0.05
#: Tasks of one shipment, at most.
SHIPMENT_LIMIT = 100
#: How much of an estimate the latest task makes up.
_WEIGHT = 0.2
#: Seconds as which anything counts that takes longer.
_LONGEST = 4 * SHIPMENT_SECONDS
#: Functions that are remembered.
_FUNCTIONS = 1_000


class Durations:
    """What tasks of each function took lately, in seconds. Belongs to one thread.

    Functions of one module path count as one: a cell that is run again is expected to take what
    it took before.
    """

    def __init__(self) -> None:
        self._seconds: OrderedDict[str, float] = OrderedDict()

    def note(self, job: Job, seconds: float) -> None:
        """A job has run so long."""
        function = job.result.task.module_path
        # One that takes long says little of the next.
        seconds = min(seconds, _LONGEST)
        known = self._seconds.get(function, seconds)
        self._seconds[function] = known + _WEIGHT * (seconds - known)
        self._seconds.move_to_end(function)
        if len(self._seconds) > _FUNCTIONS:
            self._seconds.popitem(last=False)

    def expected(self, job: Job) -> float:
        """How long a job will run; a whole shipment's time if nothing is known of its function."""
        return self._seconds.get(job.result.task.module_path, SHIPMENT_SECONDS)

    def per_shipment(self, job: Job) -> int:
        """How many jobs like this one may travel together: 1 if they are not known to be short."""
        expected = max(self.expected(job), SHIPMENT_SECONDS / SHIPMENT_LIMIT)
        return max(1, int(SHIPMENT_SECONDS / expected))
