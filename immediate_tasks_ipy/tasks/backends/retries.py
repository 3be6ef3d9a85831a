"""Trying a task again after it has failed: how often, and after which pauses.

The caller of `enqueue` offers a policy, and the backend takes it when it makes the task's
Execution. It is one enqueue's: the tasks that this one enqueues in turn get none of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

#: The longest pause before another attempt, in seconds.
LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Try a task again after an Exception, in the same result."""

    #: Attempts after the first.
    retries: int
    #: Seconds before the second attempt; twice as long before each one that follows.
    backoff: float = 1.0

    def pause(self, failures: int) -> float | None:
        """Seconds to wait after so many attempts that failed, with jitter; None after the last.

        The jitter takes up to a half off, so that tasks which failed together are not tried
        again together.
        """
        if failures > self.retries:
            return None
        doublings = min(failures - 1, 64)
        return min(self.backoff * 2.0**doublings, LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)


#: A list of the policy that is on offer; emptied by the backend that takes it.
policy_on_offer: ContextVar[list[RetryPolicy] | None] = ContextVar("policy_on_offer", default=None)


@contextmanager
def offered(policy: RetryPolicy) -> Iterator[None]:
    """Have the first task that is enqueued within this tried again as the policy says."""
    token = policy_on_offer.set([policy])
    try:
        yield
    finally:
        policy_on_offer.reset(token)


def take_policy() -> RetryPolicy | None:
    """The policy for a task that a backend is about to run; None without an offer."""
    policies = policy_on_offer.get()
    if not policies:
        return None
    try:
        return policies.pop()
    except IndexError:  # another thread with a copy of this context was quicker
        return None
