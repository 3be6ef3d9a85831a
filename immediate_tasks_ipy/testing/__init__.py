"""The contract of a backend as tests, for those who write one; needs pytest.

Subclass `BackendContract` in a test file, and say how to make the backend::

    from immediate_tasks_ipy.testing import BackendContract


    class TestMyBackend(BackendContract):
        flags = {"supports_async_task", "supports_cancel", "finishes_tasks", "is_remote"}

        def make_backend(self):
            return MyBackend("mine", {"OPTIONS": {"address": "tcp://localhost:8786"}})

Every promise that `BaseTaskBackend` makes is tested, as far as the backend's
flags make it: tests of a flag that is False hold that the backend refuses, or
are left out.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{name}"
        for name in ("contract_case", "accepting", "finishing", "cancelling", "retrying")
    )
)

from .accepting import AcceptingTasks  # noqa: E402  (after its assertions are rewritten)
from .cancelling import CancellingTasks  # noqa: E402
from .contract_case import ContractCase  # noqa: E402
from .finishing import FinishingTasks  # noqa: E402
from .retrying import RetryingTasks  # noqa: E402

__all__ = ["BackendContract", "ContractCase"]


class BackendContract(AcceptingTasks, FinishingTasks, CancellingTasks, RetryingTasks):
    """All tests of the contract; a subclass defines `make_backend` and `flags`."""
